// The engine where memory runs out, and for many seeds: requests that come, are cancelled and fail at random moments.
// Whatever happens, each ends once, with what it gets alone or with a named error, and every page is accounted for.
#include <deque>

#include "base/os_fault.h"
#include "engine_fixture.h"
#include "failing_new.h"

namespace cria {
namespace {

// Passes of sixteen rows that the longest prompt has, of three pages, and those of the longest answer.
constexpr std::int64_t kMostTokens = 80, kMostSteps = 24 + kMostTokens + 1;

// A request whose answer is known.
struct Known {
    Request request;
    std::vector<TokenId> ids;
};

// A request on its way, and what became of it.
struct Sent {
    const Known* known;
    std::int64_t begin = 0;          // the step before which it came
    std::int64_t cancel_after = -1;  // so many pieces of text; -1: it is not
    std::atomic<bool> cancel = false;
    std::string text{};
    int ends = 0;
    Result<Generation> answer = Generation{};

    bool cancelled() const { return answer && answer->stop == StopReason::cancelled; }
};

class EngineFault : public EngineFixture {
protected:
    EngineFault() : EngineFixture(1) {}

    Known known(Request request) {
        std::vector<TokenId> ids = alone(request);
        return {std::move(request), std::move(ids)};
    }

    static Request request_of(Sent& sent) {
        Request request = sent.known->request;
        request.options.cancel = &sent.cancel;
        request.on_text = [&sent](std::string_view text) {
            sent.text += text;
            if (sent.cancel_after-- == 0) sent.cancel = true;
        };
        request.on_end = [&sent](Result<Generation> answer) {
            ++sent.ends;
            sent.answer = std::move(answer);
        };
        return request;
    }

    static void submit(Engine& engine, Sent& sent, Request request) {
        const Status status = engine.submit(std::move(request));
        if (status) return;
        ++sent.ends;
        sent.answer = std::unexpected(status.error());
    }

    static void expect_right(const Sent& sent) {
        EXPECT_EQ(sent.ends, 1);
        if (!sent.answer) {
            EXPECT_EQ(sent.answer.error().kind, ErrorKind::out_of_memory) << sent.answer.error().message;
            return;
        }
        const std::vector<TokenId>&ids = sent.answer->ids, &wanted = sent.known->ids;
        EXPECT_EQ(sent.text, sent.answer->text);
        if (!sent.cancelled()) {
            EXPECT_EQ(ids, wanted);
        } else {
            EXPECT_TRUE(ids.size() <= wanted.size() && std::equal(ids.begin(), ids.end(), wanted.begin()));
        }
    }

    FaultyOs os_{real_os(), {.still_clock = true}};  // what happens depends on no time
};

// ---- Each allocation ----

class EngineMemory : public EngineFault {
protected:
    void SetUp() override {
        EngineFault::SetUp();
        for (const std::int64_t length : {140, 170, 5}) {
            Request request;
            for (TokenId i = 0; i < length; ++i) request.prompt.push_back(i < 135 ? i * 5 % 700 + 2 : 9);
            request.options.sampling.temperature = 0;
            request.options.sampling.logprobs = length == 140 ? 2 : -1;
            request.options.max_tokens = 8;
            request.options.ignore_end = true;
            known_.push_back(known(std::move(request)));
        }
    }

    // All of known_, the first allocation of which that fails is number `first`. Whether there was such a one.
    bool answers_with_fault(const EngineOptions& options, std::uint64_t first, bool ever_after) {
        Engine engine = this->engine(options, os_);
        std::deque<Sent> sent;
        std::vector<Request> requests;
        for (const Known& one : known_) requests.push_back(request_of(sent.emplace_back(&one)));
        AllocationFault fault(first, ever_after);
        const auto act = [&](auto action) {
            const bool more = action();
            if (fault.hit()) fault.stop();  // `ever_after`: to the end of the step
            return more;
        };
        for (std::size_t i = 0; i < sent.size(); ++i)
            act([&] { return submit(engine, sent[i], std::move(requests[i])), true; });
        while (act([&] { return engine.step(); })) {
        }
        fault.stop();
        for (const Sent& one : sent) {
            expect_right(one);
            failed_ += one.answer ? 0 : 1;
        }
        EXPECT_TRUE(engine.pages_add_up());
        expect_empty(engine);
        const Request& again = known_[0].request;
        const auto answer = engine.generate(again.prompt, again.options, [](std::string_view) {});
        EXPECT_TRUE(answer && answer->ids == known_[0].ids) << "it goes on";
        return fault.hit();
    }

