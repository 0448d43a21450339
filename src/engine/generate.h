// One answer: prompt ids in, tokens out, with sampling, stops and a callback for each token.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"
#include "engine/sampler.h"
#include "model/llama.h"
#include "text/tokenizer.h"

namespace cria {

enum class StopReason { end_of_turn, end_of_message, stop_string, max_tokens, context_full, cancelled };

struct GenerateOptions {
    SamplingOptions sampling{};
    std::int64_t max_tokens = -1;             // -1: until the context is full
    std::vector<std::string> stop_strings{};  // the answer ends before the first one found
    std::int64_t prompt_chunk = 512;          // rows per pass of a prompt
    const std::atomic<bool>* cancel = nullptr;  // looked at before every pass
};

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;      // of the prompt, found in the cache
    std::int64_t completion_tokens = 0;
};

struct Timings {
    std::chrono::nanoseconds first_token{0};  // from the call to the first token
    std::chrono::nanoseconds prompt{0};
    std::chrono::nanoseconds decode{0};       // all tokens after the first
};

struct Generation {
    std::vector<TokenId> ids;        // without the stop token
    std::string text;                // decoded, complete UTF-8
    bool python_tag = false;         // <|python_tag|> opened the answer
    StopReason stop = StopReason::end_of_turn;
    Usage usage;
    Timings timings;
    std::vector<TokenLogProbs> logprobs;  // when asked for
};

// A model with one sequence: keeps the cache between calls and reuses the common prefix of prompts.
// One thread at a time.
class Session {
public:
    Session(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, std::int64_t context);

    // `on_text` receives pieces of complete UTF-8 as they come (may be empty-handed for control tokens).
    // An error when the prompt is empty, has ids out of range, or does not fit the context (both numbers).
    Result<Generation> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                FunctionRef<void(std::string_view)> on_text);
    // Logits [ids, vocabulary] of a whole sequence, from an empty cache; `stepwise` decodes one id at a time.
    Result<Tensor> logits(std::span<const TokenId> ids, bool stepwise);

    std::int64_t context() const { return cache_.capacity(); }

private:
    Os& os_;
    const Llama& model_;
    const Tokenizer& tokenizer_;
    Compute compute_;
    Arena arena_;
    KvCache cache_;
    std::vector<TokenId> cached_ids_;  // what the cache holds
};

}  // namespace cria
