// Attention over a cache whose keys and values lie as products read them, forward only: the scheme of
// attention_block.h.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attention_block.h"
#include "ops/parallel.h"

namespace cria::attention_detail {

// What a block of queries keeps while it meets the keys, of any type. Scratch of the thread.
struct RunningRows {
    static std::int64_t floats(std::int64_t rows, std::int64_t head_dim) { return rows * (head_dim + kBlockKeys + 2); }

    RunningRows(std::int64_t count, std::int64_t head_dim, float* scratch)
        : rows(count),
          n(head_dim),
          sum_of_values(scratch),
          scores(sum_of_values + rows * n),
          max(scores + rows * kBlockKeys),
          sum(max + rows) {
        std::fill(max, max + rows, -std::numeric_limits<float>::infinity());
        std::fill(sum, sum + rows, 0.0f);
    }

    // A row's maximum was `before`, and weights of the sum `weight` have come to it.
    void take(const Kernels& kernels, std::int64_t row, float before, float weight) {
        if (max[row] != before && sum[row] != 0) {
            const float factor = std::exp(before - max[row]);
            kernels.scale(factor, sum_of_values + row * n, n);
            sum[row] *= factor;
        }
        sum[row] += weight;
    }

    std::int64_t rows, n;
    float* sum_of_values;  // [rows, n]; before the first keys: the queries, scaled
    float* scores;         // [rows, kBlockKeys]
    float* max;            // [rows]
    float* sum;            // [rows]
};

// Rows: RunningRows that know a type of numbers, with
//     Rows(layer, block)
//     take_queries(kernels)
//     score(kernels, page, next, columns)         scores of the page's first `columns`; `next`: whether a page follows
//     float weigh(kernels, row, valid, columns)   makes weights of a row's scores, the first `valid` >= 0 of `columns`;
//                                                 their sum; sets max
//     add_values(kernels, seen, first)            the weights' values, of the page's first `seen`
template <class Rows>
void attend_cached(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim;
    const std::int64_t first = block.run->first_position + block.first, end = first + block.count;
    Rows state(layer, block);
    gather_block(block, layer, layer.qkv, layer.shape.qkv_width(), layer.scale, state.sum_of_values);
    state.take_queries(kernels);
    for (std::int64_t key = 0; key < end; key += kBlockKeys) {
        const std::int64_t seen = std::min(kBlockKeys, end - key), columns = (seen + 15) / 16 * 16;
        state.score(kernels, key / kBlockKeys, key + kBlockKeys < end, columns);
        for (std::int64_t row = 0; row < state.rows; ++row) {
            const std::int64_t valid = std::clamp<std::int64_t>(first + row / group + 1 - key, 0, seen);
            const float before = state.max[row];
            state.take(kernels, row, before, state.weigh(kernels, row, valid, columns));
        }
        state.add_values(kernels, seen, key == 0);
    }
    for (std::int64_t row = 0; row < state.rows; ++row)
        kernels.scale(1.0f / state.sum[row], state.sum_of_values + row * n, n);
    scatter_block(block, layer, state.sum_of_values, 1.0f, out, layer.shape.heads * n);
}

// Calls put(head, page, position within it, key, value) for rows [first, last) of a run, all key heads.
template <class Put>
void append_cached(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last, const Put& put) {
    const AttentionShape& shape = layer.shape;
    for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t position = run.first_position + i;
        const float* key = layer.qkv + (run.first_row + i) * shape.qkv_width() + shape.heads * shape.head_dim;
        for (std::int64_t head = 0; head < shape.kv_heads; ++head, key += shape.head_dim)
            put(head, position / kPagePositions, position % kPagePositions, key, key + shape.kv_heads * shape.head_dim);
    }
}

}  // namespace cria::attention_detail