    std::vector<Known> known_;
    std::int64_t failed_ = 0;
};

TEST_F(EngineMemory, EveryAllocationOfRequestsMayFail) {
    const EngineOptions side_by_side{
        .context = kContext, .positions = 9 * kPagePositions, .most_running = 3, .prompt_rows = 100},
        short_of_pages{.context = 256, .positions = 2 * kPagePositions, .most_running = 3},
        with_guesses{.context = kContext, .most_running = 1, .draft_model = &*model_};
    for (const EngineOptions& options : {side_by_side, short_of_pages, with_guesses})
        for (const bool ever_after : {false, true}) {
            std::uint64_t first = 1;
            failed_ = 0;
            while (answers_with_fault(options, first, ever_after) && !HasFailure()) ++first;
            EXPECT_GT(first, 50u);
            EXPECT_GT(failed_, 20) << "of the requests";
            if (HasFailure()) FAIL() << "allocation " << first << (ever_after ? " and all after it" : "");
        }
}

// The first allocations one by one, and ever fewer of the many that follow; with and without the packed file.
TEST_F(EngineMemory, EveryAllocationOfLoadingMayFail) {
    const Path packed = folder_ / fmt::format("m.gguf.packed{}", compute_.kernels.packed.lanes);
    std::int64_t failed = 0;
    bool hit = true;
    for (std::uint64_t first = 1; hit; first += 1 + first / 16) {
        if (first % 2 == 0) {
            ASSERT_TRUE(real_os().remove(packed));
        }
        AllocationFault fault(first);
        try {
            const auto model = Llama::load(real_os(), gguf_, {.compute = &compute_});
            if (model) Engine(real_os(), *model, *tokenizer_, compute_, one_at_a_time(kContext));
        } catch (const std::bad_alloc&) {  // main() ends the program with a sentence
            ++failed;
        }
        hit = fault.hit();
    }
    EXPECT_GT(failed, 30);
    model_.emplace(*Llama::load(real_os(), gguf_, {.compute = &compute_}));
    EXPECT_EQ(alone(known_[0].request), known_[0].ids) << "what is left of it does no harm";
}

// ---- Random moments ----

class EngineSimulation : public EngineFault {
protected:
    static constexpr std::int64_t kRequests = 12;

    void SetUp() override {
        EngineFault::SetUp();
        for (std::uint64_t seed = 0; seed < 30; ++seed) {
            Request request = random_request(seed);
            request.options.max_tokens %= kMostTokens + 1;
            // Half of them end shortly before a page does: they need another one when nobody expects it.
            if (seed % 2 == 0) request.prompt.resize(static_cast<std::size_t>((1 + seed % 3) * kPagePositions - 5), 7);
            known_.push_back(known(std::move(request)));
        }
    }

    struct Run {
        Random random;
        Engine& engine;
        std::deque<Sent> sent{};
        std::int64_t steps = 0;

        bool chance(std::uint32_t one_in) { return random.below(one_in) == 0; }
    };

    // At random, memory runs out for `action`.
    template <class Action>
    void maybe_without_memory(Run& run, Action action) {
        std::optional<AllocationFault> fault;
        if (run.chance(30)) fault.emplace(1 + run.random.below(16), run.chance(2));
        action();
    }

    void arrive(Run& run) {
        Sent& sent = run.sent.emplace_back(&known_[run.random.below(static_cast<std::uint32_t>(known_.size()))]);
        sent.begin = run.steps;
        if (run.chance(4)) sent.cancel_after = run.random.below(10);
        if (run.chance(10)) sent.cancel = true;
        Request request = request_of(sent);
        maybe_without_memory(run, [&] { submit(run.engine, sent, std::move(request)); });
    }

    // One step, with what happens around it; false when all is over.
    bool step(Run& run) {
        while (std::ssize(run.sent) < kRequests && run.chance(4)) arrive(run);
        if (!run.sent.empty() && run.chance(15))
            run.sent[run.random.below(static_cast<std::uint32_t>(run.sent.size()))].cancel = true;
        maybe_without_memory(run, [&] { run.engine.step(); });
        ++run.steps;
        const auto alive = std::ranges::count(run.sent, 0, &Sent::ends);
        const Engine::Load load = run.engine.load();
        EXPECT_EQ(load.running + load.waiting, alive) << "step " << run.steps;
        EXPECT_TRUE(run.engine.pages_add_up()) << "step " << run.steps;
        // In each step whoever was admitted first goes on, so that all of them end one after the other at least.
        for (const Sent& one : run.sent)
            EXPECT_TRUE(one.ends > 0 || run.steps - one.begin < kRequests * kMostSteps) << "it waits forever";
        return alive > 0 || std::ssize(run.sent) < kRequests;
    }

    // Depends on the seed alone.
    void simulate(std::uint64_t seed) {
        Random random(seed, 1);
        EngineOptions options{.context = kContext};
        options.positions = (4 + random.below(4)) * kPagePositions;
        options.most_running = 1 + random.below(6);
        options.prompt_rows = std::array{16, 50, 512}[random.below(3)];
        if (random.below(3) == 0) options.draft_model = &*model_;
        Engine engine = this->engine(options, os_);
        Run run{random, engine};
        while (step(run) && !HasFailure()) {
        }
        for (const Sent& one : run.sent) {
            expect_right(one);
            if (!one.answer) {
                ++failed_;
                continue;
            }
            ++(one.cancelled() ? cancelled_ : complete_);
            guessed_right_ += one.answer->usage.accepted_tokens;
            found_ += one.answer->usage.cached_tokens;
        }
        expect_empty(engine);
        preemptions_ += engine.load().preemptions;
    }

    std::vector<Known> known_;
    std::int64_t failed_ = 0, cancelled_ = 0, complete_ = 0, guessed_right_ = 0, found_ = 0, preemptions_ = 0;
};

TEST_F(EngineSimulation, NothingIsLostWhateverHappens) {
    constexpr std::int64_t kSeeds = 200;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
        SCOPED_TRACE(fmt::format("seed {}", seed));
        simulate(seed);
        if (HasFailure()) return;
    }
    // Each of these occurs.
    EXPECT_GT(complete_, 3 * kSeeds);
    EXPECT_GT(cancelled_, kSeeds);
    EXPECT_GT(failed_, kSeeds / 4);
    EXPECT_GT(preemptions_, kSeeds / 4);
    EXPECT_GT(guessed_right_, kSeeds / 4);
    EXPECT_GT(found_, 100 * kSeeds);
}

}  // namespace
}  // namespace cria
