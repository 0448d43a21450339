// The numbers that make a Llama: one description for 1B, 3B, 8B, 70B, the Guards, and our own small ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "ops/ops.h"

namespace cria {

struct LlamaConfig {
    std::int64_t layers = 0;
    std::int64_t width = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::int64_t ffn_width = 0;
    std::int64_t vocabulary = 0;
    std::int64_t context = 0;
    float norm_epsilon = 1e-5f;
    float rope_theta = 500000.0f;
    std::optional<RopeScaling> rope_scaling{};
    bool tied_embeddings = false;
    float initializer_range = 0.02f;  // the standard deviation of random weights
    std::int32_t bos_id = 128000;
    std::vector<std::int32_t> eos_ids{128001};
    // Of Meta's quantised releases: low-rank adaptors beside the matrices of the layers (0: none), and a Hadamard
    // transform of the feed-forward activations before the last product.
    std::int64_t lora_rank = 0;
    float lora_scale = 1.0f;
    bool rotates_ffn = false;
    // The tokens that the rows of the output layer stand for where it was trimmed to some; all others have a logit of
    // -infinity. Empty: it has a row for each token.
    std::vector<std::int32_t> output_ids{};
    // Layers (in Hugging Face's merged numbering) that attend to an image; none in text models.
    std::vector<std::int64_t> cross_attention_layers{};

    std::int64_t kv_width() const { return kv_heads * head_dim; }
    std::int64_t query_width() const { return heads * head_dim; }
    std::int64_t output_rows() const {
        return output_ids.empty() ? vocabulary : static_cast<std::int64_t>(output_ids.size());
    }
    std::int64_t parameters() const;
    friend bool operator==(const LlamaConfig&, const LlamaConfig&) = default;
};

// Every number in range and fitting the others; the error names the key, its value and what was wanted.
Status check_config(const LlamaConfig& config);
// Hugging Face config.json (both generations of keys), checked.
Result<LlamaConfig> config_from_json(const Json& json, std::string_view who);
OrderedJson config_to_json(const LlamaConfig& config);
// "llama3.2-1b", "llama3.2-3b", "llama3.1-8b", "llama3.1-70b", "llama-guard3-1b", "llama-guard3-8b", ...
Result<LlamaConfig> config_named(std::string_view name);
std::vector<std::string_view> config_names();

}  // namespace cria
