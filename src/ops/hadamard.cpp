// The normalised Walsh-Hadamard transform (Sylvester's order) of each row: y = H x / sqrt(n), n a power of two. It is
// its own inverse. Models of SpinQuant (Liu et al. 2024) spread the feed-forward activations with it before they are
// rounded.
#include <bit>
#include <cmath>
#include <cstring>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

void transform(float* x, std::int64_t n) {
    for (std::int64_t half = 1; half < n; half *= 2)
        for (std::int64_t start = 0; start < n; start += 2 * half)
            for (std::int64_t i = start; i < start + half; ++i) {
                const float a = x[i], b = x[i + half];
                x[i] = a + b;
                x[i + half] = a - b;
            }
    const float scale = 1.0f / std::sqrt(static_cast<float>(n));
    for (std::int64_t i = 0; i < n; ++i) x[i] *= scale;
}

// So many additions for each element.
std::int64_t work(std::int64_t n) { return std::bit_width(static_cast<std::uint64_t>(n)); }

void transform_rows(const Pass& pass, const Tensor& from, const Tensor& to) {
    const std::int64_t n = from.columns();
    parallel_rows(pass, from.rows(), n * work(n), [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            std::memcpy(to.f32() + row * n, from.f32() + row * n, static_cast<std::size_t>(n) * sizeof(float));
            transform(to.f32() + row * n, n);
        }
    });
}

void hadamard_gradient(Pass& pass, int node, const Value& x) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot slot = pass.tape()->slot(pass, x);
    if (!slot.filled) return transform_rows(pass, dy, slot.tensor);
    parallel_rows(pass, dy.rows(), n * work(n), [&](std::int64_t first, std::int64_t last) {
        float* fresh = thread_scratch(n);
        for (std::int64_t row = first; row < last; ++row) {
            float* into = slot.tensor.f32() + row * n;
            std::memcpy(fresh, dy.f32() + row * n, static_cast<std::size_t>(n) * sizeof(float));
            transform(fresh, n);
            pass.kernels().add(into, fresh, n, into);
        }
    });
}

}  // namespace

Value hadamard(Pass& pass, const Value& x) {
    CRIA_ASSERT(std::has_single_bit(static_cast<std::uint64_t>(x.tensor.columns())));
    const Tensor y = pass.allocate(x.tensor.shape());
    transform_rows(pass, x.tensor, y);
    if (!pass.training() || x.node < 0) return {y};
    return pass.tape()->record(y, [x](Pass& back, int node) { hadamard_gradient(back, node, x); });
}

}  // namespace cria
