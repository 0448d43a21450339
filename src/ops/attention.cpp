// Grouped-query causal attention, forward; see attention_block.h for the scheme.
#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/attention_cached.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace attention_detail {

Keys keys_of(const Layer& layer, const RowRun& run, std::int64_t kv_head, std::int64_t first) {
    const AttentionShape& shape = layer.shape;
    if (run.cache != nullptr) {
        const std::int64_t page = first / kBlockKeys;
        return {run.cache->keys<float>(shape.layer, kv_head, page),
                run.cache->values<float>(shape.layer, kv_head, page), shape.head_dim};
    }
    const float* keys =
        layer.qkv + (run.first_row + first) * shape.qkv_width() + (shape.heads + kv_head) * shape.head_dim;
    return {keys, keys + shape.kv_heads * shape.head_dim, shape.qkv_width()};
}

void gather_block(const Block& block, const Layer& layer, const float* from, std::int64_t row_width, float factor,
                  float* to) {
    const std::int64_t n = layer.group() * layer.shape.head_dim;
    for (std::int64_t i = 0; i < block.count; ++i) {
        const float* row = from + (block.run->first_row + block.first + i) * row_width + block.kv_head * n;
        for (std::int64_t j = 0; j < n; ++j) to[i * n + j] = factor * row[j];
    }
}

void scatter_block(const Block& block, const Layer& layer, const float* from, float factor, float* to,
                   std::int64_t row_width) {
    const std::int64_t n = layer.group() * layer.shape.head_dim;
    for (std::int64_t i = 0; i < block.count; ++i) {
        float* row = to + (block.run->first_row + block.first + i) * row_width + block.kv_head * n;
        for (std::int64_t j = 0; j < n; ++j) row[j] = factor * from[i * n + j];
    }
}

ThreadPool& alone() {
    thread_local ThreadPool pool(1);
    return pool;
}

}  // namespace attention_detail

namespace {

using namespace attention_detail;

struct Output {
    float* out;       // [rows, heads * head_dim]
    float* log_sums;  // [rows, heads], log of the sum of exp(score); null when nothing is recorded
};

void append_as_they_are(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const std::int64_t n = layer.shape.head_dim;
    append_cached(layer, run, first, last,
                  [&](std::int64_t head, std::int64_t page, std::int64_t at, const float* key, const float* value) {
                      std::copy(key, key + n, run.cache->keys<float>(layer.shape.layer, head, page) + at * n);
                      std::copy(value, value + n, run.cache->values<float>(layer.shape.layer, head, page) + at * n);
                  });
}

// How a run's keys and values are kept, and met.
struct Scheme {
    void (*append)(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last);
    void (*attend)(const Kernels& kernels, const Layer& layer, const Block& block, float* out);  // null: attend_block
};
Scheme scheme_of(const KvCache& cache) {
    const KvShape& shape = cache.pool().shape();
    if (shape.type == DType::bf16) return {append_paired, attend_paired};
    if (shape.type == DType::i8) return {append_quads, attend_quads};
    if (shape.side_by_side()) return {append_numbers, attend_numbers};
    return {append_as_they_are, nullptr};
}

// Scratch of a block of `rows` queries.
struct RunningSoftmax {
    RunningSoftmax(std::int64_t rows, std::int64_t head_dim)
        : query(thread_scratch(rows * (2 * head_dim + kBlockKeys + 2))),
          sum_of_values(query + rows * head_dim),
          scores(sum_of_values + rows * head_dim),
          max(scores + rows * kBlockKeys),
          sum(max + rows) {
        std::fill(max, max + rows, -std::numeric_limits<float>::infinity());
        std::fill(sum, sum + rows, 0.0f);
    }

    // Takes the next `valid` of `keys` scores of a row; leaves weights for the product with the values.
    void take(const Kernels& kernels, std::int64_t row, std::int64_t valid, std::int64_t keys, std::int64_t head_dim) {
        float* p = scores + row * kBlockKeys;
        std::fill(p + valid, p + keys, 0.0f);
        if (valid == 0) return;
        const float max_before = max[row];
        const float block_sum = kernels.exp_sum(p, valid, &max[row]);
        if (max[row] > max_before && sum[row] != 0) {
            const float factor = std::exp(max_before - max[row]);
            kernels.scale(factor, sum_of_values + row * head_dim, head_dim);
            sum[row] *= factor;
        }
        sum[row] += block_sum;
    }

