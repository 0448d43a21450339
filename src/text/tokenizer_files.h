// Tokenizers as files: Meta's tokenizer.model and Hugging Face's tokenizer.json, read and written.
//
// Formats: tokenizer.model is tiktoken's, a line "base64(bytes) rank" for every token, without control tokens.
// tokenizer.json is that of the package `tokenizers`; only the Llama 3 family is taken: byte-level BPE with
// Llama 3's split rule, whose merges are all the ways to cut a token into two.
// In errors, `who` is the file that the text came from.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "text/tokenizer.h"

namespace cria {

// Who named the 256 control tokens of Llama 3.1 and 3.2. They differ in what is reserved.
enum class Llama3Names {
    meta,                 // llama_models: step_id, image at n + 11
    hugging_face,         // text models and Guard
    hugging_face_vision,  // mllama: 257 tokens; image is the last
};
// The control tokens after `ordinary` ordinary ones; Llama's own have 128000.
std::map<std::string, TokenId> llama3_specials(std::size_t ordinary, Llama3Names names = Llama3Names::meta);

Result<std::vector<std::string>> parse_tiktoken_ranks(std::string_view text, std::string_view who);
std::string write_tiktoken_ranks(const std::vector<std::string>& ranks);

Result<Tokenizer> parse_tokenizer_json(std::string_view text, std::string_view who);
// Loads in `tokenizers` and gives the same ids there, also for control tokens. Every encoding there begins with
// <|begin_of_text|> where such a token exists.
std::string write_tokenizer_json(const Tokenizer& tokenizer);

// All pairs of tokens that join into one, "left right" in GPT-2's alphabet of bytes, in the order of what they make:
// the merges of tokenizer.json and of GGUF.
std::vector<std::string> merge_texts(const Tokenizer& tokenizer);

// The vocabulary of a GGUF file (tokenizer.ggml.tokens, token_type 3 for control tokens, merges; tokenizer.ggml.pre
// "llama-bpe"). Tokens are spelt in GPT-2's alphabet of bytes, control tokens as they are; ordinary ones come first.
Result<Tokenizer> tokenizer_from_gguf(const std::vector<std::string>& tokens, const std::vector<std::int64_t>& types,
                                      std::size_t merges, std::string_view who);

// `path`: a file in one of the forms, or a folder with tokenizer.json or else tokenizer.model. The control tokens of
// a tokenizer.model are Meta's.
Result<Tokenizer> load_tokenizer(Os& os, const Path& path);

}  // namespace cria
