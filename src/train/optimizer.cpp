#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "train/muon.h"

namespace cria {
namespace {

constexpr std::int64_t kPieceElements = 1 << 15;

// The embedding and the head are tables of vectors: their rows learn each at its own rate.
bool is_inside_a_layer(const Parameter& parameter) {
    const std::string& name = parameter.names.front();
    return parameter.decay && name != "model.embed_tokens.weight" && name != "lm_head.weight";
}

}  // namespace

double learning_rate_at(const OptimizerRecipe& recipe, std::int64_t step, std::int64_t steps) {
    if (step < recipe.warmup)
        return recipe.learning_rate * static_cast<double>(step + 1) / static_cast<double>(recipe.warmup);
    const double span = static_cast<double>(std::max<std::int64_t>(1, steps - 1 - recipe.warmup));
    const double done = std::min(1.0, static_cast<double>(step - recipe.warmup) / span);
    double left = 1;  // from 1 to 0
    switch (recipe.schedule) {
        case Schedule::cosine: left = 0.5 * (1 + std::cos(std::numbers::pi * done)); break;
        case Schedule::linear: left = 1 - done; break;
        case Schedule::constant: break;
    }
    return recipe.learning_rate * (recipe.min_ratio + (1 - recipe.min_ratio) * left);
}

Optimizer::Optimizer(std::vector<Parameter> parameters, const OptimizerRecipe& recipe, DType dtype) : recipe_(recipe) {
    for (Parameter& parameter : parameters) {
        Weight& weight = *parameter.weight;
        CRIA_ASSERT(weight.trainable() && weight.value.dtype() == DType::f32);
        Slot slot{parameter, weight.value, Tensor::zeros(DType::f32, weight.value.shape()),
                  Tensor::zeros(DType::f32, weight.value.shape()),
                  recipe.kind == OptimizerKind::muon && is_inside_a_layer(parameter)};
        if (dtype == DType::bf16 && parameter.decay) weight.value = Tensor::zeros(dtype, weight.value.shape());
        for (std::int64_t first = 0, all = slot.master.elements(); first < all; first += kPieceElements)
            pieces_.push_back({slots_.size(), first, std::min(kPieceElements, all - first)});
        slots_.push_back(std::move(slot));
    }
}

void Optimizer::for_pieces(const Compute& compute, FunctionRef<void(const Piece&, std::size_t)> work) const {
    compute.pool.parallel(static_cast<int>(pieces_.size()), [&](int task) {
        const auto i = static_cast<std::size_t>(task);
        work(pieces_[i], i);
    });
}

void Optimizer::zero_gradients(const Compute& compute) {
    for_pieces(compute, [&](const Piece& piece, std::size_t) {
        float* gradient = slots_[piece.slot].parameter.weight->gradient.f32() + piece.first;
        std::fill_n(gradient, piece.count, 0.0f);
    });
}

double Optimizer::gradient_norm(const Compute& compute) const {
    std::vector<double> sums(pieces_.size());
    for_pieces(compute, [&](const Piece& piece, std::size_t i) {
        const float* gradient = slots_[piece.slot].parameter.weight->gradient.f32() + piece.first;
        sums[i] = compute.kernels.sum_squares(gradient, piece.count);
    });
    return std::sqrt(std::accumulate(sums.begin(), sums.end(), 0.0));
}

void Optimizer::step(const Compute& compute, std::int64_t t, double learning_rate, double gradient_scale) {
    Kernels::AdamStep step{};
    step.learning_rate = static_cast<float>(learning_rate);
    step.beta1 = static_cast<float>(recipe_.beta1);
    step.beta2 = static_cast<float>(recipe_.beta2);
    step.epsilon = static_cast<float>(recipe_.epsilon);
    step.correction1 = static_cast<float>(1 - std::pow(recipe_.beta1, static_cast<double>(t)));
    step.correction2 = static_cast<float>(1 - std::pow(recipe_.beta2, static_cast<double>(t)));
    step.gradient_scale = static_cast<float>(gradient_scale);
    for_pieces(compute, [&](const Piece& piece, std::size_t) {
        Slot& slot = slots_[piece.slot];
        if (slot.muon) return;
        Kernels::AdamStep mine = step;
        mine.weight_decay = slot.parameter.decay ? static_cast<float>(recipe_.weight_decay) : 0.0f;
        compute.kernels.adamw(mine, slot.parameter.weight->gradient.f32() + piece.first, piece.count,
                              slot.master.f32() + piece.first, slot.m.f32() + piece.first, slot.v.f32() + piece.first);
        round_piece(compute.kernels, piece);
    });
    if (recipe_.kind != OptimizerKind::muon) return;
    for (Slot& slot : slots_)
        if (slot.muon) muon_step(compute, slot, learning_rate, gradient_scale);
    round_weights(compute);
}

// Stacked matrices (queries, keys, values) are matrices of their own here.
void Optimizer::muon_step(const Compute& compute, Slot& slot, double learning_rate, double gradient_scale) const {
    const MuonStep step{static_cast<float>(learning_rate), static_cast<float>(recipe_.momentum),
                        static_cast<float>(recipe_.weight_decay), static_cast<float>(gradient_scale)};
    const std::int64_t columns = slot.parameter.shape.last();
    std::int64_t first = 0;
    for (const std::int64_t rows : slot.parameter.rows) {
        cria::muon_step(compute, step, rows, columns, slot.parameter.weight->gradient.f32() + first,
                        slot.master.f32() + first, slot.m.f32() + first);
        first += rows * columns;
    }
}

void Optimizer::round_piece(const Kernels& kernels, const Piece& piece) {
    Slot& slot = slots_[piece.slot];
    const Tensor& value = slot.parameter.weight->value;
    if (value.dtype() == DType::bf16)
        kernels.f32_to_bf16(slot.master.f32() + piece.first, piece.count, value.data<BF16>() + piece.first);
}

void Optimizer::round_weights(const Compute& compute) {
    for_pieces(compute, [&](const Piece& piece, std::size_t) { round_piece(compute.kernels, piece); });
}

}  // namespace cria
