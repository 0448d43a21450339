#include "model/config.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/nearest.h"

namespace cria {
namespace {

struct Bound {
    std::string_view key;
    std::int64_t value;
    std::int64_t least;
    std::int64_t most;
};

Status check_bounds(const LlamaConfig& c) {
    const std::array<Bound, 8> bounds{{
        {"num_hidden_layers", c.layers, 1, 1024},
        {"hidden_size", c.width, 1, 1 << 16},
        {"num_attention_heads", c.heads, 1, 1024},
        {"num_key_value_heads", c.kv_heads, 1, 1024},
        {"head_dim", c.head_dim, 2, 512},
        {"intermediate_size", c.ffn_width, 1, 1 << 20},
        {"vocab_size", c.vocabulary, 1, 1 << 22},
        {"max_position_embeddings", c.context, 1, 1 << 24},
    }};
    for (const Bound& b : bounds)
        if (b.value < b.least || b.value > b.most)
            return fail(ErrorKind::invalid_input, "{} is {}; {} to {} is possible", b.key, b.value, b.least, b.most);
    return {};
}

Status check_initializer(const LlamaConfig& c) {
    if (c.initializer_range >= 0.0f && c.initializer_range <= 10.0f) return {};
    return fail(ErrorKind::invalid_input, "initializer_range is {}; 0 to 10 is possible", c.initializer_range);
}

Status check_rope(const LlamaConfig& c) {
    if (!(c.rope_theta >= 1.0f && c.rope_theta <= 1e12f))
        return fail(ErrorKind::invalid_input, "rope_theta is {}; 1 to 1e12 is possible", c.rope_theta);
    if (!c.rope_scaling) return {};
    const RopeScaling& s = *c.rope_scaling;
    if (!(s.factor >= 1.0f && s.factor <= 1e6f))
        return fail(ErrorKind::invalid_input, "the rope scaling's factor is {}; 1 to 1e6 is possible", s.factor);
    if (!(s.low_frequency_factor > 0.0f && s.high_frequency_factor > s.low_frequency_factor &&
          s.high_frequency_factor <= 1e6f))
        return fail(ErrorKind::invalid_input,
                    "the rope scaling's low_freq_factor is {} and high_freq_factor {}; 0 < low < high is wanted",
                    s.low_frequency_factor, s.high_frequency_factor);
    if (!(s.original_context >= 1.0f && s.original_context <= 1e9f))
        return fail(ErrorKind::invalid_input,
                    "the rope scaling's original_max_position_embeddings is {}; 1 to 1e9 is possible",
                    s.original_context);
    return {};
}

Status check_ids(const LlamaConfig& c) {
    if (c.bos_id < -1 || c.bos_id >= c.vocabulary)
        return fail(ErrorKind::invalid_input, "bos_token_id is {}; the vocabulary has {} ids", c.bos_id, c.vocabulary);
    for (const std::int32_t id : c.eos_ids)
        if (id < 0 || id >= c.vocabulary)
            return fail(ErrorKind::invalid_input, "eos_token_id is {}; the vocabulary has {} ids", id, c.vocabulary);
    for (std::size_t i = 0; i < c.cross_attention_layers.size(); ++i) {
        const std::int64_t layer = c.cross_attention_layers[i];
        const std::int64_t before = i == 0 ? -1 : c.cross_attention_layers[i - 1];
        if (layer <= before || layer >= c.layers)
            return fail(ErrorKind::invalid_input,
                        "cross_attention_layers names layer {}; increasing numbers below {} are wanted", layer,
                        c.layers);
    }
    return {};
}

RopeScaling llama3_scaling(float factor) { return {.factor = factor}; }

LlamaConfig preset(std::int64_t layers, std::int64_t width, std::int64_t heads, std::int64_t ffn, float factor,
                   bool tied) {
    LlamaConfig c;
    c.layers = layers;
    c.width = width;
    c.heads = heads;
    c.kv_heads = 8;
    c.head_dim = width / heads;
    c.ffn_width = ffn;
    c.vocabulary = 128256;
    c.context = 131072;
    c.rope_scaling = llama3_scaling(factor);
    c.tied_embeddings = tied;
    return c;
}

// The text part of a vision model: every fifth layer, from the fourth, attends to the image.
LlamaConfig with_cross_attention(LlamaConfig c) {
    for (std::int64_t layer = 3; layer < c.layers; layer += 5) c.cross_attention_layers.push_back(layer);
    return c;
}

struct Named {
    std::string_view name;
    LlamaConfig config;
};

const std::array<Named, 9>& presets() {
    static const std::array<Named, 9> all{{
        {"llama3.2-1b", preset(16, 2048, 32, 8192, 32, true)},
        {"llama3.2-3b", preset(28, 3072, 24, 8192, 32, true)},
        {"llama3.1-8b", preset(32, 4096, 32, 14336, 8, false)},
        {"llama3.1-70b", preset(80, 8192, 64, 28672, 8, false)},
        {"llama3.2-11b-vision", with_cross_attention(preset(40, 4096, 32, 14336, 8, false))},
        {"llama3.2-90b-vision", with_cross_attention(preset(100, 8192, 64, 28672, 8, false))},
        {"llama-guard3-1b", preset(16, 2048, 32, 8192, 32, false)},
        {"llama-guard3-1b-pruned", preset(12, 2048, 32, 6400, 32, false)},
        {"llama-guard3-8b", preset(32, 4096, 32, 14336, 8, false)},
    }};
    return all;
}

}  // namespace

std::int64_t LlamaConfig::parameters() const {
    const auto crossing = static_cast<std::int64_t>(cross_attention_layers.size());
    const std::int64_t attention = width * (query_width() + 2 * kv_width()) + query_width() * width;
    const std::int64_t layer = 2 * width + attention + 3 * width * ffn_width;
    // A cross-attention layer has the same matrices, norms of queries and keys, and two gates; its model's
    // embedding has eight rows more than the vocabulary, for the image token and its like.
    const std::int64_t crossing_extra = crossing * (2 * head_dim + 2) + (crossing > 0 ? 8 * width : 0);
    const std::int64_t outside = (vocabulary + (tied_embeddings ? 0 : output_rows())) * width;
    return outside + layers * layer + width + crossing_extra;
}

Status check_config(const LlamaConfig& c) {
    CRIA_TRY(check_bounds(c));
    if (c.heads % c.kv_heads != 0)
        return fail(ErrorKind::invalid_input,
                    "num_attention_heads is {} and num_key_value_heads {}; the first must be a multiple of the second",
                    c.heads, c.kv_heads);
    if (c.head_dim % 2 != 0)
        return fail(ErrorKind::invalid_input, "head_dim is {}; rotary positions need an even number", c.head_dim);
    if (!(c.norm_epsilon > 0.0f && c.norm_epsilon < 1.0f))
        return fail(ErrorKind::invalid_input, "rms_norm_eps is {}; a number between 0 and 1 is wanted", c.norm_epsilon);
    if (c.rotates_ffn && !std::has_single_bit(static_cast<std::uint64_t>(c.ffn_width)))
        return fail(ErrorKind::unsupported, "intermediate_size is {}; its rotation needs a power of two", c.ffn_width);
    if (c.lora_rank < 0 || c.lora_rank > 1024)
        return fail(ErrorKind::invalid_input, "the adaptors' rank is {}; 0 to 1024 is possible", c.lora_rank);
    CRIA_TRY(check_initializer(c));
    CRIA_TRY(check_rope(c));
    return check_ids(c);
}

Result<LlamaConfig> config_named(std::string_view name) {
    for (const Named& named : presets())
        if (named.name == name) return named.config;
    const auto names = config_names();
    const std::vector<std::string> known(names.begin(), names.end());
    const std::string_view near = nearest(name, known);
    if (!near.empty()) return fail(ErrorKind::not_found, "no configuration '{}'; did you mean '{}'?", name, near);
    return fail(ErrorKind::not_found, "no configuration '{}'; known are {}", name, fmt::join(names, ", "));
}

std::vector<std::string_view> config_names() {
    std::vector<std::string_view> names;
    for (const Named& named : presets()) names.push_back(named.name);
    return names;
}

}  // namespace cria
