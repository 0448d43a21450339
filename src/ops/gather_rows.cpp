// Chosen rows of a batch, e.g. the last one of each prompt.
#include <cstring>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

void gather_rows_gradient(Pass& pass, int node, const Value& x, std::span<const std::int64_t> rows) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot slot = pass.tape()->slot(pass, x);
    if (!slot.filled) std::memset(slot.tensor.f32(), 0, slot.tensor.bytes());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        float* into = slot.tensor.f32() + rows[i] * n;
        pass.kernels().add(into, dy.f32() + static_cast<std::int64_t>(i) * n, n, into);
    }
}

}  // namespace

Value gather_rows(Pass& pass, const Value& x, std::span<const std::int64_t> rows) {
    const std::int64_t n = x.columns();
    const Tensor y = pass.allocate(Shape{static_cast<std::int64_t>(rows.size()), n});
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CRIA_ASSERT(rows[i] >= 0 && rows[i] < x.rows());
        std::memcpy(y.f32() + static_cast<std::int64_t>(i) * n, x.tensor.f32() + rows[i] * n,
                    static_cast<std::size_t>(n) * sizeof(float));
    }
    if (!pass.training() || x.node < 0) return {y};
    return pass.tape()->record(y, [x, kept = std::vector(rows.begin(), rows.end())](Pass& back, int node) {
        gather_rows_gradient(back, node, x, kept);
    });
}

}  // namespace cria
