#include "engine/engine.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "base/memory.h"
#include "engine/prefix_file.h"

namespace cria {
namespace {

// A request that so many later ones have overtaken goes first, whoever else it belongs to.
constexpr std::int64_t kMostOvertaken = 16;
// Fewer rows of a prompt than this make a pass little shorter.
constexpr std::int64_t kFewestPromptRows = 32;
// The newest figure's share of an average.
constexpr double kNewestPass = 0.2;

}  // namespace

Engine::Engine(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, const EngineOptions& options)
    : os_(os),
      model_(model),
      tokenizer_(tokenizer),
      compute_(compute),
      options_(options),
      control_(model.config(), tokenizer),
      pool_(std::make_shared<KvPool>(model.cache_shape(options.kv_type),
                                     KvCache::pages_for(std::max(options.positions, options.context)))),
      prefixes_(pool_) {
    arena_.reserve(scratch_bytes(model, compute.kernels, options));
    if (options.draft_model != nullptr) draft_model_.emplace(*options.draft_model, compute, options.context);
    const auto running = static_cast<std::size_t>(options.most_running),
               waiting = static_cast<std::size_t>(options.most_waiting);
    running_.reserve(running);
    waiting_.reserve(waiting + running);  // those who lose their pages wait again
    arrivals_.reserve(waiting);
}

std::size_t Engine::scratch_bytes(const Llama& model, const Kernels& kernels, const EngineOptions& options) {
    const std::int64_t running = options.most_running,
                       rows = std::min(options.prompt_rows, options.context) + running - 1,
                       guesses = std::min(DraftPolicy::kMostRows, options.context);
    const std::size_t gathered =
        running > 1 ? Arena::padded(static_cast<std::size_t>(running * model.config().width) * sizeof(float)) : 0;
    return std::max(model.pass_bytes(kernels, rows, running) + gathered, model.pass_bytes(kernels, guesses, guesses));
}

Status Engine::submit(Request request) {
    return or_out_of_memory([&]() -> Status {
        CRIA_TRY(check_request(request, model_.config(), options_.context));
        auto sequence = std::make_unique<Sequence>(std::move(request), tokenizer_, control_, model_.config().vocabulary,
                                                   options_.context, KvCache(pool_), os_.monotonic());
        {
            const std::lock_guard lock(mutex_);
            if (queued_ >= options_.most_waiting)
                return fail(ErrorKind::busy, "{} requests are waiting already, which is the most; try again later",
                            queued_);
            ++queued_;
            arrivals_.push_back(std::move(sequence));
        }
        arrived_.notify_one();
        return {};
    });
}

void Engine::take_arrivals() {
    const std::lock_guard lock(mutex_);
    std::ranges::move(arrivals_, std::back_inserter(waiting_));
    arrivals_.clear();
}

Result<Generation> Engine::generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                    FunctionRef<void(std::string_view)> on_text) {
    std::optional<Result<Generation>> answer;
    CRIA_TRY(or_out_of_memory([&] {
        return submit({.prompt = {prompt.begin(), prompt.end()},
                       .options = options,
                       .scope = {},
                       .on_text = on_text,
                       .on_end = [&](Result<Generation> result) { answer = std::move(result); }});
    }));
    while (!answer) step();
    return std::move(*answer);
}

void Engine::run(std::stop_token stop) {
    while (!stop.stop_requested()) {
        if (step()) continue;
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, stop, [&] { return !arrivals_.empty(); });
    }
}

bool Engine::step() {
    take_arrivals();
    end_cancelled();
    admit();
    if (running_.empty()) return false;
    if (const Status done = or_out_of_memory([&] { return pass(); }); !done) give_up_last(done.error());
    end_finished();
    return true;
}

Status Engine::pass() {
    std::vector<Part> parts = plan();
    run(parts);
    return {};
}

void Engine::end_cancelled() {
    for (Sequences* sequences : {&waiting_, &running_})
        for (const auto& sequence : *sequences)
            if (sequence->cancelled()) sequence->cancel();
    end_finished();
}

