// The one table of processor kernels. Everything above this room calls through it and never sees an
// instruction set. Each function works on one thread, on f32 unless named otherwise, on row-major data;
// a kernel that is worth splitting is split by its caller (ops/), so that how work is cut never depends
// on the instruction set.
//
// `scalar` is the plain twin of every other table: tests hold them together within tolerances derived
// from the number format. Results of one table do not depend on the number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/matrix.h"
#include "kernels/packed.h"
#include "kernels/paired.h"
#include "kernels/quads.h"
#include "kernels/tiled.h"
#include "tensor/thread_pool.h"

namespace cria {

enum class Transpose : bool { no, yes };

// Products with packed weights, in whole numbers. Instruction sets differ in these more often than in the rest.
struct PackedKernels {
    std::int64_t lanes;  // rows of a tile: weights are packed for it
    std::int64_t panel;  // rows of x that are multiplied at once, at most

    // One row of x, `columns` (a multiple of 32), into its place among the `beside` rows of its panel.
    void (*quantize_row)(const float* x, std::int64_t columns, std::int64_t beside, std::int8_t* numbers,
                         SliceScale* scales);
    // y[r, j] = sum over i of x[r, i] W[j, i], or y += it, for all rows of x and the rows j of the tiles
    // [first_tile, last_tile) of w. y is row-major with y_stride. x has been quantised with this panel.
    void (*product)(const QuantizedRows& x, const PackedRows& w, std::int64_t first_tile, std::int64_t last_tile,
                    float* y, std::int64_t y_stride, bool accumulate);
};

// What an instruction set with products of bytes does in its own way.
struct IntegerKernels {
    PackedKernels packed;
    QuadKernels quads;
};

// And one with products of bf16 numbers.
struct PairKernels {
    TiledKernels tiled;
    PairedKernels paired;
};

struct Kernels {
    std::string_view name;  // "scalar", "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16", "neon"

    // C (m x n) = op(A) op(B), or C += op(A) op(B) when `accumulate`.
    // op(A) is m x k, op(B) is k x n. Blocked and packed; splits itself over the pool.
    // Each element of C is summed in an order that depends on k alone.
    void (*gemm)(ThreadPool& pool, Transpose transpose_a, Matrix<const float> a, Transpose transpose_b,
                 Matrix<const float> b, Matrix<float> c, bool accumulate);

    // PairedKernels::product in f32: sums over i < steps of one number each.
    void (*number_product)(const float* a, std::int64_t a_stride, std::int64_t rows, const NumberMatrix& b,
                           std::int64_t steps, std::int64_t columns, float* c, std::int64_t c_stride, bool accumulate,
                           const void* ahead);

    // y[r, j] = sum over i of x[r, i] W[j, i], or y += it, for all rows of x and the rows j of W in [first, last); one
    // thread. A result depends on its row of x and its row of W alone, bit for bit: not on how many rows are beside
    // them. Few rows of x cost what reading W costs.
    void (*dense)(Matrix<const float> x, WeightRows w, std::int64_t first, std::int64_t last, Matrix<float> y,
                  bool accumulate);

    TiledKernels tiled;
    PackedKernels packed;
    PairedKernels paired;
    QuadKernels quads;

    // y = x / sqrt(mean(x^2) + epsilon) * weight. Returns 1/sqrt(mean + epsilon).
    float (*rms_norm)(const float* x, const float* weight, std::int64_t n, float epsilon, float* y);
    // Gradient of one row: dx (overwritten) and dweight (added to), given the returned inverse root.
    void (*rms_norm_gradient)(const float* x, const float* weight, const float* dy, std::int64_t n, float inverse_root,
                              float* dx, float* dweight);

    // In place; pairs (i, i + n/2) of a head of n turn by the angle of cosine/sine[i], i < n/2.
    // `direction` is 1 forward, -1 for the gradient (the inverse rotation).
    void (*rope)(float* head, std::int64_t n, const float* cosine, const float* sine, float direction);

    // y = silu(gate) * up.
    void (*swiglu)(const float* gate, const float* up, std::int64_t n, float* y);
    void (*swiglu_gradient)(const float* gate, const float* up, const float* dy, std::int64_t n, float* dgate,
                            float* dup);
    // Exact (erf) GELU.
    void (*gelu)(const float* x, std::int64_t n, float* y);
    void (*gelu_gradient)(const float* x, const float* dy, std::int64_t n, float* dx);

    // x = exp(x - max) in place; returns the sum. The maximum is that of x and of what *max holds (-infinity: of x
    // alone), and *max holds it on return (softmax = x / sum).
    float (*exp_sum)(float* x, std::int64_t n, float* max);
    // From scores in p and the gradient of their softmax in ds: p = exp(p - log_sum), ds = p (ds - row_dot), in place.
    void (*softmax_gradient)(float* p, float* ds, std::int64_t n, float log_sum, float row_dot);

    float (*dot)(const float* a, const float* b, std::int64_t n);
    void (*axpy)(float a, const float* x, std::int64_t n, float* y);  // y += a x
    void (*add)(const float* a, const float* b, std::int64_t n, float* y);
    void (*scale)(float a, float* x, std::int64_t n);       // x *= a
    double (*sum_squares)(const float* x, std::int64_t n);  // in double

    // One AdamW step (Loshchilov & Hutter 2019, decoupled decay) over n elements; see train/optimizer.h.
    struct AdamStep {
        float learning_rate, beta1, beta2, epsilon, weight_decay;
        float correction1, correction2;  // 1 - beta^t
        float gradient_scale;            // clipping, applied to the gradient while reading
    };
    void (*adamw)(const AdamStep& step, const float* gradient, std::int64_t n, float* weight, float* m, float* v);

    void (*bf16_to_f32)(const BF16* x, std::int64_t n, float* y);
    void (*f32_to_bf16)(const float* x, std::int64_t n, BF16* y);
    void (*f16_to_f32)(const F16* x, std::int64_t n, float* y);
    void (*f32_to_f16)(const float* x, std::int64_t n, F16* y);
    // Whether all of them are bf16 numbers, too: eight significant bits.
    bool (*are_bf16)(const F16* x, std::int64_t n);
};

// The tables built into this binary that this processor can run, the plain one first.
std::span<const Kernels* const> available_kernels();
// By name, or null when absent from the binary or the processor.
const Kernels* kernels_named(std::string_view name);
// The table that a short measurement at the first call finds quickest on this processor (kernels/choice.h).
const Kernels& best_kernels();
// Names of all tables in the binary, whether this processor runs them or not.
std::vector<std::string_view> built_kernels();

}  // namespace cria
