// Many requests at once, with models quantised and not: every answer is what the request gets alone, whatever else
// runs, and nothing is lost.
#include <cstring>
#include <thread>

#include "engine/logits.h"
#include "engine_fixture.h"

namespace cria {
namespace {

class EngineLoad : public EngineFixture {
protected:
    void expect_answers_as_alone(std::uint64_t requests);
};

// Requests come at random times; there are pages for less than three of the longest, so that some lose theirs.
void EngineLoad::expect_answers_as_alone(std::uint64_t requests) {
    for (const std::int64_t rows : {512, 37}) {
        Engine all =
            engine({.context = kContext, .positions = 9 * kPagePositions, .most_running = 12, .prompt_rows = rows});
        std::vector<Generation> answers(requests);
        std::uint64_t ended = 0, sent = 0;
        Random random(1, 0);
        while (ended < requests) {
            while (sent < requests && random.below(3) == 0) {
                Request request = random_request(sent);
                request.on_end = [&, sent](Result<Generation> answer) {
                    ASSERT_TRUE(answer);
                    answers[sent] = std::move(*answer);
                    ++ended;
                };
                ASSERT_TRUE(all.submit(std::move(request)));
                ++sent;
            }
            all.step();
        }
        std::int64_t cached = 0;
        for (std::uint64_t i = 0; i < requests; ++i) {
            EXPECT_EQ(answers[i].ids, alone(random_request(i))) << i;
            cached += answers[i].usage.cached_tokens;
        }
        EXPECT_GT(static_cast<std::uint64_t>(cached), 5 * requests);
        EXPECT_GT(all.load().preemptions, 0);
        expect_empty(all);
    }
}

TEST_F(EngineLoad, AnAnswerIsTheSameWhateverElseRuns) { expect_answers_as_alone(40); }

TEST_F(EngineLoad, SoItIsOfUnquantisedModels) {
    for (const std::string_view type : {"f32", "bf16", "f16"}) {
        SCOPED_TRACE(type);
        make_model(type, 96);
        ASSERT_FALSE(model_->packed());
        expect_answers_as_alone(20);
    }
    // Gate and up are large enough for products of pairs.
    for (const std::string_view type : {"bf16", "f16"}) {
        make_model(type, 8192, DType::bf16);
        expect_answers_as_alone(12);
    }
}

// The scores of a text, in one pass, in pieces, on other numbers of threads: the same bytes.
TEST_F(EngineLoad, ScoresAreTheSameHoweverATextIsRead) {
    std::vector<TokenId> ids;
    for (TokenId i = 0; i < 200; ++i) ids.push_back(i * 37 % 211);
    for (const auto& [type, ffn_width] :
         {std::pair{"f32", 96}, {"bf16", 96}, {"f16", 96}, {"bf16", 8192}, {"f16", 8192}}) {
        make_model(type, ffn_width, DType::bf16);
        ThreadPool one(1);
        const Tensor whole = *sequence_logits(*model_, compute_, ids, false);
        const Tensor stepwise = *sequence_logits(*model_, {one, compute_.kernels}, ids, true);
        EXPECT_EQ(std::memcmp(whole.raw(), stepwise.raw(), whole.bytes()), 0) << type << " " << ffn_width;
    }
}

// Cancelled while waiting, while a prompt is read, while answering: each ends once, and the pages come back.
TEST_F(EngineLoad, CancelledInEveryState) {
    constexpr std::size_t kRequests = 60;
    Engine engine =
        this->engine({.context = kContext, .positions = 10 * kPagePositions, .most_running = 6, .prompt_rows = 50});
    std::vector<std::atomic<bool>> cancel(kRequests);
    std::vector<int> ends(kRequests, 0);
    std::size_t cancelled = 0, complete = 0;
    for (std::size_t i = 0; i < kRequests; ++i) {
        Request request = random_request(i);
        request.options.cancel = &cancel[i];
        request.on_end = [&, i](Result<Generation> answer) {
            ASSERT_TRUE(answer);
            ++ends[i];
            ++(answer->stop == StopReason::cancelled ? cancelled : complete);
        };
        ASSERT_TRUE(engine.submit(std::move(request)));
    }
    Random random(2, 0);
    do {
        if (random.below(4) == 0) cancel[random.below(kRequests)] = true;
    } while (engine.step());
    EXPECT_EQ(std::ranges::count(ends, 1), kRequests);
    EXPECT_GT(cancelled, 10u);
    EXPECT_GT(complete, 10u);
    expect_empty(engine);
}

TEST_F(EngineLoad, RequestsComeFromManyThreads) {
    Engine engine = this->engine({.context = kContext, .positions = 16 * kPagePositions, .most_running = 4});
    std::atomic<int> ended = 0;
    {
        const std::jthread runner([&](std::stop_token stop) { engine.run(stop); });
        std::vector<std::jthread> clients;
        for (std::uint64_t client = 0; client < 3; ++client)
            clients.emplace_back([&, client] {
                for (std::uint64_t i = 0; i < 5; ++i) {
                    Request request = random_request(client * 100 + i);
                    request.on_end = [&](Result<Generation> answer) { ended += answer.has_value() ? 1 : 0; };
                    ASSERT_TRUE(engine.submit(std::move(request)));
                    std::this_thread::yield();
                }
            });
        clients.clear();
        while (ended < 15) std::this_thread::yield();
    }
    expect_empty(engine);
}

// A prompt that many begin with is read once, also when they come at the same time.
TEST_F(EngineLoad, WhatIsSharedIsReadOnce) {
    Engine engine = this->engine({.context = kContext, .positions = 64 * kPagePositions, .most_running = 8});
    std::vector<std::int64_t> cached;
    std::vector<TokenId> shared;
    for (TokenId i = 0; i < 300; ++i) shared.push_back(i % 90 + 2);
    for (TokenId last = 0; last < 8; ++last) {
        Request request;
        request.prompt = shared;
        for (TokenId i = 0; i < 20; ++i) request.prompt.push_back(last + 3);
        request.scope = last == 7 ? "other" : "";
        request.options.max_tokens = 5;
        request.on_end = [&](Result<Generation> answer) { cached.push_back(answer->usage.cached_tokens); };
        ASSERT_TRUE(engine.submit(std::move(request)));
    }
    while (engine.step()) {
    }
    std::ranges::sort(cached);
    ASSERT_EQ(cached.size(), 8u);
    EXPECT_EQ(cached[1], 0) << "the first one, and the one of another scope";
    for (std::size_t i = 2; i < 8; ++i) EXPECT_GE(cached[i], 256);
}

// Somebody with many requests does not keep out somebody with one.
TEST_F(EngineLoad, EveryScopeHasItsTurn) {
    Engine engine = this->engine({.context = kContext, .positions = 16 * kPagePositions, .most_running = 2});
    std::vector<std::string> order;
    const auto submit = [&](std::string scope) {
        Request request;
        request.prompt = {1, 2, 3};
        request.scope = scope;
        request.options.max_tokens = 10;
        request.options.stop_ids = {};
        request.on_end = [&order, scope](const Result<Generation>&) { order.push_back(scope); };
        ASSERT_TRUE(engine.submit(std::move(request)));
    };
    for (int i = 0; i < 8; ++i) submit("many");
    submit("one");
    while (engine.step()) {
    }
    ASSERT_EQ(order.size(), 9u);
    EXPECT_LT(std::ranges::find(order, "one") - order.begin(), 3);
}

// Somebody who has one running waits behind those who have none, but not behind all who will ever come.
TEST_F(EngineLoad, NobodyIsOvertakenForever) {
    Engine engine = this->engine({.context = kContext, .positions = 16 * kPagePositions, .most_running = 2});
    std::int64_t others = 0;
    bool waits = true;
    const auto submit = [&](std::string scope, std::int64_t tokens, std::function<void()> ended) {
        Request request;
        request.prompt = {1, 2, 3};
        request.scope = std::move(scope);
        request.options.max_tokens = tokens;
        request.options.ignore_end = true;
        request.on_end = [ended = std::move(ended)](const Result<Generation>&) { ended(); };
        ASSERT_TRUE(engine.submit(std::move(request)));
    };
    submit("two", 500, [] {});
    submit("two", 1, [&] { waits = false; });
    for (int i = 0; i < 200 && waits; ++i) {
        submit(fmt::format("{}", i), 1, [&] { others += waits ? 1 : 0; });
        engine.step();
    }
    EXPECT_FALSE(waits);
    EXPECT_GT(others, 8);
    EXPECT_LE(others, 18);
}

TEST_F(EngineLoad, TooManyAreRefused) {
    Engine engine = this->engine({.context = kContext, .most_running = 1, .most_waiting = 3});
    int ended = 0;
    const auto request = [&] {
        Request r = random_request(5);
        r.on_end = [&](const Result<Generation>&) { ++ended; };
        return r;
    };
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(engine.submit(request()));
    const Status refused = engine.submit(request());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::busy);
    while (engine.step()) {
    }
    EXPECT_EQ(ended, 3);
    EXPECT_TRUE(engine.submit(request()));
}

}  // namespace
}  // namespace cria
