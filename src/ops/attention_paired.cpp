// Attention over a cache of bf16 pairs or of numbers in f32: the products of kernels/paired.h.
#include "ops/attention_cached.h"

namespace cria::attention_detail {
namespace {

static_assert(kBlockKeys % kPairedLanes == 0);

// T: BF16 or float.
template <class T>
struct WordRows : RunningRows {
    static constexpr bool kPairs = sizeof(T) == 2;

    WordRows(const Layer& from, const Block& of) : WordRows(from, of, of.count * from.group(), from.shape.head_dim) {}
    WordRows(const Layer& from, const Block& of, std::int64_t count, std::int64_t head_dim)
        : RunningRows(count, head_dim, thread_scratch(floats(count, head_dim) + count * (head_dim + kBlockKeys))),
          layer(from),
          block(of),
          query(reinterpret_cast<T*>(sum + rows)),
          weights(kPairs ? query + rows * n : reinterpret_cast<T*>(scores)) {}

    void take_queries(const Kernels& kernels) {
        if constexpr (kPairs)
            kernels.f32_to_bf16(sum_of_values, rows * n, query);
        else
            std::copy(sum_of_values, sum_of_values + rows * n, query);
    }

    void score(const Kernels& kernels, std::int64_t page, bool next, std::int64_t columns) {
        const KvCache& cache = *block.run->cache;
        const T* keys = cache.keys<T>(layer.shape.layer, block.kv_head, page);
        values = cache.values<T>(layer.shape.layer, block.kv_head, page);
        next_keys = next ? cache.keys<T>(layer.shape.layer, block.kv_head, page + 1) : nullptr;
        if constexpr (kPairs)
            kernels.paired.product(query, n, rows, paired_keys(keys, 0, n), n / 2, columns, scores, kBlockKeys, false,
                                   values);
        else
            kernels.number_product(query, n, rows, number_keys(keys, 0, n), n, columns, scores, kBlockKeys, false,
                                   values);
    }

    float weigh(const Kernels& kernels, std::int64_t row, std::int64_t valid, std::int64_t columns) {
        float* from = scores + row * kBlockKeys;
        if constexpr (kPairs) {
            T* to = weights + row * kBlockKeys;
            if (valid > 0) return kernels.paired.softmax(from, valid, columns, &max[row], to);
            std::fill(to, to + columns, T{});
            return 0;
        } else {
            std::fill(from + valid, from + columns, 0.0f);
            return valid > 0 ? kernels.exp_sum(from, valid, &max[row]) : 0.0f;
        }
    }

    void add_values(const Kernels& kernels, std::int64_t seen, bool first) {
        if constexpr (kPairs)
            kernels.paired.product(weights, kBlockKeys, rows, paired_values(values, 0, n), (seen + 1) / 2, n,
                                   sum_of_values, n, !first, next_keys);
        else
            kernels.number_product(weights, kBlockKeys, rows, number_values(values, 0, n), seen, n, sum_of_values, n,
                                   !first, next_keys);
    }

    const Layer& layer;
    const Block& block;
    T* query;    // [rows, n], scaled
    T* weights;  // [rows, kBlockKeys]
    const T *values = nullptr, *next_keys = nullptr;
};

}  // namespace

void append_paired(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const std::int64_t n = layer.shape.head_dim;
    append_cached(layer, run, first, last,
                  [&](std::int64_t head, std::int64_t page, std::int64_t at, const float* key, const float* value) {
                      BF16* keys = run.cache->keys<BF16>(layer.shape.layer, head, page);
                      BF16* values = run.cache->values<BF16>(layer.shape.layer, head, page);
                      for (std::int64_t d = 0; d < n; ++d) {
                          keys[paired_key_place(at, d, n)] = to_bf16(key[d]);
                          values[paired_value_place(at, d, n)] = to_bf16(value[d]);
                          // What is read with the weight zero must be a number, whatever was there before.
                          if (page * kPagePositions + at + 1 == run.first_position + run.count && at % 2 == 0)
                              values[paired_value_place(at + 1, d, n)] = BF16{0};
                      }
                  });
}

void append_numbers(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const std::int64_t n = layer.shape.head_dim;
    append_cached(layer, run, first, last,
                  [&](std::int64_t head, std::int64_t page, std::int64_t at, const float* key, const float* value) {
                      float* keys = run.cache->keys<float>(layer.shape.layer, head, page);
                      for (std::int64_t d = 0; d < n; ++d) keys[number_key_place(at, d, n)] = key[d];
                      std::copy(value, value + n, run.cache->values<float>(layer.shape.layer, head, page) + at * n);
                  });
}

void attend_paired(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    attend_cached<WordRows<BF16>>(kernels, layer, block, out);
}

void attend_numbers(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    attend_cached<WordRows<float>>(kernels, layer, block, out);
}

}  // namespace cria::attention_detail
