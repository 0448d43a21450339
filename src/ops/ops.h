// The operations that models are made of. Each has its forward, its gradient and its shape rule in one
// file of its own, ops/<name>.cpp. Shapes that do not fit are our own bugs and assert: what comes from a
// file is checked before it gets here.
//
// In every operation: the result is allocated from the pass; in a training pass a record goes on the tape
// when an input or a weight needs a gradient. Weights must then outlive the tape. Results and gradients do
// not depend on the number of threads, and a row of a result not on the other rows of the batch. (A training pass
// may round differently from an inference pass: ops/product.h.)
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ops/attendance.h"
#include "ops/pass.h"

namespace cria {

// [rows] ids -> [rows, width]: rows of `table` [vocabulary, width], widened to f32.
Value embedding(Pass& pass, std::span<const std::int32_t> ids, const Weight& table);

// x [rows, in] -> [rows, out] = x W^T, W [out, in]; with what the weight's low-rank adaptor adds.
Value linear(Pass& pass, const Value& x, const Weight& weight);
// The same plus a bias [out].
Value linear(Pass& pass, const Value& x, const Weight& weight, const Weight& bias);
// add(residual, linear(x, weight)) in one sweep.
Value linear_add(Pass& pass, const Value& residual, const Value& x, const Weight& weight);
// The same in the residual's memory, which holds the sum from then on. Not recorded: for inference.
Value linear_onto(Pass& pass, const Value& residual, const Value& x, const Weight& weight);
// linear(rms_norm(x, scale, epsilon), weight), and linear_onto(residual, swiglu(gate_up), weight): the same bits. In
// inference what lies between, of a quantised weight, never goes to memory.
Value norm_linear(Pass& pass, const Value& x, const Weight& scale, float epsilon, const Weight& weight);
Value swiglu_linear_onto(Pass& pass, const Value& residual, const Value& gate_up, const Weight& weight);

// x / sqrt(mean(x^2) + epsilon) * scale, per row (Zhang & Sennrich 2019).
Value rms_norm(Pass& pass, const Value& x, const Weight& scale, float epsilon);
// (x - mean) / sqrt(variance + epsilon) * scale + bias, per row (Ba et al. 2016).
Value layer_norm(Pass& pass, const Value& x, const Weight& scale, const Weight& bias, float epsilon);

// [rows, 2 f] (gate in the first half of the features, up in the second) -> [rows, f] = silu(gate) * up.
Value swiglu(Pass& pass, const Value& gate_up);
// H x / sqrt(n) of each row, H the Hadamard matrix in Sylvester's order; n, the features, a power of two.
Value hadamard(Pass& pass, const Value& x);
// Exact GELU, x Phi(x).
Value gelu(Pass& pass, const Value& x);
Value add(Pass& pass, const Value& a, const Value& b);
// Softmax over the features of each row.
Value softmax(Pass& pass, const Value& x);
// The named rows of x, in that order (a row may be named once only).
Value gather_rows(Pass& pass, const Value& x, std::span<const std::int64_t> rows);

// Heads of one attention layer, and which layer of the cache it is.
struct AttentionShape {
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t layer = 0;
    std::int64_t qkv_width() const { return (heads + 2 * kv_heads) * head_dim; }
};

// cos and sin of position * frequency, [positions, head_dim / 2], grown as needed outside of passes.
struct RopeTable {
    Tensor cosine;
    Tensor sine;
};
// Llama 3 frequency scaling (Meta's reference: wavelengths above original_context are divided by factor,
// short ones kept, those between blended).
struct RopeScaling {
    float factor = 8;
    float low_frequency_factor = 1;
    float high_frequency_factor = 4;
    float original_context = 8192;
    friend bool operator==(const RopeScaling&, const RopeScaling&) = default;
};
std::vector<float> rope_frequencies(std::int64_t head_dim, float theta, const RopeScaling* scaling);
RopeTable make_rope_table(std::span<const float> frequencies, std::int64_t positions);

// qkv [rows, qkv_width] (queries, keys, values of a row side by side): turns the queries and keys by
// their positions. Pairs are (i, i + head_dim / 2), the Hugging Face layout. The rows are turned in place:
// qkv must not be used afterwards, by anything but the result.
Value rope(Pass& pass, const Value& qkv, const AttentionShape& shape, const RopeTable& table, const Attendance& seen);

// Grouped-query causal attention: qkv [rows, qkv_width] -> [rows, heads * head_dim]. Query head h uses
// key head h / (heads / kv_heads); scores are scaled by 1/sqrt(head_dim). Runs with a cache append their
// keys and values to it at their positions (the caller commits with set_length after the pass). A row is the
// same, bit for bit, however many of its sequence are in the pass.
Value attention(Pass& pass, const Value& qkv, const AttentionShape& shape, const Attendance& seen);

// A target that takes no part in the loss.
inline constexpr std::int32_t kIgnore = -1;
// The sum over rows of the cross-entropy of logits = hidden W^T against targets [rows], in natural log,
// computed in chunks of rows so that the full logits never exist. Rows with kIgnore are skipped.
// In a training pass, backward() starts here with `gradient_scale` (e.g. 1 / tokens of the whole step); the
// gradient of the head is added to at once, in the same sweep over the logits.
double cross_entropy(Pass& pass, const Value& hidden, const Weight& head, std::span<const std::int32_t> targets,
                     double gradient_scale);

// Activation checkpointing (Chen et al. 2016): in a training pass, runs `body` without keeping its
// activations and runs it again on the way back. Same numbers, bit for bit. Otherwise just runs it.
Value checkpoint(Pass& pass, const Value& x, std::function<Value(Pass&, const Value&)> body);

// Walks the tape back from the losses recorded on it, adding to the gradients of trainable weights.
void backward(Pass& pass);

}  // namespace cria
