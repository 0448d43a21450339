// Linear layers: a product with a weight, plain, with a bias, or added to a residual.
#include <cstring>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/product.h"
#include "ops/tape.h"

namespace cria {
namespace {

bool needs_gradient(const Pass& pass, const Value& x, const Weight& weight) {
    return pass.training() && (x.node >= 0 || weight.trainable());
}

// y = x W^T, or y += x W^T, and what the low-rank adaptor adds.
void apply(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate = false) {
    product(pass, x, weight, y, accumulate);
    if (weight.low_rank == nullptr) return;
    const Tensor middle = pass.allocate(Shape{x.rows(), weight.low_rank->down.rows()});
    product(pass, x, weight.low_rank->down, middle);
    product(pass, middle, weight.low_rank->up, y, true);
}

void product_gradients(Pass& pass, const Tensor& dy, const Value& x, const Weight& weight) {
    if (weight.trainable()) product_gradient_weight(pass, dy, x.tensor, weight.gradient);
    if (x.node < 0) return;
    CRIA_ASSERT(weight.packed.empty() && weight.low_rank == nullptr);
    const GradientSlot dx = pass.tape()->slot(pass, x);
    product_gradient_x(pass, dy, weight.value, dx.tensor, dx.filled);
}

void add_bias(const Pass& pass, const Tensor& bias, const Tensor& y) {
    const std::int64_t n = y.columns();
    parallel_rows(pass, y.rows(), n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row)
            pass.kernels().add(y.f32() + row * n, bias.f32(), n, y.f32() + row * n);
    });
}

// Sums over rows; each task owns a range of columns.
void add_bias_gradient(const Pass& pass, const Tensor& dy, const Tensor& dbias) {
    const std::int64_t n = dy.columns();
    parallel_ranges(pass, n, dy.rows(), [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = 0; row < dy.rows(); ++row)
            pass.kernels().add(dbias.f32() + first, dy.f32() + row * n + first, last - first, dbias.f32() + first);
    });
}

}  // namespace

Value linear(Pass& pass, const Value& x, const Weight& weight) {
    const Tensor y = pass.allocate(Shape{x.rows(), weight.rows()});
    apply(pass, x.tensor, weight, y);
    if (!needs_gradient(pass, x, weight)) return {y};
    return pass.tape()->record(
        y, [x, &weight](Pass& back, int node) { product_gradients(back, back.tape()->gradient(node), x, weight); });
}

Value linear(Pass& pass, const Value& x, const Weight& weight, const Weight& bias) {
    CRIA_ASSERT(bias.value.elements() == weight.rows());
    const Tensor y = pass.allocate(Shape{x.rows(), weight.rows()});
    apply(pass, x.tensor, weight, y);
    add_bias(pass, bias.value, y);
    if (!needs_gradient(pass, x, weight) && !(pass.training() && bias.trainable())) return {y};
    return pass.tape()->record(y, [x, &weight, &bias](Pass& back, int node) {
        const Tensor dy = back.tape()->gradient(node);
        if (bias.trainable()) add_bias_gradient(back, dy, bias.gradient);
        product_gradients(back, dy, x, weight);
    });
}

Value linear_onto(Pass& pass, const Value& residual, const Value& x, const Weight& weight) {
    CRIA_ASSERT(!pass.training() && residual.rows() == x.rows() && residual.columns() == weight.rows());
    apply(pass, x.tensor, weight, residual.tensor, true);
    return residual;
}

Value norm_linear(Pass& pass, const Value& x, const Weight& scale, float epsilon, const Weight& weight) {
    if (pass.rounds_as_training() || !takes_made_rows(weight))
        return linear(pass, rms_norm(pass, x, scale, epsilon), weight);
    const std::int64_t n = x.columns();
    CRIA_ASSERT(scale.value.elements() == n && weight.columns() == n);
    const Tensor y = pass.allocate(Shape{x.rows(), weight.rows()});
    product(pass,
            {x.rows(),
             [&](std::int64_t row, float* to) {
                 pass.kernels().rms_norm(x.tensor.f32() + row * n, scale.value.f32(), n, epsilon, to);
             }},
            weight, y);
    return {y};
}

Value swiglu_linear_onto(Pass& pass, const Value& residual, const Value& gate_up, const Weight& weight) {
    if (!takes_made_rows(weight)) return linear_onto(pass, residual, swiglu(pass, gate_up), weight);
    const std::int64_t n = weight.columns();
    CRIA_ASSERT(gate_up.columns() == 2 * n && gate_up.rows() == residual.rows());
    product(pass,
            {gate_up.rows(),
             [&](std::int64_t row, float* to) {
                 const float* gate = gate_up.tensor.f32() + row * 2 * n;
                 pass.kernels().swiglu(gate, gate + n, n, to);
             }},
            weight, residual.tensor, true);
    return residual;
}

Value linear_add(Pass& pass, const Value& residual, const Value& x, const Weight& weight) {
    const Tensor y = pass.allocate(Shape{x.rows(), weight.rows()});
    CRIA_ASSERT(y.shape() == residual.tensor.shape());
    parallel_ranges(pass, y.elements(), 1, [&](std::int64_t first, std::int64_t last) {
        std::memcpy(y.f32() + first, residual.tensor.f32() + first,
                    static_cast<std::size_t>(last - first) * sizeof(float));
    });
    apply(pass, x.tensor, weight, y, true);
    if (!needs_gradient(pass, x, weight) && !(pass.training() && residual.node >= 0)) return {y};
    return pass.tape()->record(y, [residual, x, &weight](Pass& back, int node) {
        product_gradients(back, back.tape()->gradient(node), x, weight);
        if (residual.node >= 0) back.tape()->give(back, node, residual);
    });
}

}  // namespace cria
