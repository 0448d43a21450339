#include <algorithm>
#include <array>
#include <cstring>

#include "engine/generate.h"
#include "engine/stop_matcher.h"

namespace cria {
namespace {

constexpr std::int64_t kLogitChunk = 256;  // rows per pass of logits()
static_assert(DraftPolicy::kMostRows <= kAloneRows);

Status check_ids(std::span<const TokenId> ids, std::int64_t vocabulary) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] >= 0 && ids[i] < vocabulary) continue;
        return fail(ErrorKind::invalid_input, "token {} of the prompt has id {}, but the model's ids are 0 to {}",
                    i + 1, ids[i], vocabulary - 1);
    }
    return {};
}

Status check_options(const GenerateOptions& options) {
    CRIA_TRY(check_sampling(options.sampling));
    if (std::ranges::any_of(options.stop_strings, &std::string::empty)) {
        return fail(ErrorKind::invalid_input, "a stop string is empty; give at least one character");
    }
    if (options.max_tokens < -1) {
        return fail(ErrorKind::invalid_input, "max-tokens is {}, but must be 0 or more, or -1 for no limit",
                    options.max_tokens);
    }
    return {};
}

std::size_t common_prefix(std::span<const TokenId> a, std::span<const TokenId> b) {
    return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

bool is_one_of(TokenId id, std::span<const TokenId> ids) { return std::ranges::find(ids, id) != ids.end(); }

}  // namespace

std::string_view name_of(StopReason reason) {
    switch (reason) {
        case StopReason::end_of_turn: return "end_of_turn";
        case StopReason::end_of_message: return "end_of_message";
        case StopReason::stop_string: return "stop_string";
        case StopReason::max_tokens: return "max_tokens";
        case StopReason::context_full: return "context_full";
        case StopReason::cancelled: return "cancelled";
    }
    return "";
}

Session::Session(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, std::int64_t context)
    : os_(os), model_(model), tokenizer_(tokenizer), compute_(compute), cache_(model.make_cache(context)) {
    arena_.reserve(scratch_bytes(model, compute.kernels, context));
    cached_ids_.reserve(static_cast<std::size_t>(context));
    stop_ids_.assign(model.config().eos_ids.begin(), model.config().eos_ids.end());
    for (const std::string_view name : {"<|end_of_text|>", "<|eot_id|>", "<|eom_id|>"}) {
        if (const auto id = tokenizer.special(name)) stop_ids_.push_back(*id);
    }
    end_of_message_ = tokenizer.special("<|eom_id|>");
    python_tag_ = tokenizer.special("<|python_tag|>");
}

std::size_t Session::scratch_bytes(const Llama& model, const Kernels& kernels, std::int64_t context) {
    const std::int64_t chunk = std::min(GenerateOptions().prompt_chunk, context),
                       guesses = std::min(DraftPolicy::kMostRows, context);
    return std::max(model.pass_bytes(kernels, chunk, 1), model.pass_bytes(kernels, guesses, guesses));
}

// Runs `ids` after what the cache holds; returns the hidden states [ids, width], alive until the next run.
Value Session::run(Pass& pass, std::span<const TokenId> ids) {
    arena_.reset();
    const RowRun row_run{0, static_cast<std::int64_t>(ids.size()), cache_.length(), &cache_};
    Value hidden = model_.forward(pass, ids, Attendance{{&row_run, 1}});
    cache_.set_length(cache_.length() + row_run.count);
    cached_ids_.insert(cached_ids_.end(), ids.begin(), ids.end());
    return hidden;
}

// The logits of the last of `ids`, [vocabulary], free to be overwritten until the next run.
std::span<float> Session::next_logits(std::span<const TokenId> ids) {
    Pass pass(compute_, arena_);
    const Value hidden = run(pass, ids);
    const Value last{hidden.tensor.slice_rows(hidden.rows() - 1, 1)};
    return model_.logits(pass, last).tensor.f32_span();
}

