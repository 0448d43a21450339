// One request on its way: its tokens, which of them the model has read, and what becomes of the answer.
//
// The engine runs unread() through the model, gives the logits of the last one to draw(), and calls advance(). A
// sequence can lose its pages at any time between two passes: then everything is unread again.
#pragma once

#include <functional>
#include <span>

#include "base/os.h"
#include "engine/generate.h"
#include "engine/stop_matcher.h"
#include "model/config.h"
#include "ops/kv_cache.h"
#include "text/tokenizer.h"

namespace cria {

// The tokens of a model that end an answer or open it in a special way.
struct ControlTokens {
    std::vector<TokenId> stops;
    std::optional<TokenId> end_of_message;
    std::optional<TokenId> python_tag;

    ControlTokens(const LlamaConfig& config, const Tokenizer& tokenizer);
};

struct Request {
    std::vector<TokenId> prompt;
    GenerateOptions options;
    std::string scope;  // requests of the same scope share the pages of what they have in common
    // Both are called by the thread that runs the engine, `on_text` with pieces of complete UTF-8 as they come,
    // `on_end` once. A std::bad_alloc from `on_text` ends the request; `on_end` must not throw.
    std::function<void(std::string_view)> on_text = [](std::string_view) {};
    std::function<void(Result<Generation>)> on_end;
};

// invalid_input for an id outside of the vocabulary.
Status check_ids(std::span<const TokenId> ids, std::int64_t vocabulary);
// invalid_input for options out of range, and for a prompt that is empty, has ids outside of the vocabulary, or fills
// the context so that no answer fits (both numbers).
Status check_request(const Request& request, const LlamaConfig& config, std::int64_t context);

class Sequence {
public:
    // `context`: positions that it may fill. `now`: when the request came.
    Sequence(Request request, const Tokenizer& tokenizer, const ControlTokens& control, std::int64_t vocabulary,
             std::int64_t context, KvCache cache, std::chrono::nanoseconds now);

    Sequence(const Sequence&) = delete;
    Sequence& operator=(const Sequence&) = delete;

    const std::string& scope() const { return request_.scope; }
    const GenerateOptions& options() const { return request_.options; }
    KvCache& cache() { return cache_; }
    const KvCache& cache() const { return cache_; }
    // The prompt and what has been said so far.
    std::span<const TokenId> tokens() const { return tokens_; }
    std::span<const TokenId> read() const { return tokens().first(static_cast<std::size_t>(cache_.length())); }
    std::span<const TokenId> unread() const { return tokens().subspan(static_cast<std::size_t>(cache_.length())); }
    // The next pass reads one token, the last that was said.
    bool answering() const { return !answer_.ids.empty() && unread().size() == 1; }
    // Tokens that the answer may still have.
    std::int64_t left() const { return limit_ - std::ssize(answer_.ids); }

    // Chooses the token after the last one; any thread, logits are overwritten.
    void draw(std::span<float> logits);
    // Takes it into the answer. `guessed`: what the rows after it were run with, and `logits` [1 + guessed, vocabulary]
    // those of the token before and of each guess: while guesses are right, further tokens follow. Returns how many
    // were right.
    std::int64_t advance(std::span<const TokenId> guessed, const Tensor& logits, Os& os);
    // Whether a pass has read from it since it was admitted.
    bool started() const { return started_; }
    void note_started() { started_ = true; }
    // It has lost its pages.
    void note_stopped() { started_ = false, cache_.drop(); }
    // How much of its tokens need not be read.
    void note_found(std::int64_t tokens) {
        if (!begun()) answer_.usage.cached_tokens = tokens;
    }
    void note_drafted(std::int64_t tokens) { answer_.usage.drafted_tokens += tokens; }
    // How many that came later were admitted before it.
    std::int64_t overtaken() const { return overtaken_; }
    void note_overtaken() { ++overtaken_; }

    bool cancelled() const;
    bool ended() const { return ended_; }
    void cancel() { end(StopReason::cancelled); }
    // Ends it with an error. What it has read is then worth nothing to others.
    void give_up(Error error) { failure_ = std::unexpected(std::move(error)), ended_ = true; }
    bool failed() const { return !failure_; }
    // Hands the answer over; after ended(), once.
    void finish(Os& os);

private:
    bool begun() const { return !answer_.ids.empty(); }
    void take(TokenId id, Os& os);
    void end(StopReason reason);
    void end_at_limit();
    void emit(std::string_view text);

    Request request_;
    const ControlTokens& control_;
    std::int64_t limit_;
    std::chrono::nanoseconds start_;
    std::vector<TokenId> tokens_;
    KvCache cache_;
    Sampler sampler_;
    StreamDecoder decoder_;
    StopMatcher matcher_;
    TokenId drawn_ = -1;
    std::int64_t overtaken_ = 0;
    bool started_ = false;
    bool ended_ = false;
    Status failure_;
    Generation answer_;
};

}  // namespace cria
