// config.json, in the form of Hugging Face's transformers: before version 5 (rope_theta and rope_scaling
// side by side) and from it on (one rope_parameters object).
#include <charconv>
#include <limits>

#include "model/config.h"

namespace cria {
namespace {

// Reads the keys of one JSON object; an absent key and null are the same.
class Keys {
public:
    Keys(const Json& json, std::string_view who) : json_(json), who_(who) {}

    const Json* find(std::string_view key) const {
        if (!json_.is_object()) return nullptr;
        const auto it = json_.find(key);
        return it == json_.end() || it->is_null() ? nullptr : &*it;
    }

    Result<std::int64_t> integer(std::string_view key, std::optional<std::int64_t> otherwise = {}) const {
        const Json* value = find(key);
        if (value == nullptr && otherwise) return *otherwise;
        if (value == nullptr) return fail(ErrorKind::corrupt, "{}: {} is missing", who_, key);
        return integer_of(*value, key);
    }

    Result<std::int64_t> integer_of(const Json& value, std::string_view key) const {
        if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
            return wrong(value, key, "a whole number below 2^63");
        if (!value.is_number_integer()) return wrong(value, key, "a whole number");
        return value.get<std::int64_t>();
    }

    Result<float> number(std::string_view key, float otherwise) const {
        const Json* value = find(key);
        if (value == nullptr) return otherwise;
        if (!value->is_number()) return wrong(*value, key, "a number");
        return static_cast<float>(value->get<double>());
    }

    Result<bool> flag(std::string_view key, bool otherwise) const {
        const Json* value = find(key);
        if (value == nullptr) return otherwise;
        if (!value->is_boolean()) return wrong(*value, key, "true or false");
        return value->get<bool>();
    }

    Result<std::string> text(std::string_view key, std::string_view otherwise) const {
        const Json* value = find(key);
        if (value == nullptr) return std::string(otherwise);
        if (!value->is_string()) return wrong(*value, key, "a string");
        return value->get<std::string>();
    }

    // One whole number or a list of them.
    Result<std::vector<std::int64_t>> integers(std::string_view key) const {
        constexpr std::size_t kMost = 4096;
        const Json* value = find(key);
        std::vector<std::int64_t> all;
        if (value == nullptr) return all;
        if (!value->is_array()) return std::vector{CRIA_TRY(integer_of(*value, key))};
        if (value->size() > kMost)
            return fail(ErrorKind::invalid_input, "{}: {} has {} entries; at most {} are possible", who_, key,
                        value->size(), kMost);
        for (const Json& one : *value) all.push_back(CRIA_TRY(integer_of(one, key)));
        return all;
    }

    std::unexpected<Error> wrong(const Json& value, std::string_view key, std::string_view wanted) const {
        return fail(ErrorKind::corrupt, "{}: {} is {}; {} is wanted", who_, key, shown_json(value), wanted);
    }

