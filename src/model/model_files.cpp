#include "model/model_files.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"
#include "model/executorch_weights.h"
#include "store/gguf.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1u << 20;
constexpr std::int64_t kLongContext = 131'072, kShortContext = 8'192;
constexpr std::int64_t kControlTokens = 256;
// Places of Llama 3's control tokens among them (model card, "Prompt format").
constexpr std::int32_t kBegin = 0, kEndOfText = 1, kEndOfMessage = 8, kEndOfTurn = 9;

Result<LlamaConfig> checked(LlamaConfig config, std::string_view who) {
    if (Status status = check_config(config); !status) return prefix(who, std::move(status).error());
    return config;
}

// ---- Meta's params.json ----

class Params {
public:
    Params(const Json& json, std::string_view who) : json_(json), who_(who) {}

    bool has(std::string_view key) const { return json_.contains(key) && !json_.at(std::string(key)).is_null(); }
    Result<double> number(std::string_view key) const {
        if (!has(key)) return fail(ErrorKind::corrupt, "{}: {} is missing", who_, key);
        const Json& value = json_.at(std::string(key));
        if (!value.is_number()) return fail(ErrorKind::corrupt, "{}: {} is no number", who_, key);
        return value.get<double>();
    }
    Result<std::int64_t> size(std::string_view key) const {
        constexpr double kMost = 1 << 24;
        const double value = CRIA_TRY(number(key));
        if (!(value >= 1 && value <= kMost && value == std::floor(value)))
            return fail(ErrorKind::corrupt, "{}: {} is {}; a whole number from 1 to {} was wanted", who_, key, value,
                        kMost);
        return static_cast<std::int64_t>(value);
    }
    Result<std::vector<std::int32_t>> ids(std::string_view key, std::int64_t vocabulary) const {
        std::vector<std::int32_t> ids;
        const Json& list = json_.at(std::string(key));
        for (const Json& id : list) {
            if (!list.is_array() || !id.is_number_unsigned() || id.get<std::uint64_t>() >= std::uint64_t(vocabulary))
                return fail(ErrorKind::corrupt, "{}: {} is {}; a list of ids below {} was wanted", who_, key,
                            shown_json(list), vocabulary);
            ids.push_back(id.get<std::int32_t>());
        }
        return ids;
    }
    Result<Params> object(std::string_view key) const {
        const Json& value = json_.at(std::string(key));
        if (!value.is_object()) return fail(ErrorKind::corrupt, "{}: {} is no object", who_, key);
        return Params(value, who_);
    }
    std::string text(std::string_view key) const {
        return has(key) && json_.at(std::string(key)).is_string() ? json_.at(std::string(key)).get<std::string>() : "";
    }
    bool flag(std::string_view key) const { return has(key) && json_.at(std::string(key)) == true; }

private:
    const Json& json_;
    std::string_view who_;
};

// The feed-forward width that Meta's code makes of the model's width: two thirds of four times it, stretched, rounded
// up.
Result<std::int64_t> meta_ffn_width(const Params& params, std::int64_t width) {
    if (params.has("hidden_dim")) return params.size("hidden_dim");
    const std::int64_t multiple = CRIA_TRY(params.size("multiple_of"));
    auto hidden = static_cast<double>(8 * width / 3);
    if (params.has("ffn_dim_multiplier")) hidden = std::floor(CRIA_TRY(params.number("ffn_dim_multiplier")) * hidden);
    if (!(hidden >= 1 && hidden < 1e9)) return hidden < 1 ? std::int64_t{0} : std::int64_t{1} << 40;
    return (static_cast<std::int64_t>(hidden) + multiple - 1) / multiple * multiple;
}

bool is_small_llama_3_2(const LlamaConfig& config) {
    for (const char* name : {"llama3.2-1b", "llama3.2-3b"}) {
        const LlamaConfig known = config_named(name).value();
        if (config.layers == known.layers && config.width == known.width && config.ffn_width == known.ffn_width)
            return true;
    }
    return false;
}

bool names_an_instruct_model(const Path& folder) {
    const std::string name = lower_ascii(folder.filename().string());
    return name.contains("instruct") || name.contains("guard") || name.contains("chat");
}

