// The sum of two activations.
#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

void add_gradient(Pass& pass, int node, const Value& a, const Value& b) {
    Tape& tape = *pass.tape();
    if (a.node >= 0 && b.node >= 0) {
        const Tensor dy = tape.gradient(node);
        const GradientSlot slot = tape.slot(pass, b);
        const float* from = dy.f32();
        float* into = slot.tensor.f32();
        parallel_ranges(pass, dy.elements(), 1, [&](std::int64_t first, std::int64_t last) {
            if (slot.filled)
                pass.kernels().add(into + first, from + first, last - first, into + first);
            else
                std::copy(from + first, from + last, into + first);
        });
    }
    tape.give(pass, node, a.node >= 0 ? a : b);
}

}  // namespace

Value add(Pass& pass, const Value& a, const Value& b) {
    CRIA_ASSERT(a.tensor.shape() == b.tensor.shape());
    const Tensor y = pass.allocate(a.tensor.shape());
    parallel_ranges(pass, y.elements(), 1, [&](std::int64_t first, std::int64_t last) {
        pass.kernels().add(a.tensor.f32() + first, b.tensor.f32() + first, last - first, y.f32() + first);
    });
    if (!pass.training() || (a.node < 0 && b.node < 0)) return {y};
    return pass.tape()->record(y, [a, b](Pass& back, int node) { add_gradient(back, node, a, b); });
}

}  // namespace cria
