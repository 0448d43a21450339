// One answer: prompt ids in, tokens out, with sampling, stops and a callback for each token.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"
#include "engine/draft.h"
#include "engine/sampler.h"
#include "model/llama.h"
#include "text/tokenizer.h"

namespace cria {

enum class StopReason { end_of_turn, end_of_message, stop_string, max_tokens, context_full, cancelled };
std::string_view name_of(StopReason reason);

struct GenerateOptions {
    SamplingOptions sampling{};
    std::int64_t max_tokens = -1;               // -1: until the context is full
    std::vector<std::string> stop_strings{};    // the answer ends before the first one found
    std::vector<TokenId> stop_ids{};            // besides the model's own and the tokenizer's end tokens
    std::int64_t prompt_chunk = 512;            // rows per pass of a prompt
    bool drafts = true;                         // guess and check several tokens a pass where that pays (draft.h)
    const std::atomic<bool>* cancel = nullptr;  // looked at before every pass
};

struct Usage {
    std::int64_t prompt_tokens = 0;
    std::int64_t cached_tokens = 0;  // of the prompt, found in the cache
    std::int64_t completion_tokens = 0;
    std::int64_t drafted_tokens = 0;  // guesses checked, and those of them that were right
    std::int64_t accepted_tokens = 0;
};

struct Timings {
    std::chrono::nanoseconds first_token{0};  // from the call to the first token
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

// A model with one sequence: keeps the cache between calls and reuses the common prefix of prompts.
// One thread at a time.
class Session {
public:
    // `context`: positions of the cache; the model has room for them (Llama::reserve_positions).
    Session(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, std::int64_t context);

    // `on_text` receives pieces of complete UTF-8 as they come (may be empty-handed for control tokens).
    // An error when the prompt is empty, has ids out of range, or does not fit the context (both numbers).
    Result<Generation> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                FunctionRef<void(std::string_view)> on_text);
    // Logits [ids, vocabulary] of a whole sequence, from an empty cache; `stepwise` decodes one id at a time.
    Result<Tensor> logits(std::span<const TokenId> ids, bool stepwise);

    std::int64_t context() const { return cache_.capacity(); }
    // Bytes of the activations of a pass, which a session of this context keeps: of a prompt's chunk of the default
    // size, or of a pass that checks guesses, whichever is more.
    static std::size_t scratch_bytes(const Llama& model, const Kernels& kernels, std::int64_t context);

private:
    class Writer;
    Value run(Pass& pass, std::span<const TokenId> ids);
    std::span<float> next_logits(std::span<const TokenId> ids);
    std::span<float> logits_after(TokenId id, std::int64_t most_guesses, Generation& answer);
    void drop_draft();
    Status check_prompt(std::span<const TokenId> prompt) const;
    void forget_beyond(std::size_t count);
    std::span<float> prefill(std::span<const TokenId> prompt, const GenerateOptions& options, Generation& answer);
    Status decode(std::span<const TokenId> prompt, std::span<float> logits, const GenerateOptions& options,
                  std::int64_t limit, Writer& writer, Generation& answer);
    static bool cancelled(const GenerateOptions& options);

    Os& os_;
    const Llama& model_;
    const Tokenizer& tokenizer_;
    Compute compute_;
    Arena arena_;
    KvCache cache_;
    std::vector<TokenId> cached_ids_;  // what the cache holds
    std::vector<TokenId> history_;     // prompt and answer, for penalties
    // Guesses in the cache that have not been compared yet, and the logits after the token before them and after each.
    struct Draft {
        std::span<const TokenId> guesses;  // within history_
        std::size_t right = 0;
        Tensor logits;  // [1 + guesses, vocabulary], until the next pass
    };
    Draft draft_;
    DraftPolicy policy_;
    std::vector<TokenId> stop_ids_;
    std::optional<TokenId> end_of_message_;
    std::optional<TokenId> python_tag_;
};

}  // namespace cria
