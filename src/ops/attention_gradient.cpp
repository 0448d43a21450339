// The gradient of attention. With P = exp(S - log_sum), S = scale Q K^T, O = P V:
//     dV = P^T dO,  dP = dO V^T,  dS = P (dP - rowsum(dO O)),  dQ = scale dS K,  dK = dS^T (scale Q).
// P is computed again block by block from the saved log_sum (Dao et al. 2022, algorithm 4).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/attention_block.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria::attention_detail {
namespace {

struct Gradients {
    const float* out;
    const float* dout;
    const float* log_sums;
    float* dqkv;  // [rows, qkv_width], overwritten
};

// Scratch of a block of `rows` queries.
struct BlockScratch {
    BlockScratch(std::int64_t rows, std::int64_t head_dim)
        : query(thread_scratch(rows * (3 * head_dim + 2 * kBlockKeys + 2))),
          dout(query + rows * head_dim),
          dquery(dout + rows * head_dim),
          p(dquery + rows * head_dim),
          ds(p + rows * kBlockKeys),
          log_sum(ds + rows * kBlockKeys),
          row_dot(log_sum + rows) {}

    float* query;  // scaled
    float* dout;
    float* dquery;
    float* p;        // [rows, kBlockKeys]
    float* ds;       // [rows, kBlockKeys]
    float* log_sum;  // [rows]
    float* row_dot;  // [rows], sum of dO O
};

void load_block(const Kernels& kernels, const Layer& layer, const Block& block, const Gradients& g, BlockScratch& s) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim, heads = layer.shape.heads;
    gather_block(block, layer, layer.qkv, layer.shape.qkv_width(), layer.scale, s.query);
    gather_block(block, layer, g.dout, heads * n, 1.0f, s.dout);
    for (std::int64_t row = 0; row < block.count * group; ++row) {
        const std::int64_t at =
            (block.run->first_row + block.first + row / group) * heads + block.kv_head * group + row % group;
        s.log_sum[row] = g.log_sums[at];
        s.row_dot[row] = kernels.dot(g.out + at * n, s.dout + row * n, n);
    }
}

// From scores in p and dP in ds: p = exp(score - log_sum), ds = p (dP - row_dot); zero from `valid` on.
void finish_row(const Kernels& kernels, const BlockScratch& s, std::int64_t row, std::int64_t valid,
                std::int64_t keys) {
    float *p = s.p + row * kBlockKeys, *ds = s.ds + row * kBlockKeys;
    std::fill(p + valid, p + keys, 0.0f);
    std::fill(ds + valid, ds + keys, 0.0f);
    kernels.softmax_gradient(p, ds, valid, s.log_sum[row], s.row_dot[row]);
}

void block_gradient(const Kernels& kernels, const Layer& layer, const Block& block, const Gradients& g) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim, rows = block.count * group;
    const std::int64_t stride = layer.shape.qkv_width(), end = block.first + block.count;
    BlockScratch s(rows, n);
    load_block(kernels, layer, block, g, s);
    const auto no = Transpose::no, yes = Transpose::yes;
    const Matrix<const float> query{s.query, rows, n, n}, dout{s.dout, rows, n, n};
    for (std::int64_t key = 0; key < end; key += kBlockKeys) {
        const std::int64_t keys = std::min(kBlockKeys, end - key);
        const Keys seen = keys_of(layer, *block.run, block.kv_head, key);
        const Matrix<const float> k{seen.keys, keys, n, seen.stride};
        const Matrix<const float> v{seen.values, keys, n, seen.stride};
        const Matrix<const float> p{s.p, rows, keys, kBlockKeys}, ds{s.ds, rows, keys, kBlockKeys};
        kernels.gemm(alone(), no, query, yes, k, {s.p, rows, keys, kBlockKeys}, false);
        kernels.gemm(alone(), no, dout, yes, v, {s.ds, rows, keys, kBlockKeys}, false);
        for (std::int64_t row = 0; row < rows; ++row)
            finish_row(kernels, s, row, std::clamp<std::int64_t>(block.first + row / group + 1 - key, 0, keys), keys);
        float* dk = g.dqkv + (seen.keys - layer.qkv);
        float* dv = g.dqkv + (seen.values - layer.qkv);
        kernels.gemm(alone(), yes, p, no, dout, {dv, keys, n, stride}, true);
        kernels.gemm(alone(), yes, ds, no, query, {dk, keys, n, stride}, true);
        kernels.gemm(alone(), no, ds, no, k, {s.dquery, rows, n, n}, key > 0);
    }
    scatter_block(block, layer, s.dquery, layer.scale, g.dqkv, stride);
}

// All of one key head of a run, in order: its keys' gradients are sums over the run's queries.
void head_gradient(const Kernels& kernels, const Layer& layer, const RowRun& run, std::int64_t kv_head,
                   const Gradients& g) {
    const AttentionShape& shape = layer.shape;
    const auto bytes = static_cast<std::size_t>(shape.head_dim) * sizeof(float);
    for (std::int64_t i = 0; i < run.count; ++i) {
        float* dk = g.dqkv + (run.first_row + i) * shape.qkv_width() + (shape.heads + kv_head) * shape.head_dim;
        std::memset(dk, 0, bytes);
        std::memset(dk + shape.kv_heads * shape.head_dim, 0, bytes);
    }
    for (std::int64_t first = 0; first < run.count; first += layer.block_queries())
        block_gradient(kernels, layer, {&run, kv_head, first, std::min(layer.block_queries(), run.count - first)}, g);
}

}  // namespace

void attention_gradient(Pass& pass, int node, const Value& qkv, const Tensor& out, const Tensor& log_sums,
                        const AttentionShape& shape, std::span<const RowRun> runs) {
    const Layer layer{shape, qkv.tensor.f32(), 1.0f / std::sqrt(static_cast<float>(shape.head_dim))};
    const GradientSlot slot = pass.tape()->slot(pass, qkv);
    const Arena::Mark mark = pass.arena().mark();
    const Tensor dqkv = slot.filled ? pass.allocate(qkv.tensor.shape()) : slot.tensor;
    const Gradients g{out.f32(), pass.tape()->gradient(node).f32(), log_sums.f32(), dqkv.f32()};
    pass.pool().parallel(static_cast<int>(std::ssize(runs) * shape.kv_heads), [&](int i) {
        head_gradient(pass.kernels(), layer, runs[static_cast<std::size_t>(i / shape.kv_heads)], i % shape.kv_heads, g);
    });
    if (slot.filled) pass.kernels().add(slot.tensor.f32(), dqkv.f32(), dqkv.elements(), slot.tensor.f32());
    pass.arena().rewind(mark);
}

}  // namespace cria::attention_detail
