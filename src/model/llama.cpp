#include "model/llama.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace cria {

std::shared_ptr<const RopeTable> RopePositions::below(std::int64_t count) {
    const std::lock_guard lock(mutex_);
    if (table_ == nullptr || table_->cosine.rows() < count) {
        const std::int64_t grown = table_ == nullptr ? count : std::max(count, 2 * table_->cosine.rows());
        table_ = std::make_shared<const RopeTable>(make_rope_table(frequencies_, grown));
    }
    return table_;
}

Result<Llama> Llama::empty(const LlamaConfig& config, std::string_view who) {
    if (Status checked = check_config(config); !checked) return prefix(who, std::move(checked).error());
    if (!config.cross_attention_layers.empty())
        return fail(ErrorKind::unsupported,
                    "{}: {} cross-attention layers; models that see images are unsupported until vision lands", who,
                    config.cross_attention_layers.size());
    Llama model;
    model.config_ = config;
    model.layers_.resize(static_cast<std::size_t>(config.layers));
    const RopeScaling* scaling = config.rope_scaling ? &*config.rope_scaling : nullptr;
    model.rope_ = std::make_unique<RopePositions>(rope_frequencies(config.head_dim, config.rope_theta, scaling));
    return model;
}

std::vector<Parameter> Llama::parameters() {
    const std::int64_t width = config_.width, ffn = config_.ffn_width;
    const std::int64_t query = config_.query_width(), kv = config_.kv_width();
    std::vector<Parameter> all;
    const auto matrix = [&](std::vector<std::string> names, std::vector<std::int64_t> rows, std::int64_t columns,
                            Weight& weight) {
        std::int64_t total = 0;
        for (const std::int64_t n : rows) total += n;
        all.push_back({std::move(names), std::move(rows), &weight, true, Shape{total, columns}});
    };
    const auto norm = [&](std::string name, Weight& weight) {
        all.push_back({{std::move(name)}, {width}, &weight, false, Shape{width}});
    };
    matrix({"model.embed_tokens.weight"}, {config_.vocabulary}, width, embedding_);
    all.back().is_multiplied = config_.tied_embeddings;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        LlamaLayer& w = layers_[i];
        const std::string at = fmt::format("model.layers.{}.", i);
        const auto self = [&](std::string_view name) { return fmt::format("{}self_attn.{}_proj.weight", at, name); };
        const auto mlp = [&](std::string_view name) { return fmt::format("{}mlp.{}_proj.weight", at, name); };
        norm(at + "input_layernorm.weight", w.attention_norm);
        matrix({self("q"), self("k"), self("v")}, {query, kv, kv}, width, w.qkv);
        matrix({self("o")}, {width}, query, w.attention_out);
        norm(at + "post_attention_layernorm.weight", w.ffn_norm);
        matrix({mlp("gate"), mlp("up")}, {ffn, ffn}, width, w.gate_up);
        matrix({mlp("down")}, {width}, ffn, w.down);
    }
    norm("model.norm.weight", norm_);
    if (!config_.tied_embeddings) matrix({"lm_head.weight"}, {config_.output_rows()}, width, head_);
    return all;
}

Value Llama::layer(Pass& pass, std::int64_t index, const Value& x, const RopeTable& angles,
                   const Attendance& seen) const {
    const LlamaLayer& w = layers_[static_cast<std::size_t>(index)];
    const AttentionShape shape{config_.heads, config_.kv_heads, config_.head_dim, index};
    // Inference needs x no more once something has been added to it; what a training pass repeats does.
    const auto add_linear = pass.rounds_as_training() ? linear_add : linear_onto;
    const Value qkv =
        rope(pass, norm_linear(pass, x, w.attention_norm, config_.norm_epsilon, w.qkv), shape, angles, seen);
    const Value middle = add_linear(pass, x, attention(pass, qkv, shape, seen), w.attention_out);
    const Value gate_up = norm_linear(pass, middle, w.ffn_norm, config_.norm_epsilon, w.gate_up);
    if (!pass.rounds_as_training() && !config_.rotates_ffn) return swiglu_linear_onto(pass, middle, gate_up, w.down);
    Value inner = swiglu(pass, gate_up);
    if (config_.rotates_ffn) inner = hadamard(pass, inner);
    return add_linear(pass, middle, inner, w.down);
}

// Adds to x, and forgets all else, so that an inference pass needs memory for one layer.
Value Llama::forgotten_layer(Pass& pass, std::int64_t index, const Value& x, const RopeTable& angles,
                             const Attendance& seen) const {
    const Arena::Mark mark = pass.arena().mark();
    const Value y = layer(pass, index, x, angles, seen);
    CRIA_ASSERT(y.tensor.raw() == x.tensor.raw());
    pass.arena().rewind(mark);
    return y;
}

Value Llama::checkpointed_layer(Pass& pass, std::int64_t index, const Value& x, std::shared_ptr<const RopeTable> angles,
                                const Attendance& seen) const {
    return checkpoint(pass, x,
                      [this, index, angles = std::move(angles), runs = std::vector(seen.runs.begin(), seen.runs.end())](
                          Pass& inner, const Value& start) { return layer(inner, index, start, *angles, {runs}); });
}

Value Llama::forward(Pass& pass, std::span<const std::int32_t> ids, const Attendance& seen) const {
    CRIA_ASSERT(std::ssize(ids) == seen.rows());
    std::int64_t positions = 1;
    for (const RowRun& run : seen.runs) positions = std::max(positions, run.first_position + run.count);
    const std::shared_ptr<const RopeTable> angles = rope_->below(positions);
    Value x = embedding(pass, ids, embedding_);
    for (std::int64_t i = 0; i < config_.layers; ++i) {
        if (!pass.training())
            x = forgotten_layer(pass, i, x, *angles, seen);
        else
            x = checkpointing_ ? checkpointed_layer(pass, i, x, angles, seen) : layer(pass, i, x, *angles, seen);
    }
    return rms_norm(pass, x, norm_, config_.norm_epsilon);
}

Value Llama::logits(Pass& pass, const Value& hidden) const {
    const Value there = linear(pass, hidden, head());
    if (config_.output_ids.empty()) return there;
    CRIA_ASSERT(!pass.training());
    const std::int64_t rows = there.rows(), columns = there.tensor.columns();
    const Tensor all = pass.allocate(Shape{rows, config_.vocabulary});
    std::ranges::fill(all.f32_span(), -std::numeric_limits<float>::infinity());
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t i = 0; i < columns; ++i)
            all.f32()[row * config_.vocabulary + config_.output_ids[static_cast<std::size_t>(i)]] =
                there.tensor.f32()[row * columns + i];
    return {all};
}

KvShape Llama::cache_shape(std::optional<DType> type) const {
    const bool rounds = packed() && layers_.front().gate_up.packed.front().type != ElementType(DType::f16);
    const bool paired = rounds && KvPool::can_hold(DType::bf16, config_.head_dim);
    return {config_.layers, config_.kv_heads, config_.head_dim, type.value_or(paired ? DType::bf16 : DType::f32)};
}

bool Llama::packed() const { return !layers_.empty() && !layers_.front().gate_up.packed.empty(); }

void Llama::reserve_positions(std::int64_t count) const { rope_->below(count); }

}  // namespace cria