// Takes in who waits, as far as there are pages for what they have to read.
void Engine::admit() {
    while (!waiting_.empty() && std::ssize(running_) < options_.most_running) {
        const auto next = next_waiting();
        if (!running_.empty() && !has_room(**next)) return;
        for (auto earlier = waiting_.begin(); earlier != next; ++earlier) (*earlier)->note_overtaken();
        running_.push_back(std::move(*next));
        waiting_.erase(next);
        const std::lock_guard lock(mutex_);
        --queued_;
    }
}

// Finds what of it was read before.
void Engine::look_up(Sequence& sequence) {
    sequence.cache().drop();
    // At least one token is read again: its logits choose the first of the answer.
    const auto tokens = sequence.tokens().first(sequence.tokens().size() - 1);
    sequence.note_found(prefixes_.find(sequence.scope(), tokens, sequence.cache()));
}

// The one whose scope has the fewest running; the first of those, or whoever was overtaken too often.
Engine::Sequences::iterator Engine::next_waiting() {
    const auto passed_over =
        std::ranges::find_if(waiting_, [](const auto& s) { return s->overtaken() >= kMostOvertaken; });
    if (passed_over != waiting_.end()) return passed_over;
    return std::ranges::min_element(waiting_, {}, [&](const auto& s) {
        return std::ranges::count(running_, s->scope(),
                                  [](const auto& other) -> const std::string& { return other->scope(); });
    });
}

// Whether all who run can read what they have been given, and this one, too.
bool Engine::has_room(const Sequence& sequence) {
    const auto pages = [](const Sequence& s) { return KvCache::pages_for(std::ssize(s.tokens()) + 1); };
    std::int64_t wanted = pages(sequence) - prefixes_.pages_in_use(sequence.scope(), sequence.tokens());
    for (const auto& other : running_)
        wanted += std::max<std::int64_t>(0, pages(*other) - std::ssize(other->cache().pages()));
    return wanted <= pool_->free_pages() + prefixes_.spare_pages();
}

// Where there is no memory for a pass, whoever was admitted last makes room for the others.
void Engine::give_up_last(const Error& error) {
    for (const auto& sequence : running_ | std::views::reverse)
        if (!sequence->ended()) return sequence->give_up(error);
}

// What everybody does in the next pass: those who answer their next token, and prompts as much as fits beside it.
// Whoever came first has the first right to pages.
std::vector<Engine::Part> Engine::plan() {
    std::vector<Part> parts;
    std::int64_t prompt_rows = rows_of_prompts();
    for (std::size_t i = 0; i < running_.size(); ++i) {
        Sequence& sequence = *running_[i];
        // Until its first pass, so that requests that came together share what the first of them reads.
        if (!sequence.started()) look_up(sequence);
        Part part{&sequence, sequence.unread(), {}, DraftSource::lookup, true};
        if (sequence.answering()) {
            guess(part);
        } else {
            if (prompt_rows == 0 || waits_for_another(i)) continue;
            part.ids = part.ids.first(std::min(part.ids.size(), static_cast<std::size_t>(prompt_rows)));
            part.reads_all = part.ids.size() == sequence.unread().size();
            prompt_rows -= std::ssize(part.ids);
        }
        if (make_room(sequence, part.rows())) parts.push_back(part);
    }
    return parts;
}

// Whether somebody before it is reading a page that it will need: then it need not read it, too.
bool Engine::waits_for_another(std::size_t index) const {
    Sequence& sequence = *running_[index];
    if (sequence.started()) return false;
    return std::ranges::any_of(std::span(running_).first(index), [&](const auto& earlier) {
        if (earlier->scope() != sequence.scope()) return false;
        const auto common = std::ranges::mismatch(earlier->tokens(), sequence.tokens()).in1 - earlier->tokens().begin();
        const std::int64_t shared = std::min<std::int64_t>(common, std::ssize(sequence.tokens()) - 1);
        return shared / kPagePositions > sequence.cache().length() / kPagePositions &&
               earlier->cache().length() < std::ssize(earlier->tokens()) - 1;
    });
}

// How many rows of prompts may join the next pass.
std::int64_t Engine::rows_of_prompts() const {
    if (std::ranges::none_of(running_, &Sequence::answering, [](const auto& s) -> const Sequence& { return *s; }))
        return options_.prompt_rows;
    const double patience = std::chrono::duration<double>(options_.patience).count();
    const double rows = seconds_a_row_ > 0 ? patience / seconds_a_row_ : kFewestPromptRows;
    return std::clamp(static_cast<std::int64_t>(std::min(rows, 1e9)), std::min(kFewestPromptRows, options_.prompt_rows),
                      options_.prompt_rows);
}

