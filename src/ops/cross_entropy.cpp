// Cross-entropy of a vocabulary's logits, which exist only for one chunk of rows at a time.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/product.h"
#include "ops/tape.h"

namespace cria {
namespace {

// Logits of a chunk: about this many floats, and at least kMinimumRows rows, for the products' sake.
constexpr std::int64_t kChunkFloats = 1 << 20;
constexpr std::int64_t kMinimumRows = 128;

struct Chunk {
    std::span<const std::int64_t> rows;  // of the batch; those that have a target
    Tensor hidden;                       // [rows, width]
    Tensor logits;                       // [rows, vocabulary]; then their gradient
};

// Takes logits of one row; returns the loss, and leaves scale * (softmax - one_hot(target)) when asked.
double row_loss(const Kernels& kernels, float* logits, std::int64_t n, std::int32_t target, bool gradient,
                float scale) {
    const double at_target = logits[target];
    float max = -std::numeric_limits<float>::infinity();
    const float sum = kernels.exp_sum(logits, n, &max);
    if (gradient) {
        kernels.scale(scale / sum, logits, n);
        logits[target] -= scale;
    }
    return static_cast<double>(max) + std::log(static_cast<double>(sum)) - at_target;
}

void gather(const Chunk& chunk, const Tensor& from) {
    const std::int64_t n = from.columns();
    for (std::size_t i = 0; i < chunk.rows.size(); ++i)
        std::memcpy(chunk.hidden.f32() + static_cast<std::int64_t>(i) * n, from.f32() + chunk.rows[i] * n,
                    static_cast<std::size_t>(n) * sizeof(float));
}

// Gradients of a chunk: the head's, then the rows of `dhidden` (added to).
void chunk_gradient(const Pass& pass, const Chunk& chunk, const Weight& head, const Tensor& dhidden) {
    if (head.trainable()) product_gradient_weight(pass, chunk.logits, chunk.hidden, head.gradient);
    if (dhidden.empty()) return;
    product_gradient_x(pass, chunk.logits, head.value, chunk.hidden, false);
    const std::int64_t n = dhidden.columns();
    for (std::size_t i = 0; i < chunk.rows.size(); ++i) {
        float* into = dhidden.f32() + chunk.rows[i] * n;
        pass.kernels().add(into, chunk.hidden.f32() + static_cast<std::int64_t>(i) * n, n, into);
    }
}

double chunk_loss(const Pass& pass, const Chunk& chunk, std::span<const std::int32_t> targets, bool gradient,
                  float scale, double* losses) {
    const std::int64_t n = chunk.logits.columns();
    parallel_rows(pass, chunk.logits.rows(), 4 * n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t i = first; i < last; ++i)
            losses[i] =
                row_loss(pass.kernels(), chunk.logits.f32() + i * n, n,
                         targets[static_cast<std::size_t>(chunk.rows[static_cast<std::size_t>(i)])], gradient, scale);
    });
    double sum = 0;
    for (std::int64_t i = 0; i < chunk.logits.rows(); ++i) sum += losses[i];
    return sum;
}

std::vector<std::int64_t> rows_with_target(std::span<const std::int32_t> targets, std::int64_t vocabulary) {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < targets.size(); ++i) {
        CRIA_ASSERT(targets[i] == kIgnore || (targets[i] >= 0 && targets[i] < vocabulary));
        if (targets[i] != kIgnore) rows.push_back(static_cast<std::int64_t>(i));
    }
    return rows;
}

// The gradient of `hidden`, zero where nothing has contributed yet; empty when nobody needs it.
Tensor hidden_gradient(Pass& pass, const Value& hidden) {
    if (!pass.training() || hidden.node < 0) return {};
    const GradientSlot slot = pass.tape()->slot(pass, hidden);
    if (!slot.filled) std::memset(slot.tensor.f32(), 0, slot.tensor.bytes());
    return slot.tensor;
}

}  // namespace

double cross_entropy(Pass& pass, const Value& hidden, const Weight& head, std::span<const std::int32_t> targets,
                     double gradient_scale) {
    const std::int64_t width = hidden.columns(), vocabulary = head.rows();
    CRIA_ASSERT(std::ssize(targets) == hidden.rows() && head.columns() == width);
    const std::vector<std::int64_t> rows = rows_with_target(targets, vocabulary);
    const Tensor dhidden = hidden_gradient(pass, hidden);
    const bool gradient = pass.training() && (!dhidden.empty() || head.trainable());
    const std::int64_t chunk_rows = std::max(kMinimumRows, kChunkFloats / vocabulary);
    std::vector<double> losses(static_cast<std::size_t>(chunk_rows));
    const Arena::Mark mark = pass.arena().mark();
    const Tensor hidden_chunk = pass.allocate(Shape{chunk_rows, width});
    const Tensor logits_chunk = pass.allocate(Shape{chunk_rows, vocabulary});
    double loss = 0;
    for (std::int64_t first = 0; first < std::ssize(rows); first += chunk_rows) {
        const std::int64_t count = std::min(chunk_rows, std::ssize(rows) - first);
        const Chunk chunk{std::span(rows).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
                          hidden_chunk.slice_rows(0, count), logits_chunk.slice_rows(0, count)};
        gather(chunk, hidden.tensor);
        product(pass, chunk.hidden, head, chunk.logits);
        loss += chunk_loss(pass, chunk, targets, gradient, static_cast<float>(gradient_scale), losses.data());
        if (gradient) chunk_gradient(pass, chunk, head, dhidden);
    }
    pass.arena().rewind(mark);
    return loss;
}

}  // namespace cria
