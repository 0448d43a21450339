// Gaussian error linear unit (Hendrycks & Gimpel 2016), exact: x Phi(x).
#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

// An error function for each element.
constexpr std::int64_t kGeluWork = 8;

void gelu_gradient(Pass& pass, int node, const Value& x) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot slot = pass.tape()->slot(pass, x);
    parallel_rows(pass, dy.rows(), kGeluWork * n, [&](std::int64_t first, std::int64_t last) {
        float* fresh = thread_scratch(n);
        for (std::int64_t row = first; row < last; ++row) {
            float* into = slot.tensor.f32() + row * n;
            pass.kernels().gelu_gradient(x.tensor.f32() + row * n, dy.f32() + row * n, n, slot.filled ? fresh : into);
            if (slot.filled) pass.kernels().add(into, fresh, n, into);
        }
    });
}

}  // namespace

Value gelu(Pass& pass, const Value& x) {
    const Tensor y = pass.allocate(x.tensor.shape());
    parallel_ranges(pass, x.tensor.elements(), kGeluWork, [&](std::int64_t first, std::int64_t last) {
        pass.kernels().gelu(x.tensor.f32() + first, last - first, y.f32() + first);
    });
    if (!pass.training() || x.node < 0) return {y};
    return pass.tape()->record(y, [x](Pass& back, int node) { gelu_gradient(back, node, x); });
}

}  // namespace cria
