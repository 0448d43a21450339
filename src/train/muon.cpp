#include "train/muon.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/assert.h"

namespace cria {
namespace {

constexpr int kIterations = 5;
// x -> a x + b x^3 + c x^5: the steepest at 0 that stays near 1 (Jordan et al. 2024).
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;
constexpr float kAdamSize = 0.2f;  // the root mean square of AdamW's steps, as measured by Liu et al. 2025

Matrix<const float> view(const std::vector<float>& data, std::int64_t rows, std::int64_t columns) {
    return {data.data(), rows, columns, columns};
}
Matrix<float> mutable_view(std::vector<float>& data, std::int64_t rows, std::int64_t columns) {
    return {data.data(), rows, columns, columns};
}

}  // namespace

void orthogonalize(const Compute& compute, Matrix<float> matrix) {
    CRIA_ASSERT(matrix.stride == matrix.columns);
    const Kernels& kernels = compute.kernels;
    const std::int64_t rows = matrix.rows, columns = matrix.columns, n = rows * columns;
    const bool wide = rows <= columns;
    const std::int64_t side = std::min(rows, columns), square = side * side;
    const double norm = std::sqrt(kernels.sum_squares(matrix.data, n));
    if (!(norm > 0)) return;
    kernels.scale(static_cast<float>(1 / norm), matrix.data, n);
    std::vector<float> gram(static_cast<std::size_t>(square)), polynomial(gram.size()),
        next(static_cast<std::size_t>(n));
    const Matrix<const float> x{matrix.data, rows, columns, columns}, g = view(gram, side, side);
    for (int i = 0; i < kIterations; ++i) {
        // G = x x^T, or x^T x where that is smaller; P = b G + c G^2; x = a x + P x, or a x + x P.
        kernels.gemm(compute.pool, wide ? Transpose::no : Transpose::yes, x, wide ? Transpose::yes : Transpose::no, x,
                     mutable_view(gram, side, side), false);
        kernels.gemm(compute.pool, Transpose::no, g, Transpose::no, g, mutable_view(polynomial, side, side), false);
        kernels.scale(kC, polynomial.data(), square);
        kernels.axpy(kB, gram.data(), square, polynomial.data());
        std::copy_n(matrix.data, n, next.data());
        kernels.scale(kA, next.data(), n);
        const Matrix<const float> p = view(polynomial, side, side);
        kernels.gemm(compute.pool, Transpose::no, wide ? p : x, Transpose::no, wide ? x : p,
                     mutable_view(next, rows, columns), true);
        std::copy_n(next.data(), n, matrix.data);
    }
}

void muon_step(const Compute& compute, const MuonStep& step, std::int64_t rows, std::int64_t columns,
               const float* gradient, float* weight, float* momentum) {
    const Kernels& kernels = compute.kernels;
    const std::int64_t n = rows * columns;
    kernels.scale(step.beta, momentum, n);
    kernels.axpy(step.gradient_scale, gradient, n, momentum);
    std::vector<float> direction(momentum, momentum + n);
    kernels.scale(step.beta, direction.data(), n);
    kernels.axpy(step.gradient_scale, gradient, n, direction.data());
    orthogonalize(compute, mutable_view(direction, rows, columns));
    const float size = kAdamSize * std::sqrt(static_cast<float>(std::max(rows, columns)));
    kernels.scale(1 - step.learning_rate * step.weight_decay, weight, n);
    kernels.axpy(-step.learning_rate * size, direction.data(), n, weight);
}

}  // namespace cria