// The quantised releases (model/meta_int4.h).
Status read_quantization(const Params& params, const std::string& who, LlamaConfig& config) {
    if (params.has("quantization_args")) {
        const Params quantised = CRIA_TRY(params.object("quantization_args"));
        const std::string scheme = quantised.text("scheme");
        if (scheme != "int4_weight_int8_dynamic_activation")
            return fail(ErrorKind::unsupported,
                        "{}: quantization_args has the scheme '{}'; int4_weight_int8_dynamic_activation can be opened",
                        who, scheme);
        config.rotates_ffn = quantised.flag("spinquant");
    }
    if (params.has("lora_args")) {
        const Params adaptors = CRIA_TRY(params.object("lora_args"));
        config.lora_rank = CRIA_TRY(adaptors.size("rank"));
        config.lora_scale = static_cast<float>(CRIA_TRY(adaptors.number("scale")));
    }
    return {};
}

Result<LlamaConfig> config_from_params(const Json& json, const ModelFiles& files) {
    const std::string who = files.config.string();
    if (!json.is_object()) return fail(ErrorKind::corrupt, "{}: not a JSON object", who);
    const Params params(json.contains("model") && json["model"].is_object() ? json["model"] : json, who);
    if (params.has("vision_chunk_size"))
        return fail(ErrorKind::unsupported, "{}: has vision_chunk_size; vision checkpoints cannot be opened yet", who);
    LlamaConfig config;
    if (files.format == ModelFormat::meta) CRIA_TRY(read_quantization(params, who, config));
    config.width = CRIA_TRY(params.size("dim"));
    config.layers = CRIA_TRY(params.size("n_layers"));
    config.heads = CRIA_TRY(params.size("n_heads"));
    config.kv_heads = params.has("n_kv_heads") ? CRIA_TRY(params.size("n_kv_heads")) : config.heads;
    if (config.width % config.heads != 0)
        return fail(ErrorKind::corrupt, "{}: dim is {}, no multiple of the {} heads", who, config.width, config.heads);
    config.head_dim = config.width / config.heads;
    config.ffn_width = CRIA_TRY(meta_ffn_width(params, config.width));
    config.vocabulary = CRIA_TRY(params.size("vocab_size"));
    config.norm_epsilon = static_cast<float>(CRIA_TRY(params.number("norm_eps")));
    const char* theta = params.has("rope_freq_base") ? "rope_freq_base" : "rope_theta";
    config.rope_theta = static_cast<float>(CRIA_TRY(params.number(theta)));
    const bool small = is_small_llama_3_2(config), quantised = params.has("quantization_args");
    config.tied_embeddings = params.has("tied_embeddings") ? params.flag("tied_embeddings") : small && !quantised;
    if (params.flag("use_scaled_rope")) config.rope_scaling = RopeScaling{.factor = small ? 32.0f : 8.0f};
    if (config.rope_scaling && params.has("rope_scaling_factor"))
        config.rope_scaling->factor = static_cast<float>(CRIA_TRY(params.number("rope_scaling_factor")));
    config.context = config.rope_scaling ? kLongContext : kShortContext;
    if (params.has("max_seq_len")) config.context = CRIA_TRY(params.size("max_seq_len"));
    const auto ordinary = static_cast<std::int32_t>(std::max<std::int64_t>(config.vocabulary - kControlTokens, 0));
    config.bos_id = ordinary + kBegin;
    config.eos_ids = {ordinary + kEndOfText};
    if (params.has("eos_token_id"))
        config.eos_ids = CRIA_TRY(params.ids("eos_token_id", config.vocabulary));
    else if (names_an_instruct_model(files.folder))
        config.eos_ids.insert(config.eos_ids.end(), {ordinary + kEndOfMessage, ordinary + kEndOfTurn});
    return checked(std::move(config), who);
}

// ---- ExecuTorch ----