// The logits after `id`, which follows what the session holds. They are there already if the last pass guessed it; if
// not, a pass computes them, and those after up to `most_guesses` guesses with them.
std::span<float> Session::logits_after(TokenId id, std::int64_t most_guesses, Generation& answer) {
    if (draft_.right < draft_.guesses.size() && draft_.guesses[draft_.right] == id) {
        ++draft_.right;
        ++answer.usage.accepted_tokens;
        return draft_.logits.slice_rows(static_cast<std::int64_t>(draft_.right), 1).f32_span();
    }
    drop_draft();
    const std::int64_t length = std::min(policy_.length(), most_guesses);
    const auto guesses = look_up_draft(history_, std::max<std::int64_t>(length, most_guesses > 0 ? 1 : 0));
    if (length == 0 && !guesses.empty()) policy_.note_left_out();
    draft_.guesses = length == 0 ? std::span<const TokenId>() : guesses;
    std::array<TokenId, DraftPolicy::kMostRows> ids{id};
    std::ranges::copy(draft_.guesses, ids.begin() + 1);

    const auto start = os_.monotonic();
    Pass pass(compute_, arena_);
    const Value hidden = run(pass, std::span(ids).first(1 + draft_.guesses.size()));
    draft_.logits = model_.logits(pass, hidden).tensor;
    policy_.note_pass(std::ssize(draft_.guesses), os_.monotonic() - start);
    answer.usage.drafted_tokens += std::ssize(draft_.guesses);
    return draft_.logits.slice_rows(0, 1).f32_span();
}

// Forgets the guesses that were not met.
void Session::drop_draft() {
    if (!draft_.guesses.empty()) {
        policy_.note_guesses(std::ssize(draft_.guesses), static_cast<std::int64_t>(draft_.right));
        forget_beyond(cached_ids_.size() - (draft_.guesses.size() - draft_.right));
    }
    draft_ = {};
}

Status Session::check_prompt(std::span<const TokenId> prompt) const {
    if (prompt.empty()) return fail(ErrorKind::invalid_input, "the prompt is empty");
    CRIA_TRY(check_ids(prompt, model_.config().vocabulary));
    if (static_cast<std::int64_t>(prompt.size()) < context()) return {};
    return fail(ErrorKind::invalid_input,
                "the prompt has {} tokens, but the context holds {}, of which the answer needs at least one; "
                "shorten the prompt or raise the context (the model was made for {})",
                prompt.size(), context(), model_.config().context);
}

void Session::forget_beyond(std::size_t count) {
    cached_ids_.resize(std::min(cached_ids_.size(), count));
    cache_.set_length(static_cast<std::int64_t>(cached_ids_.size()));
}

// The writing half of an answer: ids become text, stop strings end it.
class Session::Writer {
public:
    Writer(const Tokenizer& tokenizer, const GenerateOptions& options, FunctionRef<void(std::string_view)> on_text)
        : decoder_(tokenizer), matcher_(options.stop_strings), on_text_(on_text) {}

    // False when a stop string has been met.
    bool write(TokenId id, Generation& answer) {
        answer.ids.push_back(id);
        emit(matcher_.push(decoder_.push(id)), answer);
        return !matcher_.matched();
    }
    // True when the last bytes completed a stop string.
    bool finish(Generation& answer) {
        emit(matcher_.push(decoder_.finish()), answer);
        emit(matcher_.finish(), answer);
        return matcher_.matched();
    }

private:
    void emit(std::string_view text, Generation& answer) {
        answer.text += text;
        if (!text.empty()) on_text_(text);
    }

    StreamDecoder decoder_;
    StopMatcher matcher_;
    FunctionRef<void(std::string_view)> on_text_;
};

Result<Generation> Session::generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                     FunctionRef<void(std::string_view)> on_text) {
    CRIA_TRY(check_options(options));
    CRIA_TRY(check_prompt(prompt));
    const auto start = os_.monotonic();
    Generation answer;
    const std::int64_t room = context() - static_cast<std::int64_t>(prompt.size());
    const std::int64_t limit = options.max_tokens < 0 ? room : std::min(options.max_tokens, room);
    answer.ids.reserve(static_cast<std::size_t>(limit));
    answer.usage.prompt_tokens = static_cast<std::int64_t>(prompt.size());

    const std::span<float> logits = prefill(prompt, options, answer);
    answer.timings.prompt = os_.monotonic() - start;
    if (answer.stop == StopReason::cancelled) return answer;
    Writer writer(tokenizer_, options, on_text);
    const Status decoded = decode(prompt, logits, options, limit, writer, answer);
    drop_draft();
    CRIA_TRY(decoded);
    if (writer.finish(answer)) answer.stop = StopReason::stop_string;
    const auto end = os_.monotonic();
    answer.timings.decode = end - start - answer.timings.first_token;
    answer.usage.completion_tokens = static_cast<std::int64_t>(answer.ids.size());
    return answer;
}