    float* query;          // [rows, head_dim], scaled
    float* sum_of_values;  // [rows, head_dim]
    float* scores;         // [rows, kBlockKeys]
    float* max;            // [rows]
    float* sum;            // [rows]
};

void attend_block(const Kernels& kernels, const Layer& layer, const Block& block, const Output& output) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim, rows = block.count * group;
    const std::int64_t first = before(*block.run) + block.first, end = first + block.count;
    RunningSoftmax softmax(rows, n);
    gather_block(block, layer, layer.qkv, layer.shape.qkv_width(), layer.scale, softmax.query);
    for (std::int64_t key = 0; key < end; key += kBlockKeys) {
        const std::int64_t keys = std::min(kBlockKeys, end - key);
        const Keys seen = keys_of(layer, *block.run, block.kv_head, key);
        kernels.gemm(alone(), Transpose::no, {softmax.query, rows, n, n}, Transpose::yes,
                     {seen.keys, keys, n, seen.stride}, {softmax.scores, rows, keys, kBlockKeys}, false);
        for (std::int64_t row = 0; row < rows; ++row)
            softmax.take(kernels, row, std::clamp<std::int64_t>(first + row / group + 1 - key, 0, keys), keys, n);
        kernels.gemm(alone(), Transpose::no, {softmax.scores, rows, keys, kBlockKeys}, Transpose::no,
                     {seen.values, keys, n, seen.stride}, {softmax.sum_of_values, rows, n, n}, key > 0);
    }
    for (std::int64_t row = 0; row < rows; ++row) {
        kernels.scale(1.0f / softmax.sum[row], softmax.sum_of_values + row * n, n);
        const std::int64_t at = (block.run->first_row + block.first + row / group) * layer.shape.heads +
                                block.kv_head * group + row % group;
        if (output.log_sums != nullptr) output.log_sums[at] = softmax.max[row] + std::log(softmax.sum[row]);
    }
    scatter_block(block, layer, softmax.sum_of_values, 1.0f, output.out, layer.shape.heads * n);
}

std::int64_t blocks_of(const Layer& layer, const RowRun& run) {
    return (run.count + layer.block_queries() - 1) / layer.block_queries();
}

// The block with this number, counted over runs, then over the blocks of a run (the last, which see most,
// first), then over heads.
Block block_at(const Layer& layer, std::span<const RowRun> runs, std::int64_t number) {
    for (const RowRun& run : runs) {
        const std::int64_t blocks = blocks_of(layer, run);
        if (number >= blocks * layer.shape.kv_heads) {
            number -= blocks * layer.shape.kv_heads;
            continue;
        }
        const std::int64_t first = (blocks - 1 - number / layer.shape.kv_heads) * layer.block_queries();
        return {&run, number % layer.shape.kv_heads, first, std::min(layer.block_queries(), run.count - first)};
    }
    CRIA_ASSERT(false && "a block beyond the last");
    return {};
}

void attend(const Kernels& kernels, const Layer& layer, const Block& block, const Output& output) {
    const auto cached = block.run->cache != nullptr ? scheme_of(*block.run->cache).attend : nullptr;
    if (cached != nullptr) return cached(kernels, layer, block, output.out);
    attend_block(kernels, layer, block, output);
}

void attend_all(const Pass& pass, const Layer& layer, std::span<const RowRun> runs, const Output& output) {
    std::int64_t blocks = 0, work = 0;
    for (const RowRun& run : runs) {
        blocks += blocks_of(layer, run) * layer.shape.kv_heads;
        work += run.count * (before(run) + run.count) * layer.shape.heads * layer.shape.head_dim;
    }
    const auto run_block = [&](int i) { attend(pass.kernels(), layer, block_at(layer, runs, i), output); };
    if (work >= 2 * kWorthAThread) return pass.pool().parallel(static_cast<int>(blocks), run_block);
    for (int i = 0; i < static_cast<int>(blocks); ++i) run_block(i);
}

}  // namespace

Value attention(Pass& pass, const Value& qkv, const AttentionShape& shape, const Attendance& seen) {
    CRIA_ASSERT(qkv.columns() == shape.qkv_width() && qkv.rows() == seen.rows());
    CRIA_ASSERT(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0);
    const bool recording = pass.training() && qkv.node >= 0;
    const Layer layer{shape, qkv.tensor.f32(), 1.0f / std::sqrt(static_cast<float>(shape.head_dim))};
    for (const RowRun& run : seen.runs) {
        if (run.cache == nullptr) continue;
        CRIA_ASSERT(!recording && run.first_position + run.count <= run.cache->capacity());
        parallel_rows(pass, run.count, 2 * shape.kv_heads * shape.head_dim,
                      [&, append = scheme_of(*run.cache).append](std::int64_t first, std::int64_t last) {
                          append(layer, run, first, last);
                      });
    }
    const Tensor out = pass.allocate(Shape{qkv.rows(), shape.heads * shape.head_dim});
    const Tensor log_sums = recording ? pass.allocate(Shape{qkv.rows(), shape.heads}) : Tensor();
    attend_all(pass, layer, seen.runs, {out.f32(), recording ? log_sums.f32() : nullptr});
    if (!recording) return {out};
    return pass.tape()->record(
        out, [qkv, out, log_sums, shape, runs = std::vector(seen.runs.begin(), seen.runs.end())](Pass& back, int node) {
            attention_gradient(back, node, qkv, out, log_sums, shape, runs);
        });
}

}  // namespace cria