// params.json, and what only the program says: which tokens a trimmed output has, and the rotary scaling's factor.
Result<LlamaConfig> config_from_program(Os& os, const ModelFiles& files, const Json& json) {
    LlamaConfig config = CRIA_TRY(config_from_params(json, files));
    const std::string who = files.config.string();
    const Params params(json.contains("model") && json["model"].is_object() ? json["model"] : json, who);
    for (const char* key : {"use_hf_rope", "use_qk_norm", "attention_qkv_bias", "moe"})
        if (params.flag(key))
            return fail(ErrorKind::unsupported, "{}: {} is true; Meta's Llama 3 has nothing such", who, key);
    config.tied_embeddings = false;  // a program holds both, even where they are the same numbers
    const std::string program_name = files.weights.front().string();
    const ExecutorchProgram program = CRIA_TRY(open_executorch(os, files.weights.front()));
    const ExecutorchLlama llama = CRIA_TRY(find_llama(program, config, program_name));
    config.output_ids = llama.output_ids;
    const auto scaling = CRIA_TRY(scaling_of(llama, config, program_name));
    if (params.has("use_scaled_rope") && scaling.has_value() != config.rope_scaling.has_value())
        return fail(ErrorKind::corrupt, "{}: use_scaled_rope is {}, but the angles in {} are {}", who,
                    config.rope_scaling.has_value(), program_name, scaling ? "scaled" : "not scaled");
    config.rope_scaling = scaling;
    if (!params.has("max_seq_len")) config.context = scaling ? kLongContext : kShortContext;
    return checked(std::move(config), who);
}

// ---- GGUF ----

// By what each rotary frequency is divided; the file says it number by number, Llama 3's rule gives the same from a
// factor.
Result<std::optional<RopeScaling>> scaling_of(const GgufFile& file, const LlamaConfig& config, std::string_view who) {
    const GgufEntry* entry = file.find("rope_freqs.weight");
    if (entry == nullptr) return std::nullopt;
    if (entry->type != ElementType(DType::f32) || entry->shape != Shape{config.head_dim / 2})
        return fail(ErrorKind::corrupt, "{}: rope_freqs.weight is {} of {}; {} of f32 was wanted", who,
                    entry->shape.text(), name_of(entry->type), Shape{config.head_dim / 2}.text());
    const Tensor tensor = file.tensor(*entry);
    const auto divisors = tensor.f32_span();
    RopeScaling scaling;
    scaling.factor = *std::ranges::max_element(divisors);
    const auto plain = rope_frequencies(config.head_dim, config.rope_theta, nullptr);
    const auto scaled = rope_frequencies(config.head_dim, config.rope_theta, &scaling);
    for (std::size_t i = 0; i < divisors.size(); ++i)
        if (!(std::abs(divisors[i] * scaled[i] / plain[i] - 1) < 1e-3f))
            return fail(ErrorKind::unsupported,
                        "{}: rope_freqs.weight is not Llama 3's scaling by {} from a context of {}", who,
                        scaling.factor, scaling.original_context);
    return scaling;
}

Result<std::int64_t> integer_or(const GgufFile& file, std::string_view key, std::int64_t otherwise) {
    if (!file.metadata().contains(key)) return otherwise;
    return file.integer(key);
}

Result<std::int32_t> gguf_token_id(const GgufFile& file, std::string_view key, std::string_view who) {
    const std::int64_t id = CRIA_TRY(integer_or(file, key, -1));
    if (id < -1 || id > INT32_MAX) return fail(ErrorKind::corrupt, "{}: {} is {}, which is no token id", who, key, id);
    return static_cast<std::int32_t>(id);
}

// The parts of one model. Metadata stands in the first, tensors in any.
using GgufParts = std::vector<GgufFile>;

const GgufEntry* find_tensor(const GgufParts& parts, std::string_view name) {
    for (const GgufFile& part : parts)
        if (const GgufEntry* entry = part.find(name)) return entry;
    return nullptr;
}

