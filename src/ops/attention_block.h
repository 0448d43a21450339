// What the two directions of attention share: how its work is cut, and blocks of scores.
//
// Blockwise attention with a running softmax (Milakov & Gimelshein 2018; Rabe & Staats 2021; Dao et al.,
// FlashAttention, 2022): scores exist only for a block of queries against a block of keys, so memory grows
// with the rows, not with their square.
#pragma once

#include <cstdint>
#include <span>

#include "ops/ops.h"

namespace cria::attention_detail {

// A block of queries has about this many rows, the query heads that share a key head counted as rows.
inline constexpr std::int64_t kBlockRows = 128;
// Key blocks begin at multiples of this, so that the sums of a row do not depend on how its prompt was cut. In a cache
// a block is a page.
inline constexpr std::int64_t kBlockKeys = kPagePositions;

// The pieces of one layer.
struct Layer {
    AttentionShape shape;
    const float* qkv;
    float scale;  // 1 / sqrt(head_dim)

    std::int64_t group() const { return shape.heads / shape.kv_heads; }
    std::int64_t block_queries() const { return group() >= kBlockRows ? 1 : kBlockRows / group(); }
    std::int64_t block_rows() const { return block_queries() * group(); }
    const float* query(std::int64_t row, std::int64_t kv_head) const {
        return qkv + row * shape.qkv_width() + kv_head * group() * shape.head_dim;
    }
};

// How many positions come before the first row of a run.
inline std::int64_t before(const RowRun& run) { return run.cache != nullptr ? run.first_position : 0; }

// Keys and values of one head of a run, of the block that begins at position `first` of its sequence; `stride` floats
// from one to the next.
struct Keys {
    const float* keys;
    const float* values;
    std::int64_t stride;
};
Keys keys_of(const Layer& layer, const RowRun& run, std::int64_t kv_head, std::int64_t first);

// Queries [first, first + count) of a run, all heads of one group. Row (i, g) of a block is at i * group + g.
struct Block {
    const RowRun* run;
    std::int64_t kv_head;
    std::int64_t first;
    std::int64_t count;
};

// to [count * group, head_dim] = the rows of `from` [rows, row_width] at a block, times `factor`.
void gather_block(const Block& block, const Layer& layer, const float* from, std::int64_t row_width, float factor,
                  float* to);
// The inverse: into rows of `to`.
void scatter_block(const Block& block, const Layer& layer, const float* from, float factor, float* to,
                   std::int64_t row_width);

// A run whose cache holds bf16 or numbers in f32, as keys and values of kernels/paired.h, or eight bits, as those of
// kernels/quads.h: writes rows [first, last) of the run into the cache, and a block of its queries into `out` [rows,
// heads * head_dim]. A row's numbers depend on its position and on what it sees, not on the rows beside it.
void append_paired(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last);
void append_numbers(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last);
void append_quads(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last);
void attend_paired(const Kernels& kernels, const Layer& layer, const Block& block, float* out);
void attend_numbers(const Kernels& kernels, const Layer& layer, const Block& block, float* out);
void attend_quads(const Kernels& kernels, const Layer& layer, const Block& block, float* out);

// The pool of the calling thread alone: products inside of a task.
ThreadPool& alone();

void attention_gradient(Pass& pass, int node, const Value& qkv, const Tensor& out, const Tensor& log_sums,
                        const AttentionShape& shape, std::span<const RowRun> runs);

}  // namespace cria::attention_detail
