// Root-mean-square norm (Zhang & Sennrich 2019).
#include <cstring>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/row_sums.h"
#include "ops/tape.h"

namespace cria {
namespace {

void rms_norm_gradient(Pass& pass, int node, const Value& x, const Weight& scale, const Tensor& inverse_roots) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot dx = x.node >= 0 ? pass.tape()->slot(pass, x) : GradientSlot{{}, true};
    RowSums dscale(pass, dy.rows(), n);
    dscale.run([&](std::int64_t first, std::int64_t last, float* partial) {
        float* fresh = thread_scratch(n);
        for (std::int64_t row = first; row < last; ++row) {
            float* into = dx.filled ? fresh : dx.tensor.f32() + row * n;
            pass.kernels().rms_norm_gradient(x.tensor.f32() + row * n, scale.value.f32(), dy.f32() + row * n, n,
                                             inverse_roots.f32()[row], into, partial);
            if (dx.filled && x.node >= 0)
                pass.kernels().add(dx.tensor.f32() + row * n, fresh, n, dx.tensor.f32() + row * n);
        }
    });
    if (scale.trainable()) dscale.add_to(scale.gradient);
}

}  // namespace

Value rms_norm(Pass& pass, const Value& x, const Weight& scale, float epsilon) {
    const std::int64_t n = x.columns();
    CRIA_ASSERT(scale.value.elements() == n);
    const Tensor y = pass.allocate(x.tensor.shape());
    const bool recording = pass.training() && (x.node >= 0 || scale.trainable());
    const Tensor roots = recording ? pass.allocate(Shape{x.rows()}) : Tensor();
    parallel_rows(pass, x.rows(), 2 * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            const float root =
                pass.kernels().rms_norm(x.tensor.f32() + row * n, scale.value.f32(), n, epsilon, y.f32() + row * n);
            if (recording) roots.f32()[row] = root;
        }
    });
    if (!recording) return {y};
    return pass.tape()->record(
        y, [x, &scale, roots](Pass& back, int node) { rms_norm_gradient(back, node, x, scale, roots); });
}

}  // namespace cria
