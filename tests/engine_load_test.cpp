// Many requests at once, with models quantised and not: every answer is what the request gets alone, whatever else
// runs, and nothing is lost.
#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "base/random.h"
#include "base/temp_folder.h"
#include "engine/engine.h"
#include "engine/logits.h"
#include "model/model_files.h"
#include "quant/gguf_export.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

const Path kTokenizer = Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer/tokenizer.json";
constexpr std::int64_t kContext = 512;

void expect_empty(const Engine& engine) {
    const Engine::Load load = engine.load();
    EXPECT_EQ(load.running, 0);
    EXPECT_EQ(load.waiting, 0);
    EXPECT_EQ(load.free_pages + load.remembered_pages, load.pages);
}

class EngineLoad : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(real_os().make_folders(source_));
        std::filesystem::copy(kTokenizer, source_ / "tokenizer.json");
        tokenizer_.emplace(*load_tokenizer(real_os(), source_));
        make_model("q8_0", 96);
        ASSERT_TRUE(model_->quantised());
    }
    // A random model of numbers of `source`, in a GGUF file of one type.
    void make_model(std::string_view type, std::int64_t ffn_width, DType source = DType::f32) {
        const Path gguf = folder_ / "m.gguf";
        LlamaConfig config;
        config.layers = 2, config.width = 64, config.heads = 4, config.kv_heads = 2, config.head_dim = 16;
        config.ffn_width = ffn_width, config.context = kContext;
        config.initializer_range = 0.1f;
        config.vocabulary = tokenizer_->size();
        config.bos_id = 0, config.eos_ids = {1};
        ASSERT_TRUE(Llama::random(config, 3, DType::f32, false)->save(real_os(), source_, source));
        const ModelFiles files = *open_model_folder(real_os(), source_);
        model_.reset();
        ASSERT_TRUE(export_gguf(real_os(), files, gguf, type, compute_, [](const auto&, double) { return true; }));
        model_.emplace(*Llama::load(real_os(), gguf, {.compute = &compute_}));
        model_->reserve_positions(kContext);
    }
    Engine engine(const EngineOptions& options) { return Engine(real_os(), *model_, *tokenizer_, compute_, options); }

    // Prompts of one to 300 tokens, half of which begin alike; some answers are greedy, some are penalised.
    Request random_request(std::uint64_t seed) const {
        Random random(seed, 77);
        const auto vocabulary = static_cast<std::uint32_t>(model_->config().vocabulary);
        Request request;
        const std::uint32_t length = 1 + random.below(300);
        const bool alike = random.below(2) == 0;
        for (std::uint32_t i = 0; i < length; ++i) {
            const TokenId any = static_cast<TokenId>(random.below(vocabulary));
            request.prompt.push_back(alike && i < 200 ? static_cast<TokenId>(i * 31 % vocabulary) : any);
        }
        request.scope = random.below(3) == 0 ? "other" : "";
        request.options.sampling.temperature = random.below(3) == 0 ? 0.0f : 0.8f;
        request.options.sampling.seed = seed;
        if (random.below(4) == 0) request.options.sampling.frequency_penalty = 0.2f;
        request.options.max_tokens = random.below(120);
        return request;
    }

    // What the request gets alone, without drafts, of an engine that has seen nothing before.
    std::vector<TokenId> alone(Request request) {
        Engine fresh = engine(one_at_a_time(kContext));
        request.options.drafts = false;
        return fresh.generate(request.prompt, request.options, [](std::string_view) {})->ids;
    }

    void expect_answers_as_alone(std::uint64_t requests);

    TempFolder folder_;
    Path source_ = folder_ / "m";
    ThreadPool pool_{2};
    Compute compute_{pool_, best_kernels()};
    std::optional<Tokenizer> tokenizer_;
    std::optional<Llama> model_;
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
        EXPECT_GT(cached, 500);
        EXPECT_GT(all.load().preemptions, 0);
        expect_empty(all);
    }
}

TEST_F(EngineLoad, AnAnswerIsTheSameWhateverElseRuns) { expect_answers_as_alone(40); }

TEST_F(EngineLoad, SoItIsOfUnquantisedModels) {
    for (const std::string_view type : {"f32", "bf16", "f16"}) {
        SCOPED_TRACE(type);
        make_model(type, 96);
        ASSERT_FALSE(model_->quantised());
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
