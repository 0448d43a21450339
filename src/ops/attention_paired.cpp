// Attention over a cache of bf16 pairs, forward only: the scheme of attention_block.h with the products of
// kernels/paired.h.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attention_block.h"
#include "ops/parallel.h"

namespace cria::attention_detail {
namespace {

static_assert(kBlockKeys % kPairedLanes == 0);

std::int64_t rounded_up(std::int64_t keys) { return (keys + kPairedLanes - 1) / kPairedLanes * kPairedLanes; }

// What a block of queries keeps while it meets the keys.
struct PairedRows {
    PairedRows(std::int64_t rows, std::int64_t head_dim)
        : sum_of_values(thread_scratch(rows * (head_dim + kBlockKeys + 2) + rows * (head_dim + kBlockKeys) / 2)),
          scores(sum_of_values + rows * head_dim),
          max(scores + rows * kBlockKeys),
          sum(max + rows),
          query(reinterpret_cast<BF16*>(sum + rows)),
          weights(query + rows * head_dim) {
        std::fill(max, max + rows, -std::numeric_limits<float>::infinity());
        std::fill(sum, sum + rows, 0.0f);
    }

    // Takes the first `valid` of `keys` scores of a row, a multiple of 16, and leaves their weights.
    void take(const Kernels& kernels, std::int64_t row, std::int64_t valid, std::int64_t keys, std::int64_t head_dim) {
        BF16* to = weights + row * kBlockKeys;
        if (valid == 0) return std::fill(to, to + keys, BF16{0});
        const float before = max[row];
        const float weight = kernels.paired.softmax(scores + row * kBlockKeys, valid, keys, &max[row], to);
        if (max[row] != before && sum[row] != 0) {
            const float factor = std::exp(before - max[row]);
            kernels.scale(factor, sum_of_values + row * head_dim, head_dim);
            sum[row] *= factor;
        }
        sum[row] += weight;
    }

    float* sum_of_values;  // [rows, head_dim]
    float* scores;         // [rows, kBlockKeys]
    float* max;            // [rows]
    float* sum;            // [rows]
    BF16* query;           // [rows, head_dim], scaled
    BF16* weights;         // [rows, kBlockKeys]
};

}  // namespace

void append_paired(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const AttentionShape& shape = layer.shape;
    const std::int64_t n = shape.head_dim;
    for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t position = (run.first_position + i) % kPagePositions,
                           page = (run.first_position + i) / kPagePositions;
        for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
            BF16* keys = run.cache->keys<BF16>(shape.layer, head, page);
            BF16* values = run.cache->values<BF16>(shape.layer, head, page);
            const float* key = layer.qkv + (run.first_row + i) * shape.qkv_width() + (shape.heads + head) * n;
            const float* value = key + shape.kv_heads * n;
            for (std::int64_t d = 0; d < n; ++d) {
                keys[paired_key_place(position, d, n)] = to_bf16(key[d]);
                values[paired_value_place(position, d, n)] = to_bf16(value[d]);
            }
            // The last position's partner is read with the weight zero: whatever an earlier sequence left there must be
            // a number.
            if (i + 1 == run.count && position % 2 == 0)
                for (std::int64_t d = 0; d < n; ++d) values[paired_value_place(position + 1, d, n)] = BF16{0};
        }
    }
}

void attend_paired(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim, rows = block.count * group;
    const RowRun& run = *block.run;
    const std::int64_t first = run.first_position + block.first, end = first + block.count;
    PairedRows state(rows, n);
    gather_block(block, layer, layer.qkv, layer.shape.qkv_width(), layer.scale, state.sum_of_values);
    kernels.f32_to_bf16(state.sum_of_values, rows * n, state.query);
    for (std::int64_t key = 0; key < end; key += kBlockKeys) {
        const std::int64_t seen = std::min(kBlockKeys, end - key), columns = rounded_up(seen), page = key / kBlockKeys;
        const BF16* keys = run.cache->keys<BF16>(layer.shape.layer, block.kv_head, page);
        const BF16* values = run.cache->values<BF16>(layer.shape.layer, block.kv_head, page);
        kernels.paired.product(state.query, n, rows, paired_keys(keys, 0, n), n / 2, columns, state.scores, kBlockKeys,
                               false);
        for (std::int64_t row = 0; row < rows; ++row)
            state.take(kernels, row, std::clamp<std::int64_t>(first + row / group + 1 - key, 0, seen), columns, n);
        kernels.paired.product(state.weights, kBlockKeys, rows, paired_values(values, 0, n), (seen + 1) / 2, n,
                               state.sum_of_values, n, key > 0);
    }
    for (std::int64_t row = 0; row < rows; ++row)
        kernels.scale(1.0f / state.sum[row], state.sum_of_values + row * n, n);
    scatter_block(block, layer, state.sum_of_values, 1.0f, out, layer.shape.heads * n);
}

}  // namespace cria::attention_detail
