// What a request may ask of an answer, and what an answer is.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/sampler.h"
#include "text/tokenizer.h"

namespace cria {

enum class StopReason { end_of_turn, end_of_message, stop_string, max_tokens, context_full, cancelled };
std::string_view name_of(StopReason reason);

struct GenerateOptions {
    SamplingOptions sampling{};
    std::int64_t max_tokens = -1;               // -1: until the context is full
    std::vector<std::string> stop_strings{};    // the answer ends before the first one found
    std::vector<TokenId> stop_ids{};            // besides the model's own and the tokenizer's end tokens
    bool ignore_end = false;                    // go on after the model's end of turn, to the other limits
    bool drafts = true;                         // guess and check several tokens a pass where that pays (draft.h)
    const std::atomic<bool>* cancel = nullptr;  // looked at before every pass and after every token
};

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;  // of the prompt, found in the cache
    std::int64_t completion_tokens = 0;
    std::int64_t drafted_tokens = 0;  // guesses checked, and those of them that were right
    std::int64_t accepted_tokens = 0;
};

struct Timings {
    std::chrono::nanoseconds first_token{0};  // from the request to the first token
    std::chrono::nanoseconds prompt{0};
    std::chrono::nanoseconds decode{0};  // all tokens after the first
};

struct Generation {
    std::vector<TokenId> ids;  // without the stop token
    std::string text;          // decoded, complete UTF-8
    bool python_tag = false;   // <|python_tag|> opened the answer
    StopReason stop = StopReason::end_of_turn;
    Usage usage;
    Timings timings;
    std::vector<TokenLogProbs> logprobs;  // when asked for
};

}  // namespace cria
