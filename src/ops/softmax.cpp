// Softmax over the features of each row.
#include <limits>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

// An exponential for each element.
constexpr std::int64_t kSoftmaxWork = 4;

// dx = y (dy - sum(y dy)).
void softmax_gradient(Pass& pass, int node, const Value& x, const Tensor& y) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot slot = pass.tape()->slot(pass, x);
    parallel_rows(pass, dy.rows(), kSoftmaxWork * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            const float *p = y.f32() + row * n, *d = dy.f32() + row * n;
            float* into = slot.tensor.f32() + row * n;
            const float mean = pass.kernels().dot(p, d, n);
            for (std::int64_t i = 0; i < n; ++i) into[i] = p[i] * (d[i] - mean) + (slot.filled ? into[i] : 0.0f);
        }
    });
}

}  // namespace

Value softmax(Pass& pass, const Value& x) {
    const std::int64_t n = x.columns();
    const Tensor y = pass.allocate(x.tensor.shape());
    parallel_rows(pass, y.rows(), kSoftmaxWork * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            float* out = y.f32() + row * n;
            std::copy(x.tensor.f32() + row * n, x.tensor.f32() + (row + 1) * n, out);
            float max = -std::numeric_limits<float>::infinity();
            const float sum = pass.kernels().exp_sum(out, n, &max);
            pass.kernels().scale(1.0f / sum, out, n);
        }
    });
    if (!pass.training() || x.node < 0) return {y};
    return pass.tape()->record(y, [x, y](Pass& back, int node) { softmax_gradient(back, node, x, y); });
}

}  // namespace cria
