#include "engine/sequence.h"

#include <algorithm>

#include "base/memory.h"

namespace cria {
namespace {

bool is_one_of(TokenId id, std::span<const TokenId> ids) { return std::ranges::find(ids, id) != ids.end(); }

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

Status check_ids(std::span<const TokenId> ids, std::int64_t vocabulary) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] >= 0 && ids[i] < vocabulary) continue;
        return fail(ErrorKind::invalid_input, "token {} of the prompt has id {}, but the model's ids are 0 to {}",
                    i + 1, ids[i], vocabulary - 1);
    }
    return {};
}

Status check_request(const Request& request, const LlamaConfig& config, std::int64_t context) {
    CRIA_TRY(check_options(request.options));
    if (request.prompt.empty()) return fail(ErrorKind::invalid_input, "the prompt is empty");
    CRIA_TRY(check_ids(request.prompt, config.vocabulary));
    if (std::ssize(request.prompt) < context) return {};
    return fail(ErrorKind::invalid_input,
                "the prompt has {} tokens, but the context holds {}, of which the answer needs at least one; "
                "shorten the prompt or raise the context (the model was made for {})",
                request.prompt.size(), context, config.context);
}

ControlTokens::ControlTokens(const LlamaConfig& config, const Tokenizer& tokenizer)
    : stops(config.eos_ids.begin(), config.eos_ids.end()),
      end_of_message(tokenizer.special("<|eom_id|>")),
      python_tag(tokenizer.special("<|python_tag|>")) {
    for (const std::string_view name : {"<|end_of_text|>", "<|eot_id|>", "<|eom_id|>"}) {
        if (const auto id = tokenizer.special(name)) stops.push_back(*id);
    }
}

Sequence::Sequence(Request request, const Tokenizer& tokenizer, const ControlTokens& control, std::int64_t vocabulary,
                   std::int64_t context, KvCache cache, std::chrono::nanoseconds now)
    : request_(std::move(request)),
      control_(control),
      start_(now),
      tokens_(request_.prompt),
      cache_(std::move(cache)),
      sampler_(request_.options.sampling, vocabulary),
      decoder_(tokenizer),
      matcher_(request_.options.stop_strings) {
    const std::int64_t room = context - std::ssize(request_.prompt), wanted = request_.options.max_tokens;
    limit_ = wanted < 0 ? room : std::min(wanted, room);
    tokens_.reserve(tokens_.size() + static_cast<std::size_t>(limit_));  // guesses are parts of it
    answer_.ids.reserve(static_cast<std::size_t>(limit_));
    answer_.usage.prompt_tokens = std::ssize(request_.prompt);
}

bool Sequence::cancelled() const {
    const std::atomic<bool>* cancel = request_.options.cancel;
    return cancel != nullptr && cancel->load(std::memory_order_relaxed);
}

void Sequence::end(StopReason reason) {
    answer_.stop = reason;
    ended_ = true;
}

void Sequence::end_at_limit() {
    end(limit_ == request_.options.max_tokens ? StopReason::max_tokens : StopReason::context_full);
}

void Sequence::draw(std::span<float> logits) {
    if (left() > 0) drawn_ = sampler_.sample(logits, tokens_, tokens_.size());
}

std::int64_t Sequence::advance(std::span<const TokenId> guessed, const Tensor& logits, Os& os) {
    if (!begun()) answer_.timings.prompt = os.monotonic() - start_;
    const std::size_t before = tokens_.size();
    take(drawn_, os);
    std::int64_t right = 0;
    while (tokens_.size() > before + static_cast<std::size_t>(right) && right < std::ssize(guessed) &&
           tokens_.back() == guessed[static_cast<std::size_t>(right)]) {
        ++right;
        if (ended_) break;
        draw(logits.slice_rows(right, 1).f32_span());
        take(drawn_, os);
    }
    answer_.usage.accepted_tokens += right;
    cache_.set_length(static_cast<std::int64_t>(before) + right);
    return right;
}

void Sequence::take(TokenId id, Os& os) {
    if (left() <= 0) return end_at_limit();
    if (!begun()) answer_.timings.first_token = os.monotonic() - start_;
    if (id < 0) {
        return give_up({ErrorKind::corrupt, fmt::format("the model computed no number for token {}; its weights are "
                                                        "damaged or not meant for this use",
                                                        tokens_.size() + 1)});
    }
    const bool ends = !request_.options.ignore_end && is_one_of(id, control_.stops);
    if (ends || is_one_of(id, request_.options.stop_ids))
        return end(id == control_.end_of_message ? StopReason::end_of_message : StopReason::end_of_turn);
    if (request_.options.sampling.logprobs >= 0) answer_.logprobs.push_back(sampler_.logprobs());
    answer_.python_tag = answer_.python_tag || (answer_.ids.empty() && id == control_.python_tag);
    tokens_.push_back(id);
    answer_.ids.push_back(id);
    emit(matcher_.push(decoder_.push(id)));
    if (matcher_.matched()) return end(StopReason::stop_string);
    if (cancelled()) return cancel();
    if (left() == 0) end_at_limit();
}

void Sequence::emit(std::string_view text) {
    answer_.text += text;
    if (!text.empty()) request_.on_text(text);
}

void Sequence::finish(Os& os) {
    CRIA_ASSERT(ended_);
    const auto say_the_rest = [&]() -> Status {
        emit(matcher_.push(decoder_.finish()));
        emit(matcher_.finish());
        return {};
    };
    if (!failed()) failure_ = or_out_of_memory(say_the_rest);
    if (failed()) return request_.on_end(std::unexpected(std::move(failure_).error()));
    if (matcher_.matched()) answer_.stop = StopReason::stop_string;
    answer_.timings.decode = os.monotonic() - start_ - answer_.timings.first_token;
    answer_.usage.completion_tokens = std::ssize(answer_.ids);
    request_.on_end(std::move(answer_));
}

}  // namespace cria