// What may follow, for one pass to check. Only for a sequence alone: beside others a pass has rows enough to be worth
// its reading of the weights.
void Engine::guess(Part& part) {
    const Sequence& sequence = *part.sequence;
    if (running_.size() > 1 || !sequence.options().drafts) return;
    const std::int64_t most = std::min(sequence.left(), DraftPolicy::kMostRows) - 1;
    if (most <= 0) return;
    const std::int64_t length = std::min(drafts_.length(DraftSource::lookup), most);
    const auto found = look_up_draft(sequence.tokens(), std::max<std::int64_t>(length, 1));
    part.source = DraftSource::lookup;
    if (length > 0) part.guesses = found;
    if (length == 0 && !found.empty()) drafts_.note_left_out(DraftSource::lookup);
    if (part.guesses.empty() && draft_model_) ask_draft_model(part, most);
}

void Engine::ask_draft_model(Part& part, std::int64_t most) {
    const std::int64_t length = std::min(drafts_.length(DraftSource::model), most);
    if (length == 0) return drafts_.note_left_out(DraftSource::model);
    const auto tokens = part.sequence->tokens();
    draft_model_->read(tokens);
    const auto start = os_.monotonic();
    part.source = DraftSource::model;
    part.guesses = draft_model_->guess(tokens, length);
    if (!part.guesses.empty())
        drafts_.note_drafting(DraftSource::model, std::ssize(part.guesses), os_.monotonic() - start);
}

// Pages for `rows` more rows: free ones, then those of the past, then those of whoever was admitted last. False when
// that is the sequence itself.
bool Engine::make_room(Sequence& sequence, std::int64_t rows) {
    while (!sequence.cache().reserve(sequence.cache().length() + rows)) {
        if (prefixes_.forget_one()) continue;
        CRIA_ASSERT(running_.size() > 1);  // the pool holds the longest sequence
        const bool itself = running_.back().get() == &sequence;
        preempt_last();
        if (itself) return false;
    }
    return true;
}

// Back to those who wait, at their head. What it has read is remembered as long as nobody needs the pages.
void Engine::preempt_last() {
    auto sequence = std::move(running_.back());
    running_.pop_back();
    if (sequence->started()) remember(*sequence, true);
    sequence->note_stopped();
    waiting_.insert(waiting_.begin(), std::move(sequence));
    ++preemptions_;
    const std::lock_guard lock(mutex_);
    ++queued_;
}

void Engine::run(std::span<Part> parts) {
    if (parts.empty()) return;
    const auto start = os_.monotonic();
    std::vector<TokenId> ids;
    std::vector<RowRun> runs;
    std::vector<std::int64_t> logit_rows;
    for (const Part& part : parts) {
        KvCache& cache = part.sequence->cache();
        part.sequence->note_started();
        runs.push_back({std::ssize(ids), part.rows(), cache.length(), &cache});
        ids.insert(ids.end(), part.ids.begin(), part.ids.end());
        ids.insert(ids.end(), part.guesses.begin(), part.guesses.end());
        for (std::int64_t i = part.logit_rows(); i > 0; --i) logit_rows.push_back(std::ssize(ids) - i);
    }
    arena_.reset();
    Pass pass(compute_, arena_);
    Value hidden = model_.forward(pass, ids, {runs});
    Tensor logits;
    if (!logit_rows.empty()) {
        const bool together = logit_rows.back() - logit_rows.front() + 1 == std::ssize(logit_rows);
        hidden = together ? Value{hidden.tensor.slice_rows(logit_rows.front(), std::ssize(logit_rows))}
                          : gather_rows(pass, hidden, logit_rows);
        logits = model_.logits(pass, hidden).tensor;
    }
    note_time(parts, std::ssize(ids), os_.monotonic() - start);
    commit(parts, logits);
}