    std::string_view who() const { return who_; }

private:
    const Json& json_;
    std::string_view who_;
};

Result<std::int32_t> token_id(std::int64_t id, std::string_view key, std::string_view who) {
    if (id < -1 || id > std::numeric_limits<std::int32_t>::max())
        return fail(ErrorKind::invalid_input, "{}: {} is {}, which is no token id", who, key, id);
    return static_cast<std::int32_t>(id);
}

Status refuse_what_we_lack(const Keys& keys) {
    const std::string activation = CRIA_TRY(keys.text("hidden_act", "silu"));
    if (activation != "silu")
        return fail(ErrorKind::unsupported, "{}: hidden_act is '{}'; Llama's 'silu' is what Cria computes", keys.who(),
                    activation);
    for (const std::string_view key : {"attention_bias", "mlp_bias"})
        if (CRIA_TRY(keys.flag(key, false)))
            return fail(ErrorKind::unsupported, "{}: {} is true; Llama's layers have no biases", keys.who(), key);
    return {};
}

Result<std::optional<RopeScaling>> read_scaling(const Json* json, std::string_view who) {
    if (json == nullptr) return std::nullopt;
    if (!json->is_object()) return fail(ErrorKind::corrupt, "{}: the rope scaling is not an object", who);
    const Keys keys(*json, who);
    const std::string older = CRIA_TRY(keys.text("type", "default"));
    const std::string type = CRIA_TRY(keys.text("rope_type", older));
    if (type == "default") return std::nullopt;
    if (type != "llama3")
        return fail(ErrorKind::unsupported, "{}: rope scaling of type '{}'; 'llama3' and 'default' are known", who,
                    type);
    RopeScaling scaling;
    scaling.factor = CRIA_TRY(keys.number("factor", scaling.factor));
    scaling.low_frequency_factor = CRIA_TRY(keys.number("low_freq_factor", scaling.low_frequency_factor));
    scaling.high_frequency_factor = CRIA_TRY(keys.number("high_freq_factor", scaling.high_frequency_factor));
    const auto original = static_cast<std::int64_t>(scaling.original_context);
    scaling.original_context = static_cast<float>(CRIA_TRY(keys.integer("original_max_position_embeddings", original)));
    return scaling;
}

Status read_rope(const Keys& keys, LlamaConfig& config) {
    constexpr float kTransformersDefault = 10000.0f;
    if (const Json* parameters = keys.find("rope_parameters")) {
        config.rope_scaling = CRIA_TRY(read_scaling(parameters, keys.who()));
        config.rope_theta = CRIA_TRY(Keys(*parameters, keys.who()).number("rope_theta", kTransformersDefault));
        return {};
    }
    config.rope_scaling = CRIA_TRY(read_scaling(keys.find("rope_scaling"), keys.who()));
    config.rope_theta = CRIA_TRY(keys.number("rope_theta", kTransformersDefault));
    return {};
}

Status read_sizes(const Keys& keys, LlamaConfig& config) {
    config.layers = CRIA_TRY(keys.integer("num_hidden_layers"));
    config.width = CRIA_TRY(keys.integer("hidden_size"));
    config.heads = CRIA_TRY(keys.integer("num_attention_heads"));
    config.kv_heads = CRIA_TRY(keys.integer("num_key_value_heads", config.heads));
    const std::int64_t even_share = config.heads > 0 ? config.width / config.heads : 0;
    config.head_dim = CRIA_TRY(keys.integer("head_dim", even_share));
    config.ffn_width = CRIA_TRY(keys.integer("intermediate_size"));
    config.vocabulary = CRIA_TRY(keys.integer("vocab_size"));
    config.context = CRIA_TRY(keys.integer("max_position_embeddings"));
    config.norm_epsilon = CRIA_TRY(keys.number("rms_norm_eps", 1e-6f));
    config.tied_embeddings = CRIA_TRY(keys.flag("tie_word_embeddings", false));
    config.initializer_range = CRIA_TRY(keys.number("initializer_range", config.initializer_range));
    return {};
}

Status read_ids(const Keys& keys, LlamaConfig& config) {
    const std::int64_t bos = CRIA_TRY(keys.integer("bos_token_id", -1));
    config.bos_id = CRIA_TRY(token_id(bos, "bos_token_id", keys.who()));
    config.eos_ids.clear();
    for (const std::int64_t id : CRIA_TRY(keys.integers("eos_token_id")))
        config.eos_ids.push_back(CRIA_TRY(token_id(id, "eos_token_id", keys.who())));
    config.cross_attention_layers = CRIA_TRY(keys.integers("cross_attention_layers"));
    return {};
}

Result<LlamaConfig> read_text_model(const Json& json, std::string_view who) {
    const Keys keys(json, who);
    LlamaConfig config;
    CRIA_TRY(refuse_what_we_lack(keys));
    CRIA_TRY(read_sizes(keys, config));
    CRIA_TRY(read_rope(keys, config));
    CRIA_TRY(read_ids(keys, config));
    if (Status checked = check_config(config); !checked) return prefix(who, std::move(checked).error());
    return config;
}

}  // namespace

Result<LlamaConfig> config_from_json(const Json& json, std::string_view who) {
    if (!json.is_object()) return fail(ErrorKind::corrupt, "{}: not a JSON object", who);
    const Keys keys(json, who);
    const std::string type = CRIA_TRY(keys.text("model_type", "llama"));
    if (type == "mllama") {
        const Json* text = keys.find("text_config");
        if (text == nullptr) return fail(ErrorKind::corrupt, "{}: text_config is missing", who);
        return read_text_model(*text, who);
    }
    if (type != "llama" && type != "mllama_text_model")
        return fail(ErrorKind::unsupported, "{}: model_type is '{}'; Cria runs 'llama'", who, type);
    return read_text_model(json, who);
}

namespace {

// The double with the fewest digits that is this float: 1e-05, not 9.99999974737875e-06.
double shortest(float value) {
    const std::string text = fmt::format("{}", value);
    double wide = 0;
    std::from_chars(text.data(), text.data() + text.size(), wide);
    return wide;
}

}  // namespace

OrderedJson config_to_json(const LlamaConfig& config) {
    OrderedJson json;
    json["architectures"] = {"LlamaForCausalLM"};
    json["model_type"] = "llama";
    json["hidden_size"] = config.width;
    json["intermediate_size"] = config.ffn_width;
    json["num_hidden_layers"] = config.layers;
    json["num_attention_heads"] = config.heads;
    json["num_key_value_heads"] = config.kv_heads;
    json["head_dim"] = config.head_dim;
    json["vocab_size"] = config.vocabulary;
    json["max_position_embeddings"] = config.context;
    json["rms_norm_eps"] = shortest(config.norm_epsilon);
    json["rope_theta"] = shortest(config.rope_theta);
    if (config.rope_scaling) {
        json["rope_scaling"] = {
            {"rope_type", "llama3"},
            {"factor", shortest(config.rope_scaling->factor)},
            {"low_freq_factor", shortest(config.rope_scaling->low_frequency_factor)},
            {"high_freq_factor", shortest(config.rope_scaling->high_frequency_factor)},
            {"original_max_position_embeddings", static_cast<std::int64_t>(config.rope_scaling->original_context)}};
    } else {
        json["rope_scaling"] = nullptr;
    }
    json["tie_word_embeddings"] = config.tied_embeddings;
    json["initializer_range"] = shortest(config.initializer_range);
    json["hidden_act"] = "silu";
    json["attention_bias"] = false;
    json["mlp_bias"] = false;
    if (config.bos_id >= 0) json["bos_token_id"] = config.bos_id;
    if (!config.eos_ids.empty()) json["eos_token_id"] = config.eos_ids;
    if (!config.cross_attention_layers.empty()) {
        json["architectures"] = {"MllamaForCausalLM"};
        json["model_type"] = "mllama_text_model";
        json["cross_attention_layers"] = config.cross_attention_layers;
    }
    return json;
}

}  // namespace cria
