// Muon: momentum whose directions all get the same length (Jordan et al., "Muon: an optimizer for hidden layers in
// neural networks", 2024).
//
//     m = beta m + scale g        u = scale g + beta m        O = U V^T, where u = U S V^T
//     w -= lr (0.2 sqrt(max(rows, columns)) O + decay w)
//
// O is found by five steps of a Newton-Schulz iteration, which brings the singular values near 1 (about 0.7 to 1.2)
// and needs products of matrices only. The factor gives O the size of a step of AdamW, so that both take the same
// learning rate and decay (Liu et al., "Muon is scalable for LLM training", 2025).
#pragma once

#include "ops/pass.h"

namespace cria {

struct MuonStep {
    float learning_rate, beta, weight_decay;
    float gradient_scale;  // clipping
};

// One step of a matrix [rows, columns] in f32; all three have this shape, contiguous. Splits itself over the pool;
// the result does not depend on the number of threads.
void muon_step(const Compute& compute, const MuonStep& step, std::int64_t rows, std::int64_t columns,
               const float* gradient, float* weight, float* momentum);

// The nearest matrix whose rows (or columns, where there are fewer) are orthonormal, about: in place.
void orthogonalize(const Compute& compute, Matrix<float> matrix);

}  // namespace cria