Result<LlamaConfig> config_from_gguf(const GgufParts& parts, std::string_view who) {
    const GgufFile& file = parts.front();
    const std::string architecture = CRIA_TRY(file.text("general.architecture"));
    if (architecture != "llama")
        return fail(ErrorKind::unsupported, "{}: holds a model of architecture '{}'; Cria runs 'llama'", who,
                    architecture);
    LlamaConfig config;
    config.layers = CRIA_TRY(file.integer("llama.block_count"));
    config.width = CRIA_TRY(file.integer("llama.embedding_length"));
    config.ffn_width = CRIA_TRY(file.integer("llama.feed_forward_length"));
    config.heads = CRIA_TRY(file.integer("llama.attention.head_count"));
    config.kv_heads = CRIA_TRY(integer_or(file, "llama.attention.head_count_kv", config.heads));
    config.context = CRIA_TRY(file.integer("llama.context_length"));
    const std::int64_t even_share = config.heads > 0 ? config.width / config.heads : 0;
    const std::int64_t rotated = CRIA_TRY(integer_or(file, "llama.rope.dimension_count", even_share));
    config.head_dim = CRIA_TRY(integer_or(file, "llama.attention.key_length", rotated));
    if (rotated != config.head_dim)
        return fail(ErrorKind::unsupported, "{}: turns {} of the {} numbers of a head; Llama turns all", who, rotated,
                    config.head_dim);
    config.norm_epsilon = static_cast<float>(CRIA_TRY(file.number("llama.attention.layer_norm_rms_epsilon")));
    config.rope_theta = 10000.0f;  // where the file says nothing, as llama.cpp
    if (file.metadata().contains("llama.rope.freq_base"))
        config.rope_theta = static_cast<float>(CRIA_TRY(file.number("llama.rope.freq_base")));
    const GgufEntry* embedding = find_tensor(parts, "token_embd.weight");
    if (embedding == nullptr) return fail(ErrorKind::corrupt, "{}: tensor 'token_embd.weight' is missing", who);
    config.vocabulary = embedding->shape.rows();
    config.tied_embeddings = find_tensor(parts, "output.weight") == nullptr;
    config.bos_id = CRIA_TRY(gguf_token_id(file, "tokenizer.ggml.bos_token_id", who));
    config.eos_ids.clear();
    for (const char* key :
         {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
        const std::int32_t id = CRIA_TRY(gguf_token_id(file, key, who));
        if (id >= 0 && std::ranges::find(config.eos_ids, id) == config.eos_ids.end()) config.eos_ids.push_back(id);
    }
    config = CRIA_TRY(checked(std::move(config), who));
    config.rope_scaling = CRIA_TRY(scaling_of(file, config, who));
    return config;
}

Result<Tokenizer> tokenizer_in(const GgufFile& file, std::string_view who) {
    const std::string model = CRIA_TRY(file.text("tokenizer.ggml.model")),
                      rule = CRIA_TRY(file.text("tokenizer.ggml.pre"));
    if (model != "gpt2" || rule != "llama-bpe")
        return fail(ErrorKind::unsupported, "{}: a tokenizer '{}' with the rule '{}'; Llama 3's is gpt2 with llama-bpe",
                    who, model, rule);
    const auto tokens = CRIA_TRY(file.texts("tokenizer.ggml.tokens"));
    const auto types = CRIA_TRY(file.integers("tokenizer.ggml.token_type"));
    const auto merges = CRIA_TRY(file.texts("tokenizer.ggml.merges"));
    return tokenizer_from_gguf(tokens, types, merges.size(), who);
}

}  // namespace

Result<LlamaConfig> read_config(Os& os, const ModelFiles& files) {
    const std::string who = files.config.string();
    if (files.format == ModelFormat::gguf) {
        GgufParts parts;
        for (const Path& path : files.weights) parts.push_back(CRIA_TRY(open_gguf(os, path)));
        return config_from_gguf(parts, who);
    }
    const std::string text = CRIA_TRY(read_text(os, files.config, kMaxConfigBytes));
    const Json json = CRIA_TRY(parse_json(text, who));
    switch (files.format) {
        case ModelFormat::meta: return config_from_params(json, files);
        case ModelFormat::executorch: return config_from_program(os, files, json);
        default: return config_from_json(json, who);
    }
}

Result<Tokenizer> read_tokenizer(Os& os, const ModelFiles& files) {
    if (files.format == ModelFormat::gguf)
        return tokenizer_in(CRIA_TRY(open_gguf(os, files.config)), files.config.string());
    if (!files.tokenizer)
        return fail(ErrorKind::not_found, "{} has no tokenizer.json and no tokenizer.model", files.folder.string());
    return load_tokenizer(os, *files.tokenizer);
}

Status write_config_json(Os& os, const Path& folder, const LlamaConfig& config, DType dtype) {
    OrderedJson json = config_to_json(config);
    json["torch_dtype"] = dtype == DType::f32 ? "float32" : dtype == DType::bf16 ? "bfloat16" : "float16";
    return write_atomically(os, folder / "config.json", json_text(json, 2) + "\n");
}

}  // namespace cria
