// The gated unit of Llama's feed-forward (Shazeer 2020): silu(gate) * up.
#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

// An exponential for each element.
constexpr std::int64_t kSwigluWork = 4;

void swiglu_gradient(Pass& pass, int node, const Value& gate_up) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot slot = pass.tape()->slot(pass, gate_up);
    parallel_rows(pass, dy.rows(), kSwigluWork * n, [&](std::int64_t first, std::int64_t last) {
        float* fresh = thread_scratch(2 * n);
        for (std::int64_t row = first; row < last; ++row) {
            const float* gate = gate_up.tensor.f32() + row * 2 * n;
            float* into = slot.tensor.f32() + row * 2 * n;
            float* d = slot.filled ? fresh : into;
            pass.kernels().swiglu_gradient(gate, gate + n, dy.f32() + row * n, n, d, d + n);
            if (slot.filled) pass.kernels().add(into, fresh, 2 * n, into);
        }
    });
}

}  // namespace

Value swiglu(Pass& pass, const Value& gate_up) {
    CRIA_ASSERT(gate_up.columns() % 2 == 0);
    const std::int64_t n = gate_up.columns() / 2;
    const Tensor y = pass.allocate(Shape{gate_up.rows(), n});
    parallel_rows(pass, y.rows(), kSwigluWork * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            const float* gate = gate_up.tensor.f32() + row * 2 * n;
            pass.kernels().swiglu(gate, gate + n, n, y.f32() + row * n);
        }
    });
    if (!pass.training() || gate_up.node < 0) return {y};
    return pass.tape()->record(y, [gate_up](Pass& back, int node) { swiglu_gradient(back, node, gate_up); });
}

}  // namespace cria
