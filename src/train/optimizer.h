// The weights' optimizer: Muon (train/muon.h) for the matrices inside the layers where the recipe says so, for all
// else AdamW (Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019) over a model's parameters.
//
//     g' = scale g                      m = b1 m + (1 - b1) g'      v = b2 v + (1 - b2) g'^2
//     w -= lr (m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon) + decay w)
//
// Matrices decay, norms do not. Work is cut into pieces of fixed size and sums are taken in their order, so
// that the result is the same bit for bit on any number of threads.
#pragma once

#include <cstdint>
#include <vector>

#include "model/llama.h"
#include "train/recipe.h"

namespace cria {

// The learning rate of step `step` (from 0) of `steps`: linear warm-up, then the schedule down to min_ratio.
double learning_rate_at(const OptimizerRecipe& recipe, std::int64_t step, std::int64_t steps);

class Optimizer {
public:
    // One parameter and its state, all f32 and of the parameter's shape. `master` is the weight itself when
    // that is f32, else its exact copy, of which the weight is the rounded image.
    struct Slot {
        Parameter parameter;
        Tensor master;
        Tensor m;
        Tensor v;         // stays 0 under Muon
        bool muon = false;
    };

    // The parameters' weights must outlive this. Weights become `dtype`, norms stay f32.
    Optimizer(std::vector<Parameter> parameters, const OptimizerRecipe& recipe, DType dtype);

    void zero_gradients(const Compute& compute);
    double gradient_norm(const Compute& compute) const;  // L2, over all parameters
    // Step number `t` (from 1) with gradients multiplied by `gradient_scale`.
    void step(const Compute& compute, std::int64_t t, double learning_rate, double gradient_scale);

    std::vector<Slot>& slots() { return slots_; }
    // Weights from masters, after masters were changed from outside.
    void round_weights(const Compute& compute);

private:
    struct Piece {
        std::size_t slot;
        std::int64_t first;
        std::int64_t count;
    };
    void muon_step(const Compute& compute, Slot& slot, double learning_rate, double gradient_scale) const;
    void round_piece(const Kernels& kernels, const Piece& piece);
    void for_pieces(const Compute& compute, FunctionRef<void(const Piece&, std::size_t)> work) const;

    std::vector<Slot> slots_;
    std::vector<Piece> pieces_;
    OptimizerRecipe recipe_;
};

}  // namespace cria
