// Llama, as the paper says, written once for running and for training.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "model/config.h"
#include "ops/ops.h"

namespace cria {

class Checkpoint;

struct LlamaLayer {
    Weight attention_norm;  // [width]
    Weight qkv;             // [(heads + 2 kv_heads) * head_dim, width]: q_proj, k_proj, v_proj stacked
    Weight attention_out;   // [width, heads * head_dim]
    Weight ffn_norm;        // [width]
    Weight gate_up;         // [2 * ffn_width, width]: gate_proj, up_proj stacked
    Weight down;            // [width, ffn_width]
};

// One trainable tensor and its place in a checkpoint: `names[i]` are the tensors (Hugging Face names)
// stacked in it, `rows[i]` how many rows each has.
struct Parameter {
    std::vector<std::string> names;
    std::vector<std::int64_t> rows;
    Weight* weight;
    bool decay;                 // matrices decay, norms do not
    Shape shape;                // of the weight: [sum of rows, inputs], or [width] for a norm
    bool is_multiplied = true;  // no table of embeddings that has a head beside it

    Shape part_shape(std::size_t part) const { return shape.rank() == 1 ? shape : Shape{rows[part], shape.last()}; }
    bool is_in_a_layer() const { return shape.rank() == 2 && names.front().starts_with("model.layers."); }
};

// cos and sin for all positions asked for so far. Grows on demand, from any thread.
class RopePositions {
public:
    explicit RopePositions(std::vector<float> frequencies) : frequencies_(std::move(frequencies)) {}
    // A table for positions below `count` at least; stays whole while someone holds it.
    std::shared_ptr<const RopeTable> below(std::int64_t count);

private:
    std::vector<float> frequencies_;
    std::mutex mutex_;
    std::shared_ptr<const RopeTable> table_;
};

struct LoadOptions {
    bool trainable = false;  // f32 weights with gradients; otherwise the file's own type is kept
    bool exact = false;      // widen to f32
    // What the model will run on: weights are packed for it (model/packed_weights.h), and quantised ones stay
    // quantised. Without it, and in models to be trained or exact, those become f32, and others stay as they are
    // stored.
    const Compute* compute = nullptr;
    // Matrices of numbers are rounded to blocks of Q8_0 where they fit, as `cria quantize --type q8_0` rounds them.
    // Wants `compute`; of no effect on models to be trained or exact.
    bool int8 = false;
    // Of this model alone: keeps the packed form where the model's own folder cannot be written to. Empty: none.
    Path cache_folder{};
    // Gets a sentence for the user when the packed form was of no use, or is not kept beside the model.
    std::function<void(std::string_view)> notice = [](std::string_view) {};

    bool packs() const { return compute != nullptr && !trainable && !exact; }
};

// Immutable while passes run; concurrent passes (each with its own arena and caches) are allowed when
// nothing is trained.
class Llama {
public:
    // Random weights: normal(0, config.initializer_range), residual projections scaled by 1/sqrt(2 layers), norms 1.
    // The same bytes for the same seed on every machine and any number of threads; without a pool on this thread alone.
    static Result<Llama> random(const LlamaConfig& config, std::uint64_t seed, DType dtype, bool trainable,
                                ThreadPool* pool = nullptr);
    // From a model's folder or file in any layout of store/model_folder.h. Missing, superfluous or misshapen tensors
    // are named errors.
    static Result<Llama> load(Os& os, const Path& folder, const LoadOptions& options);
    // The model that load() would give, without a number in it: what it would need can be asked. `lanes`: those of the
    // kernels, or 0 where blocks become f32.
    static Result<Llama> outline(const LlamaConfig& config, const Checkpoint& checkpoint, std::int64_t lanes);
    // Writes model.safetensors and config.json (each atomically) in `dtype`; the tokenizer is the caller's.
    Status save(Os& os, const Path& folder, DType dtype) const;

    const LlamaConfig& config() const { return config_; }

    // ids [rows] -> hidden states after the final norm [rows, width].
    Value forward(Pass& pass, std::span<const std::int32_t> ids, const Attendance& seen) const;
    // hidden [rows, width] -> logits [rows, vocabulary]; -infinity for tokens that a trimmed output lacks.
    Value logits(Pass& pass, const Value& hidden) const;
    const Weight& head() const { return config_.tied_embeddings ? embedding_ : head_; }

    // What a cache of this model holds. `type`: f32, bf16 or i8; without it bf16 where the matrices are packed and have
    // no more bits themselves (an outline in f16 may have), and where the heads fit (KvPool); else f32.
    KvShape cache_shape(std::optional<DType> type = {}) const;
    // Whether its matrices are.
    bool packed() const;
    // Computes the angles of positions below `count` now, rather than in the first pass that needs them.
    void reserve_positions(std::int64_t count) const;

    // The most bytes that the arena of an inference pass holds at once: forward() over `rows` rows, and logits() of
    // `logit_rows` of them.
    std::size_t pass_bytes(const Kernels& kernels, std::int64_t rows, std::int64_t logit_rows) const;

    std::vector<Parameter> parameters();
    // Recompute each layer's activations on the way back instead of keeping them.
    void set_activation_checkpointing(bool on) { checkpointing_ = on; }

private:
    static Result<Llama> empty(const LlamaConfig& config, std::string_view who);
    Value layer(Pass& pass, std::int64_t index, const Value& x, const RopeTable& angles, const Attendance& seen) const;
    Value forgotten_layer(Pass& pass, std::int64_t index, const Value& x, const RopeTable& angles,
                          const Attendance& seen) const;
    Value checkpointed_layer(Pass& pass, std::int64_t index, const Value& x, std::shared_ptr<const RopeTable> angles,
                             const Attendance& seen) const;

    LlamaConfig config_;
    Weight embedding_;  // [vocabulary, width]
    std::vector<LlamaLayer> layers_;
    Weight norm_;  // [width]
    Weight head_;  // [vocabulary, or as many rows as a trimmed output has, width]; empty when tied
    std::unique_ptr<RopePositions> rope_;
    bool checkpointing_ = false;
};

}  // namespace cria