std::span<float> Session::prefill(std::span<const TokenId> prompt, const GenerateOptions& options, Generation& answer) {
    // At least one token is run again: its logits choose the first of the answer.
    forget_beyond(std::min(common_prefix(prompt, cached_ids_), prompt.size() - 1));
    answer.usage.cached_tokens = cache_.length();
    const auto chunk = static_cast<std::size_t>(std::max<std::int64_t>(options.prompt_chunk, 1));
    std::span<float> logits;
    while (cached_ids_.size() < prompt.size()) {
        if (cancelled(options)) {
            answer.stop = StopReason::cancelled;
            return {};
        }
        const auto rest = prompt.subspan(cached_ids_.size());
        const auto ids = rest.first(std::min(chunk, rest.size()));
        if (ids.size() == rest.size()) {
            logits = next_logits(ids);
        } else {
            Pass pass(compute_, arena_);
            run(pass, ids);
        }
    }
    return logits;
}

Status Session::decode(std::span<const TokenId> prompt, std::span<float> logits, const GenerateOptions& options,
                       std::int64_t limit, Writer& writer, Generation& answer) {
    const auto start = os_.monotonic() - answer.timings.prompt;
    Sampler sampler(options.sampling, model_.config().vocabulary);
    history_.assign(prompt.begin(), prompt.end());
    history_.reserve(static_cast<std::size_t>(context()) + 1);
    while (true) {
        if (static_cast<std::int64_t>(answer.ids.size()) >= limit) {
            answer.stop = limit == options.max_tokens ? StopReason::max_tokens : StopReason::context_full;
            return {};
        }
        const TokenId id = sampler.sample(logits, history_, history_.size());
        if (answer.ids.empty()) answer.timings.first_token = os_.monotonic() - start;
        if (id < 0) {
            return fail(ErrorKind::corrupt,
                        "the model computed no number for token {}; its weights are damaged or not meant for this use",
                        history_.size() + 1);
        }
        if (is_one_of(id, stop_ids_) || is_one_of(id, options.stop_ids)) {
            answer.stop = id == end_of_message_ ? StopReason::end_of_message : StopReason::end_of_turn;
            return {};
        }
        if (options.sampling.logprobs >= 0) answer.logprobs.push_back(sampler.logprobs());
        answer.python_tag = answer.python_tag || (answer.ids.empty() && id == python_tag_);
        history_.push_back(id);
        if (!writer.write(id, answer)) {
            answer.stop = StopReason::stop_string;
            return {};
        }
        if (cancelled(options)) {
            answer.stop = StopReason::cancelled;
            return {};
        }
        const std::int64_t left = limit - static_cast<std::int64_t>(answer.ids.size());
        if (left > 0)
            logits = logits_after(id, options.drafts ? std::min(left, DraftPolicy::kMostRows) - 1 : 0, answer);
    }
}

bool Session::cancelled(const GenerateOptions& options) {
    return options.cancel != nullptr && options.cancel->load(std::memory_order_relaxed);
}

Result<Tensor> Session::logits(std::span<const TokenId> ids, bool stepwise) {
    if (ids.empty()) return fail(ErrorKind::invalid_input, "no tokens were given");
    CRIA_TRY(check_ids(ids, model_.config().vocabulary));
    const auto count = static_cast<std::int64_t>(ids.size());
    if (count > context()) {
        return fail(ErrorKind::invalid_input, "{} tokens were given, but the context holds {}", count, context());
    }
    const std::int64_t vocabulary = model_.config().vocabulary;
    Tensor all = Tensor::zeros(DType::f32, {count, vocabulary});
    forget_beyond(0);
    const std::int64_t chunk = stepwise ? 1 : kLogitChunk;
    for (std::int64_t first = 0; first < count; first += chunk) {
        const std::int64_t rows = std::min(chunk, count - first);
        Pass pass(compute_, arena_);
        const Value hidden = run(pass, ids.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows)));
        const Tensor some = model_.logits(pass, hidden).tensor;
        std::memcpy(all.slice_rows(first, rows).raw(), some.raw(), some.bytes());
    }
    return all;
}

}  // namespace cria