void Engine::note_time(std::span<const Part> parts, std::int64_t rows, std::chrono::nanoseconds time) {
    if (parts.size() == 1 && parts[0].sequence->answering()) drafts_.note_pass(std::ssize(parts[0].guesses), time);
    if (rows < kFewestPromptRows) return;
    const double seconds = std::chrono::duration<double>(time).count() / static_cast<double>(rows);
    seconds_a_row_ = seconds_a_row_ == 0 ? seconds : seconds_a_row_ + kNewestPass * (seconds - seconds_a_row_);
}

// Draws what follows: the first token of each on all threads, the rest one by one, since it calls back. From here to
// the end of a step no missing memory may stop it half way.
void Engine::commit(std::span<Part> parts, const Tensor& logits) {
    std::int64_t row = 0;
    for (Part& part : parts) {
        KvCache& cache = part.sequence->cache();
        part.whole_pages = cache.length() / kPagePositions;
        cache.set_length(cache.length() + part.rows());
        if (part.reads_all) part.logits = logits.slice_rows(row, part.logit_rows());
        row += part.logit_rows();
    }
    compute_.pool.parallel(static_cast<int>(parts.size()), [&](int i) {
        const Part& part = parts[static_cast<std::size_t>(i)];
        if (part.reads_all) part.sequence->draw(part.logits.slice_rows(0, 1).f32_span());
    });
    for (const Part& part : parts)
        if (part.reads_all) advance(part);
    for (const Part& part : parts)
        if (part.sequence->cache().length() / kPagePositions > part.whole_pages) remember(*part.sequence, false);
}

void Engine::advance(const Part& part) {
    const std::int64_t guessed = std::ssize(part.guesses);
    part.sequence->note_drafted(guessed);
    const auto right = or_out_of_memory(
        [&]() -> Result<std::int64_t> { return part.sequence->advance(part.guesses, part.logits, os_); });
    if (!right) return part.sequence->give_up(right.error());
    if (guessed > 0) drafts_.note_guesses(part.source, guessed, *right);
}

// What is not kept, for lack of memory, will be read again.
void Engine::remember(Sequence& sequence, bool finished) {
    if (sequence.failed()) return;
    static_cast<void>(or_out_of_memory([&]() -> Status {
        prefixes_.remember(sequence.scope(), sequence.read(), sequence.cache(), finished);
        return {};
    }));
}

void Engine::end_finished() {
    for (Sequences* sequences : {&waiting_, &running_}) {
        const auto next = [&] { return std::ranges::find_if(*sequences, [](const auto& s) { return s->ended(); }); };
        for (auto ended = next(); ended != sequences->end(); ended = next()) {
            const auto sequence = std::move(*ended);
            sequences->erase(ended);
            if (sequences == &waiting_) {
                const std::lock_guard lock(mutex_);
                --queued_;
            }
            if (sequence->cache().length() > 0) remember(*sequence, true);
            sequence->cache().drop();
            sequence->finish(os_);
        }
    }
}

Status Engine::save_prefixes(const Path& path, std::string_view origin) const {
    return or_out_of_memory([&] { return cria::save_prefixes(os_, path, prefixes_, origin); });
}

Result<std::int64_t> Engine::load_prefixes(const Path& path, std::string_view origin) {
    return or_out_of_memory(
        [&] { return cria::load_prefixes(os_, path, prefixes_, origin, model_.config().vocabulary); });
}

Engine::Load Engine::load() const {
    return {std::ssize(running_), std::ssize(waiting_),    pool_->pages(),
            pool_->free_pages(),  prefixes_.spare_pages(), preemptions_};
}

bool Engine::pages_add_up() const {
    std::vector<std::int32_t> held(static_cast<std::size_t>(pool_->pages()), 0);
    for (const Sequences* sequences : {&waiting_, &running_})
        for (const auto& sequence : *sequences)
            for (const PageId page : sequence->cache().pages()) ++held[static_cast<std::size_t>(page)];
    for (const PrefixCache::Page& kept : prefixes_.pages()) ++held[static_cast<std::size_t>(kept.page)];
    for (std::size_t page = 0; page < held.size(); ++page)
        if (held[page] != pool_->holders_of(static_cast<PageId>(page))) return false;
    return std::ranges::count(held, 0) == pool_->free_pages();
}

}  // namespace cria
