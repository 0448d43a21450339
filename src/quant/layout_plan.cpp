#include "quant/layout_plan.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/json.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxMessageBytes = 1u << 20;

struct LayerName {
    std::string_view hugging_face, meta;
};

// The tensors of a model in the order and under the names of a layout.
class Planner {
public:
    Planner(const LlamaConfig& config, ModelFormat format, DType dtype)
        : c_(config), meta_(format == ModelFormat::meta), dtype_(dtype) {}

    std::vector<TensorPlan> plan() {
        const std::int64_t width = c_.width, query = c_.query_width(), kv = c_.kv_width(), ffn = c_.ffn_width;
        add({"model.embed_tokens", "tok_embeddings"}, "", "", {c_.vocabulary, width});
        for (std::int64_t i = 0; i < c_.layers; ++i) {
            const std::string hf = fmt::format("model.layers.{}.", i), at = fmt::format("layers.{}.", i);
            add({"self_attn.q_proj", "attention.wq"}, hf, at, {query, width}, true);
            add({"self_attn.k_proj", "attention.wk"}, hf, at, {kv, width}, true);
            add({"self_attn.v_proj", "attention.wv"}, hf, at, {kv, width});
            add({"self_attn.o_proj", "attention.wo"}, hf, at, {width, query});
            add({"mlp.gate_proj", "feed_forward.w1"}, hf, at, {ffn, width});
            add({"mlp.down_proj", "feed_forward.w2"}, hf, at, {width, ffn});
            add({"mlp.up_proj", "feed_forward.w3"}, hf, at, {ffn, width});
            add({"input_layernorm", "attention_norm"}, hf, at, {width});
            add({"post_attention_layernorm", "ffn_norm"}, hf, at, {width});
        }
        add({"model.norm", "norm"}, "", "", {width});
        // Meta's files hold a head where it is tied, too.
        if (!c_.tied_embeddings)
            add({"lm_head", "output"}, "", "", {c_.vocabulary, width});
        else if (meta_)
            add({"model.embed_tokens", "output"}, "", "", {c_.vocabulary, width});
        return std::move(plans_);
    }

private:
    void add(LayerName name, const std::string& hf_prefix, const std::string& meta_prefix, Shape shape,
             bool rotary = false) {
        const std::string source = fmt::format("{}{}.weight", hf_prefix, name.hugging_face);
        const std::string target = meta_ ? fmt::format("{}{}.weight", meta_prefix, name.meta) : source;
        plans_.push_back({source, target, dtype_, shape, meta_ && rotary});
    }

    const LlamaConfig& c_;
    bool meta_;
    DType dtype_;
    std::vector<TensorPlan> plans_;
};

// Meta makes the feed-forward width of the model's, see model_files.cpp: a multiplier and a multiple that give this
// one.
std::pair<double, std::int64_t> ffn_rule(const LlamaConfig& config) {
    const std::int64_t multiple =
        std::min<std::int64_t>(std::int64_t{1} << std::countr_zero(static_cast<std::uint64_t>(config.ffn_width)), 1024);
    const auto plain = static_cast<double>(8 * config.width / 3);
    const double within = static_cast<double>(config.ffn_width) - 0.5 * static_cast<double>(multiple) + 0.25;
    return {within / plain, multiple};
}

}  // namespace

std::vector<TensorPlan> plan_layout(const LlamaConfig& config, ModelFormat format, DType dtype) {
    return Planner(config, format, dtype).plan();
}

Status write_meta_config(Os& os, const Path& folder, const LlamaConfig& config, std::int64_t group) {
    const auto [multiplier, multiple] = ffn_rule(config);
    OrderedJson json{{"dim", config.width},
                     {"n_layers", config.layers},
                     {"n_heads", config.heads},
                     {"n_kv_heads", config.kv_heads},
                     {"vocab_size", config.vocabulary},
                     {"ffn_dim_multiplier", multiplier},
                     {"multiple_of", multiple},
                     {"norm_eps", config.norm_epsilon},
                     {"rope_theta", config.rope_theta},
                     {"use_scaled_rope", config.rope_scaling.has_value()},
                     {"max_seq_len", config.context},
                     {"tied_embeddings", config.tied_embeddings},
                     {"eos_token_id", config.eos_ids}};
    if (config.rope_scaling) json["rope_scaling_factor"] = config.rope_scaling->factor;
    if (group > 0) {
        json["tied_embeddings"] = false;
        json["quantization_args"] = {
            {"scheme", "int4_weight_int8_dynamic_activation"}, {"group_size", group}, {"spinquant", false}};
    }
    if (config.heads * config.head_dim != config.width)
        return fail(ErrorKind::unsupported,
                    "Meta's layout has heads of width / heads = {}; those of this model have {} numbers",
                    config.width / config.heads, config.head_dim);
    return write_atomically(os, folder / "params.json", json_text(json) + "\n");
}

Status carry_system_message(Os& os, const ModelFiles& from, const Path& folder) {
    const auto system = read_text(os, from.folder / "system.txt", kMaxMessageBytes);
    return system ? write_atomically(os, folder / "system.txt", *system) : Status();
}

}  // namespace cria
