// Models for tests of whole programs: so small that they load at once, and scripted, so that what they say
// is known. The likeliest next token depends on the last token alone: every weight between the embedding and
// the head is zero.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/os.h"
#include "model/llama.h"
#include "text/tokenizer_files.h"

namespace cria {

struct TinyModel {
    // After a prompt (which ends with a line break) the model says these pieces, each a token, and then ends
    // its turn, or with `endless` begins again. No piece may come twice.
    std::vector<std::string> says;
    bool endless = false;
    std::int64_t context = 4096;
};

// A script of one byte a token.
inline std::vector<std::string> letters(std::string_view text) {
    std::vector<std::string> pieces;
    for (const char c : text) pieces.emplace_back(1, c);
    return pieces;
}

namespace detail {

// Every byte, and the pieces that are longer.
inline std::vector<std::string> tiny_ranks(const TinyModel& tiny) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    for (const std::string& piece : tiny.says) {
        if (piece.size() > 1) ranks.push_back(piece);
    }
    return ranks;
}

inline std::map<TokenId, TokenId> tiny_script(const TinyModel& tiny, const Tokenizer& tokenizer) {
    std::map<std::string, TokenId> ids;
    for (TokenId id = 0; id < static_cast<TokenId>(tokenizer.ranks().size()); ++id) {
        ids[tokenizer.ranks()[static_cast<std::size_t>(id)]] = id;
    }
    std::map<TokenId, TokenId> next;
    TokenId last = '\n';
    for (const std::string& piece : tiny.says) {
        next[last] = ids.at(piece);
        last = ids.at(piece);
    }
    next[last] = tiny.endless ? ids.at(tiny.says.front()) : *tokenizer.special("<|eot_id|>");
    return next;
}

inline LlamaConfig tiny_config(const TinyModel& tiny, const Tokenizer& tokenizer) {
    LlamaConfig config;
    config.layers = 1;
    config.vocabulary = tokenizer.size();
    config.width = (config.vocabulary + 63) / 64 * 64;
    config.heads = 1;
    config.kv_heads = 1;
    config.head_dim = 8;
    config.ffn_width = 64;
    config.context = tiny.context;
    config.bos_id = *tokenizer.special("<|begin_of_text|>");
    config.eos_ids = {*tokenizer.special("<|eot_id|>")};
    return config;
}

}  // namespace detail

// Writes config.json, model.safetensors and tokenizer.model.
inline void write_tiny_model(const Path& folder, const TinyModel& tiny) {
    Os& os = real_os();
    CRIA_ASSERT(os.make_folders(folder).has_value());
    const auto ranks = detail::tiny_ranks(tiny);
    const auto tokenizer = Tokenizer::create(ranks, llama3_specials(ranks.size()));
    CRIA_ASSERT(tokenizer.has_value());
    auto model = Llama::random(detail::tiny_config(tiny, *tokenizer), 1, DType::f32, false);
    CRIA_ASSERT(model.has_value());
    for (const Parameter& parameter : model->parameters()) {
        const Tensor& weight = parameter.weight->value;
        if (!parameter.decay) continue;
        std::ranges::fill(weight.f32_span(), 0.0f);
        const std::int64_t width = weight.columns();
        if (parameter.names.front() == "model.embed_tokens.weight") {
            for (std::int64_t i = 0; i < weight.rows(); ++i) weight.f32()[i * width + i] = 1;
        }
        if (parameter.names.front() == "lm_head.weight") {
            for (const auto& [from, to] : detail::tiny_script(tiny, *tokenizer)) weight.f32()[to * width + from] = 1;
        }
    }
    CRIA_ASSERT(model->save(os, folder, DType::bf16).has_value());
    CRIA_ASSERT(write_atomically(os, folder / "tokenizer.model", write_tiktoken_ranks(ranks)).has_value());
}

}  // namespace cria
