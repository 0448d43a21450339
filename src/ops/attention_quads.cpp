// Attention over a cache of eight-bit numbers: the products of kernels/quads.h.
#include <algorithm>
#include <cmath>

#include "ops/attention_cached.h"

namespace cria::attention_detail {
namespace {

static_assert(kBlockKeys % kQuadLanes == 0);

struct QuadRows : RunningRows {
    QuadRows(const Layer& from, const Block& of) : QuadRows(from, of, of.count * from.group(), from.shape.head_dim) {}
    QuadRows(const Layer& from, const Block& of, std::int64_t count, std::int64_t head_dim)
        : RunningRows(count, head_dim,
                      thread_scratch(floats(count, head_dim) + count * (head_dim + kBlockKeys) / 2 + 4 * count)),
          layer(from),
          block(of),
          query_scales(reinterpret_cast<SplitScale*>(sum + rows)),
          weight_scales(query_scales + rows),
          query(reinterpret_cast<std::int8_t*>(weight_scales + rows)),
          weights(query + 2 * rows * n) {
        static_assert(sizeof(SplitScale) == 2 * sizeof(float));
    }

    void take_queries(const Kernels& kernels) {
        for (std::int64_t row = 0; row < rows; ++row) {
            std::int8_t* high = query + 2 * row * n;
            query_scales[row] = kernels.quads.split(sum_of_values + row * n, n, high, high + n);
        }
    }

    void score(const Kernels& kernels, std::int64_t page, bool next, std::int64_t columns) {
        const KvCache& cache = *block.run->cache;
        const auto* keys = cache.keys<std::uint8_t>(layer.shape.layer, block.kv_head, page);
        values = cache.values<std::uint8_t>(layer.shape.layer, block.kv_head, page);
        scales = cache.scales(layer.shape.layer, block.kv_head, page);
        next_keys = next ? cache.keys<std::uint8_t>(layer.shape.layer, block.kv_head, page + 1) : nullptr;
        kernels.quads.product(query, n, query_scales, rows, quad_keys(keys, n, scales), n / 4, columns, scores,
                              kBlockKeys, false, values);
    }

    // The values' scales are taken into the weights.
    float weigh(const Kernels& kernels, std::int64_t row, std::int64_t valid, std::int64_t columns) {
        std::int8_t* high = weights + 2 * row * kBlockKeys;
        if (valid > 0)
            return kernels.quads.softmax(scores + row * kBlockKeys, scales + kPagePositions, valid, columns, &max[row],
                                         high, high + kBlockKeys, &weight_scales[row]);
        std::fill(high, high + 2 * kBlockKeys, std::int8_t{0});
        weight_scales[row] = {0, 0};
        return 0;
    }

    void add_values(const Kernels& kernels, std::int64_t seen, bool first) {
        kernels.quads.product(weights, kBlockKeys, weight_scales, rows, quad_values(values, n), (seen + 3) / 4, n,
                              sum_of_values, n, !first, next_keys);
    }

    const Layer& layer;
    const Block& block;
    SplitScale *query_scales, *weight_scales;  // [rows]
    std::int8_t* query;                        // [rows, halves, n], scaled
    std::int8_t* weights;                      // [rows, halves, kBlockKeys]
    const std::uint8_t *values = nullptr, *next_keys = nullptr;
    const float* scales = nullptr;  // of the page's keys, then of its values
};

// Numbers of a position, -127 to 127, and what they are multiplied with: none where one of the numbers is none.
float quantise(const float* numbers, std::int64_t n, std::int8_t* to) {
    float largest = 0, none = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        largest = std::max(largest, std::abs(numbers[i]));
        none += 0 * numbers[i];
    }
    const float scale = largest / 127, factor = scale > 1e-37f ? 1 / scale : 0;
    for (std::int64_t i = 0; i < n; ++i)
        to[i] = static_cast<std::int8_t>(std::lrintf(std::min(std::max(numbers[i] * factor, -127.0f), 127.0f)));
    return scale + none;
}

}  // namespace

void append_quads(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const std::int64_t n = layer.shape.head_dim;
    auto* const row = reinterpret_cast<std::int8_t*>(thread_scratch(n / 2));  // of a key and a value
    append_cached(layer, run, first, last,
                  [&](std::int64_t head, std::int64_t page, std::int64_t at, const float* key, const float* value) {
                      auto* keys = run.cache->keys<std::uint8_t>(layer.shape.layer, head, page);
                      auto* values = run.cache->values<std::uint8_t>(layer.shape.layer, head, page);
                      float* scales = run.cache->scales(layer.shape.layer, head, page);
                      std::int8_t *of_key = row, *of_value = row + n;
                      scales[at] = quantise(key, n, of_key);
                      scales[kPagePositions + at] = quantise(value, n, of_value);
                      for (std::int64_t d = 0; d < n; ++d) {
                          keys[quad_key_place(at, d, n)] = static_cast<std::uint8_t>(of_key[d] + 128);
                          values[quad_value_place(at, d, n)] = static_cast<std::uint8_t>(of_value[d] + 128);
                      }
                  });
}

void attend_quads(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    attend_cached<QuadRows>(kernels, layer, block, out);
}

}  // namespace cria::attention_detail
