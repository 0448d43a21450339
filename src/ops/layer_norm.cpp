// Layer norm (Ba, Kiros & Hinton 2016).
#include <cmath>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/row_sums.h"
#include "ops/tape.h"

namespace cria {
namespace {

struct Moments {
    float mean;
    float inverse_deviation;  // 1 / sqrt(variance + epsilon)
};

Moments moments_of(const float* x, std::int64_t n, float epsilon) {
    double sum = 0, squares = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += x[i];
    const double mean = sum / static_cast<double>(n);
    for (std::int64_t i = 0; i < n; ++i) squares += (x[i] - mean) * (x[i] - mean);
    return {static_cast<float>(mean),
            static_cast<float>(1.0 / std::sqrt(squares / static_cast<double>(n) + static_cast<double>(epsilon)))};
}

// With z the normalised x and g = dy * scale: dx = (g - mean(g) - z mean(g z)) / deviation. `dscale` and
// `dbias` are added to, dx too when `add`.
void gradient_of_row(const float* x, const float* scale, const float* dy, std::int64_t n, Moments m, bool add,
                     float* dx, float* dscale, float* dbias) {
    double sum = 0, product = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        const float z = (x[i] - m.mean) * m.inverse_deviation;
        sum += dy[i] * scale[i];
        product += dy[i] * scale[i] * z;
        dscale[i] += dy[i] * z;
        dbias[i] += dy[i];
    }
    if (dx == nullptr) return;
    const float mean_g = static_cast<float>(sum / static_cast<double>(n));
    const float mean_gz = static_cast<float>(product / static_cast<double>(n));
    for (std::int64_t i = 0; i < n; ++i) {
        const float z = (x[i] - m.mean) * m.inverse_deviation;
        const float value = (dy[i] * scale[i] - mean_g - z * mean_gz) * m.inverse_deviation;
        dx[i] = add ? dx[i] + value : value;
    }
}

void layer_norm_gradient(Pass& pass, int node, const Value& x, const Weight& scale, const Weight& bias, float epsilon) {
    const Tensor dy = pass.tape()->gradient(node);
    const std::int64_t n = dy.columns();
    const GradientSlot dx = x.node >= 0 ? pass.tape()->slot(pass, x) : GradientSlot{{}, false};
    RowSums sums(pass, dy.rows(), 2 * n);
    sums.run([&](std::int64_t first, std::int64_t last, float* partial) {
        for (std::int64_t row = first; row < last; ++row) {
            const float* from = x.tensor.f32() + row * n;
            float* into = x.node >= 0 ? dx.tensor.f32() + row * n : nullptr;
            gradient_of_row(from, scale.value.f32(), dy.f32() + row * n, n, moments_of(from, n, epsilon), dx.filled,
                            into, partial, partial + n);
        }
    });
    if (scale.trainable()) sums.add_to(scale.gradient);
    if (bias.trainable()) sums.add_to(bias.gradient, n);
}

}  // namespace

Value layer_norm(Pass& pass, const Value& x, const Weight& scale, const Weight& bias, float epsilon) {
    const std::int64_t n = x.columns();
    CRIA_ASSERT(scale.value.elements() == n && bias.value.elements() == n);
    const Tensor y = pass.allocate(x.tensor.shape());
    parallel_rows(pass, x.rows(), 4 * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            const float* from = x.tensor.f32() + row * n;
            float* into = y.f32() + row * n;
            const Moments m = moments_of(from, n, epsilon);
            for (std::int64_t i = 0; i < n; ++i)
                into[i] = (from[i] - m.mean) * m.inverse_deviation * scale.value.f32()[i] + bias.value.f32()[i];
        }
    });
    if (!pass.training() || (x.node < 0 && !scale.trainable() && !bias.trainable())) return {y};
    return pass.tape()->record(y, [x, &scale, &bias, epsilon](Pass& back, int node) {
        layer_norm_gradient(back, node, x, scale, bias, epsilon);
    });
}

}  // namespace cria
