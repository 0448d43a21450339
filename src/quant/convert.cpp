#include "quant/convert.h"

#include <bit>
#include <utility>

#include "base/json.h"
#include "model/model_files.h"
#include "store/safetensors.h"
#include "store/torch_file.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1u << 20;

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

Result<DType> dtype_of(Checkpoint& checkpoint, const LlamaConfig& config, const ModelFiles& from) {
    const std::string embedding = "model.embed_tokens.weight";
    if (checkpoint.holds_blocks(embedding))
        return fail(ErrorKind::invalid_input,
                    "{} is quantised; --dtype must say what its numbers become: f32 keeps them exactly, bf16 and f16 "
                    "round them",
                    from.weights.front().string());
    return CRIA_TRY(checkpoint.take(embedding, Shape{config.vocabulary, config.width})).dtype();
}

// Meta makes the feed-forward width of the model's, see model_files.cpp: a multiplier and a multiple that give this
// one.
std::pair<double, std::int64_t> ffn_rule(const LlamaConfig& config) {
    const std::int64_t multiple =
        std::min<std::int64_t>(std::int64_t{1} << std::countr_zero(static_cast<std::uint64_t>(config.ffn_width)), 1024);
    const auto plain = static_cast<double>(8 * config.width / 3);
    const double within = static_cast<double>(config.ffn_width) - 0.5 * static_cast<double>(multiple) + 0.25;
    return {within / plain, multiple};
}

Status write_meta_config(Os& os, const Path& to, const LlamaConfig& config) {
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
                     {"tied_embeddings", config.tied_embeddings}};
    if (config.rope_scaling) json["rope_scaling_factor"] = config.rope_scaling->factor;
    if (config.heads * config.head_dim != config.width)
        return fail(ErrorKind::unsupported,
                    "Meta's layout has heads of width / heads = {}; those of this model have {} numbers",
                    config.width / config.heads, config.head_dim);
    return write_atomically(os, to / "params.json", json.dump() + "\n");
}

Status write_hugging_face_config(Os& os, const Path& to, const LlamaConfig& config, DType dtype,
                                 const ModelFiles& from) {
    CRIA_TRY(write_config_json(os, to, config, dtype));
    if (!from.generation_config) return {};
    const std::string text = CRIA_TRY(read_text(os, *from.generation_config, kMaxConfigBytes));
    return write_atomically(os, to / "generation_config.json", text);
}

}  // namespace

Result<DType> source_dtype(Os& os, const ModelFiles& from) {
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, from, config));
    return dtype_of(checkpoint, config, from);
}

Status convert_model(Os& os, const ModelFiles& from, const Path& to, ModelFormat format, std::optional<DType> dtype,
                     const Compute& compute, OnTensor on_tensor) {
    CRIA_ASSERT(format != ModelFormat::gguf);
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    if (!config.cross_attention_layers.empty())
        return fail(ErrorKind::unsupported, "{}: models that see images cannot be converted yet", from.folder.string());
    CRIA_TRY(check_exportable(config, from.folder.string()));
    const Tokenizer tokenizer = CRIA_TRY(read_tokenizer(os, from));
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, from, config));
    const DType type = dtype ? *dtype : CRIA_TRY(dtype_of(checkpoint, config, from));
    CRIA_TRY(os.make_folders(to));
    const bool meta = format == ModelFormat::meta;
    if (meta) {
        CRIA_TRY(write_meta_config(os, to, config));
        CRIA_TRY(write_atomically(os, to / "tokenizer.model", write_tiktoken_ranks(tokenizer.ranks())));
    } else {
        CRIA_TRY(write_hugging_face_config(os, to, config, type, from));
        CRIA_TRY(write_atomically(os, to / "tokenizer.json", write_tokenizer_json(tokenizer)));
    }
    if (const auto system = read_text(os, from.folder / "system.txt", kMaxConfigBytes))
        CRIA_TRY(write_atomically(os, to / "system.txt", *system));
    TensorExporter exporter(std::move(checkpoint), config, Planner(config, format, type).plan(), compute, on_tensor);
    std::vector<PlannedTensor> plans;
    for (const TensorPlan& plan : exporter.plans()) plans.push_back({plan.name, type, plan.shape});
    const auto bytes_at = [&](std::size_t i) { return exporter.bytes(i); };
    if (meta) return write_torch_file(os, to / "consolidated.00.pth", plans, bytes_at);
    return write_safetensors(os, to / "model.safetensors", plans, bytes_at, {{"format", "pt"}});
}

}  // namespace cria
