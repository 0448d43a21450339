// One request at a time, with scripted models, whose every answer is known, and with random ones.
#include <gtest/gtest.h>

#include <cmath>

#include "base/temp_folder.h"
#include "engine/engine.h"
#include "engine/logits.h"
#include "engine/tiny_model.h"
#include "kernels/kernels.h"

namespace cria {
namespace {

// A model from a script, loaded as any other; widened, so that a test may change its weights.
struct Loaded {
    explicit Loaded(const TinyModel& tiny, int threads = 1) : pool(threads) {
        write_tiny_model(folder.path(), tiny);
        model.emplace(*Llama::load(real_os(), folder.path(), {.exact = true}));
        tokenizer.emplace(*load_tokenizer(real_os(), folder.path()));
    }
    Engine engine(std::int64_t context = 256) { return engine(one_at_a_time(context)); }
    Engine engine(const EngineOptions& options) {
        return Engine(real_os(), *model, *tokenizer, {pool, best_kernels()}, options);
    }
    std::vector<TokenId> prompt(std::string_view text) const { return tokenizer->encode(text); }

    TempFolder folder;
    ThreadPool pool;
    std::optional<Llama> model;
    std::optional<Tokenizer> tokenizer;
};

GenerateOptions greedy(std::int64_t max_tokens = -1) {
    GenerateOptions options;
    options.sampling.temperature = 0;
    options.max_tokens = max_tokens;
    return options;
}

// The answer, with its text checked against what was streamed.
Generation answer(Engine& engine, std::span<const TokenId> prompt, const GenerateOptions& options) {
    std::string streamed;
    auto result = engine.generate(prompt, options, [&](std::string_view text) { streamed += text; });
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->text, streamed);
    return std::move(*result);
}

std::string error_of(Engine& engine, std::span<const TokenId> prompt, const GenerateOptions& options) {
    const auto result = engine.generate(prompt, options, [](std::string_view) {});
    return result ? "no error" : result.error().message;
}

TEST(Engine, SaysItsScriptAndStops) {
    Loaded loaded({.says = letters("Hi you!")});
    Engine engine = loaded.engine();
    const Generation g = answer(engine, loaded.prompt("ask\n"), greedy());
    EXPECT_EQ(g.text, "Hi you!");
    EXPECT_EQ(g.stop, StopReason::end_of_turn);
    EXPECT_EQ(g.usage.prompt_tokens, 4);
    EXPECT_EQ(g.usage.completion_tokens, 7);
    EXPECT_EQ(g.ids.size(), 7u);
    EXPECT_GT(g.timings.first_token.count(), 0);
    EXPECT_GE(g.timings.first_token, g.timings.prompt);
}

TEST(Engine, MaxTokensAndContextEndAnAnswer) {
    Loaded loaded({.says = letters("abc"), .endless = true});
    Engine engine = loaded.engine(16);
    const auto prompt = loaded.prompt("ask\n");
    EXPECT_EQ(answer(engine, prompt, greedy(5)).text, "abcab");
    EXPECT_EQ(answer(engine, prompt, greedy(5)).stop, StopReason::max_tokens);
    EXPECT_EQ(answer(engine, prompt, greedy(0)).usage.completion_tokens, 0);
    const Generation full = answer(engine, prompt, greedy());
    EXPECT_EQ(full.stop, StopReason::context_full);
    EXPECT_EQ(full.usage.completion_tokens, 12);
}

TEST(Engine, StopStringsEndItAcrossTokens) {
    Loaded loaded({.says = letters("Hi you!")});
    Engine engine = loaded.engine();
    GenerateOptions options = greedy();
    options.stop_strings = {"you?", "yo"};
    const Generation g = answer(engine, loaded.prompt("\n"), options);
    EXPECT_EQ(g.text, "Hi ");
    EXPECT_EQ(g.stop, StopReason::stop_string);
    options.stop_strings = {"!!"};
    EXPECT_EQ(answer(engine, loaded.prompt("\n"), options).text, "Hi you!") << "what was held back is shown at the end";
    options.stop_strings = {""};
    EXPECT_NE(error_of(engine, loaded.prompt("\n"), options).find("stop string is empty"), std::string::npos);
}

TEST(Engine, StopIdsOfTheCallerCount) {
    Loaded loaded({.says = letters("abc")});
    Engine engine = loaded.engine();
    GenerateOptions options = greedy();
    options.stop_ids = {'c'};
    EXPECT_EQ(answer(engine, loaded.prompt("\n"), options).text, "ab");
}

TEST(Engine, TextIsNeverCutInsideACharacter) {
    Loaded loaded({.says = {"\xf0\x9f", "\x98", "\x80", "\xc3"}});
    Engine engine = loaded.engine();
    std::vector<std::string> pieces;
    ASSERT_TRUE(
        engine.generate(loaded.prompt("\n"), greedy(), [&](std::string_view text) { pieces.emplace_back(text); }));
    EXPECT_EQ(pieces, (std::vector<std::string>{"\xf0\x9f\x98\x80", "\xef\xbf\xbd"}));
}

TEST(Engine, ControlTokensAreNoText) {
    Loaded loaded({.says = letters("abc")});
    // <|python_tag|> first, then 'a' as if it followed a line break.
    const TokenId tag = *loaded.tokenizer->special("<|python_tag|>");
    for (const Parameter& parameter : loaded.model->parameters()) {
        if (parameter.names.front() != "lm_head.weight") continue;
        float* rows = parameter.weight->value.f32();
        const std::int64_t width = parameter.weight->value.columns();
        rows[tag * width + '\n'] = 2;
        rows['a' * width + tag] = 1;
    }
    Engine engine = loaded.engine();
    const Generation g = answer(engine, loaded.prompt("\n"), greedy());
    EXPECT_EQ(g.text, "abc");
    EXPECT_TRUE(g.python_tag);
}

TEST(Engine, ReusesTheCommonPrefix) {
    Loaded loaded({.says = letters("Hi")});
    Engine engine = loaded.engine();
    EXPECT_EQ(answer(engine, loaded.prompt("first line\n"), greedy()).usage.cached_tokens, 0);
    const Generation again = answer(engine, loaded.prompt("first line\n"), greedy());
    EXPECT_EQ(again.usage.cached_tokens, 10) << "all but the last token, whose logits are needed";
    EXPECT_EQ(again.text, "Hi");
    const Generation longer = answer(engine, loaded.prompt("first line\nHi and more\n"), greedy());
    EXPECT_EQ(longer.usage.cached_tokens, 13) << "the answer too";
    EXPECT_EQ(answer(engine, loaded.prompt("fir?\n"), greedy()).usage.cached_tokens, 3);
}

TEST(Engine, ChunksOfThePromptChangeNothing) {
    Loaded loaded({.says = letters("Hi you!")});
    const auto prompt = loaded.prompt(std::string(40, 'x') + "\n");
    for (const std::int64_t chunk : {1, 7, 40, 41, 512}) {
        EngineOptions options = one_at_a_time(256);
        options.prompt_rows = chunk;
        Engine engine = loaded.engine(options);
        EXPECT_EQ(answer(engine, prompt, greedy()).text, "Hi you!") << chunk;
    }
}

TEST(Engine, CancelsBeforeAndWithinAnAnswer) {
    Loaded loaded({.says = letters("abc"), .endless = true});
    Engine engine = loaded.engine();
    std::atomic<bool> cancel = true;
    GenerateOptions options = greedy();
    options.cancel = &cancel;
    const Generation none = answer(engine, loaded.prompt("\n"), options);
    EXPECT_EQ(none.stop, StopReason::cancelled);
    EXPECT_EQ(none.text, "");
    cancel = false;
    std::string text;
    const auto some = engine.generate(loaded.prompt("\n"), options, [&](std::string_view piece) {
        text += piece;
        if (text.size() == 4) cancel = true;
    });
    ASSERT_TRUE(some);
    EXPECT_EQ(some->stop, StopReason::cancelled);
    EXPECT_EQ(some->text, "abca");
}

TEST(Engine, BadPromptsAreNamed) {
    Loaded loaded({.says = letters("abc")});
    Engine engine = loaded.engine(8);
    EXPECT_NE(error_of(engine, {}, greedy()).find("empty"), std::string::npos);
    const std::vector<TokenId> outside{1, 512};
    EXPECT_NE(error_of(engine, outside, greedy()).find("512"), std::string::npos);
    const std::vector<TokenId> negative{-1};
    EXPECT_NE(error_of(engine, negative, greedy()).find("-1"), std::string::npos);
    const std::string message = error_of(engine, loaded.prompt("12345678"), greedy());
    EXPECT_NE(message.find("8 tokens"), std::string::npos) << message;
    EXPECT_NE(message.find("holds 8"), std::string::npos) << message;
    EXPECT_EQ(answer(engine, loaded.prompt("123456\n"), greedy()).text, "a") << "the engine goes on";
}

TEST(Engine, WeightsThatAreNoNumbersAreAnError) {
    Loaded loaded({.says = letters("abc")});
    for (const Parameter& parameter : loaded.model->parameters()) {
        if (parameter.names.front() != "model.norm.weight") continue;
        std::ranges::fill(parameter.weight->value.f32_span(), std::nanf(""));
    }
    Engine engine = loaded.engine();
    EXPECT_NE(error_of(engine, loaded.prompt("\n"), greedy()).find("damaged"), std::string::npos);
}

// ---- A random model, where attention matters ----

struct RandomModel {
    explicit RandomModel(int threads = 1) : pool(threads) {
        LlamaConfig config;
        config.layers = 2;
        config.width = 64;
        config.heads = 4;
        config.kv_heads = 2;
        config.head_dim = 16;
        config.ffn_width = 96;
        config.vocabulary = 512;
        config.context = 256;
        config.bos_id = 256;
        config.eos_ids = {511};
        model.emplace(*Llama::random(config, 3, DType::f32, false));
        std::vector<std::string> ranks;
        for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
        tokenizer.emplace(*Tokenizer::create(ranks, llama3_specials(256)));
    }
    Engine engine(Os& os = real_os()) {
        return Engine(os, *model, *tokenizer, {pool, best_kernels()}, one_at_a_time(256));
    }

    ThreadPool pool;
    std::optional<Llama> model;
    std::optional<Tokenizer> tokenizer;
};

TEST(SequenceLogits, StepwiseAgreeWithTheWholeSequence) {
    RandomModel random;
    const Compute compute{random.pool, best_kernels()};
    std::vector<TokenId> ids;
    for (int i = 0; i < 300; ++i) ids.push_back((i * 37 + 11) % 500);
    EXPECT_FALSE(sequence_logits(*random.model, compute, ids, false)) << "more than the context";
    EXPECT_FALSE(sequence_logits(*random.model, compute, {}, false));
    ids.resize(200);
    const Tensor whole = *sequence_logits(*random.model, compute, ids, false);
    const Tensor steps = *sequence_logits(*random.model, compute, ids, true);
    ASSERT_EQ(whole.shape(), (Shape{200, 512}));
    double difference = 0, length = 0;
    for (std::size_t i = 0; i < whole.f32_span().size(); ++i) {
        const double a = whole.f32_span()[i], b = steps.f32_span()[i];
        difference += (a - b) * (a - b);
        length += a * a;
    }
    // Sums of at most 96 products in another order: each rounds by at most 2^-24 of its size, through 2 layers.
    EXPECT_LT(std::sqrt(difference / length), 1e-5);
}

TEST(Engine, TheSameSeedGivesTheSameIdsOnAnyThreads) {
    GenerateOptions options;
    options.sampling = {.temperature = 1.0f, .top_p = 0.95f, .seed = 9};
    options.max_tokens = 60;
    std::vector<TokenId> first;
    for (const int threads : {1, 2, 3}) {
        RandomModel random(threads);
        Engine engine = random.engine();
        const std::vector<TokenId> prompt{1, 2, 3, 4};
        const Generation g = answer(engine, prompt, options);
        if (first.empty()) first = g.ids;
        EXPECT_EQ(g.ids, first) << threads;
    }
    EXPECT_GT(first.size(), 20u);
}

// An Os whose clock stands still: no pass has a time, so that the longest drafts are always tried.
class Timeless final : public Os {
public:
    Result<std::unique_ptr<File>> open(const Path& path) override { return real_os().open(path); }
    Result<std::unique_ptr<File>> create(const Path& path) override { return real_os().create(path); }
    Result<std::unique_ptr<File>> append_to(const Path& path) override { return real_os().append_to(path); }
    Result<std::unique_ptr<File>> modify(const Path& path) override { return real_os().modify(path); }
    Result<std::shared_ptr<Mapping>> map(const Path& path) override { return real_os().map(path); }
    Status rename(const Path& from, const Path& to) override { return real_os().rename(from, to); }
    Status remove(const Path& path) override { return real_os().remove(path); }
    Status make_folders(const Path& path) override { return real_os().make_folders(path); }
    Status sync_folder(const Path& path) override { return real_os().sync_folder(path); }
    Result<FileInfo> info(const Path& path) override { return real_os().info(path); }
    Result<std::vector<Path>> list(const Path& folder) override { return real_os().list(folder); }
    Result<std::uint64_t> free_bytes(const Path& folder) override { return real_os().free_bytes(folder); }
    std::chrono::nanoseconds monotonic() override { return {}; }
    std::chrono::system_clock::time_point wall() override { return real_os().wall(); }
    std::uint64_t random_seed() override { return 0; }
    Status make_private(const Path& path) override { return real_os().make_private(path); }
};

// Few ids stay likely at a low temperature, so that answers repeat themselves and some guesses are right.
TEST(Engine, DraftsChangeNothing) {
    RandomModel random(2);
    Timeless os;
    std::int64_t drafted = 0, accepted = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
        GenerateOptions options;
        options.sampling = {.temperature = seed % 3 == 0 ? 0.0f : 0.2f * static_cast<float>(seed % 3), .seed = seed};
        if (seed % 4 == 3) options.sampling.frequency_penalty = 0.1f;
        options.sampling.logprobs = 2;
        options.max_tokens = 150;
        const std::vector<TokenId> prompt{static_cast<TokenId>(seed), 9, 7, 9, 7, 9, 7, 3, 9, 7};
        options.drafts = false;
        Engine plain = random.engine();
        const Generation wanted = answer(plain, prompt, options);
        EXPECT_EQ(wanted.usage.drafted_tokens, 0);
        options.drafts = true;
        Engine engine = random.engine(os);
        const Generation given = answer(engine, prompt, options);
        EXPECT_EQ(given.ids, wanted.ids) << seed;
        ASSERT_EQ(given.logprobs.size(), wanted.logprobs.size());
        for (std::size_t i = 0; i < given.logprobs.size(); ++i)
            EXPECT_EQ(given.logprobs[i].chosen.logprob, wanted.logprobs[i].chosen.logprob) << i;
        drafted += given.usage.drafted_tokens;
        accepted += given.usage.accepted_tokens;
        // What was guessed wrong is gone: the next answer finds the same cache.
        EXPECT_EQ(answer(engine, prompt, options).ids, wanted.ids);
        std::vector<TokenId> longer = prompt;
        longer.insert(longer.end(), given.ids.begin(), given.ids.end());
        longer.push_back(5);
        EXPECT_EQ(answer(engine, longer, options).usage.cached_tokens,
                  answer(plain, longer, options).usage.cached_tokens);
    }
    EXPECT_GT(accepted, 50);
    EXPECT_GT(drafted, accepted) << "some guesses are wrong";
}

// The model itself guesses right whenever it is greedy; another one seldom does; the answer is the same.
TEST(Engine, ADraftModelChangesNothing) {
    RandomModel random(2);
    const Llama other = *Llama::random(random.model->config(), 4, DType::f32, false);
    Timeless os;
    for (const Llama* draft : {static_cast<const Llama*>(&*random.model), &other}) {
        EngineOptions options = one_at_a_time(256);
        options.draft_model = draft;
        Engine plain = random.engine();
        Engine engine(os, *random.model, *random.tokenizer, {random.pool, best_kernels()}, options);
        std::int64_t drafted = 0, accepted = 0;
        for (std::uint64_t seed = 0; seed < 6; ++seed) {
            GenerateOptions wanted;
            wanted.sampling = {.temperature = seed < 4 ? 0.0f : 0.3f, .seed = seed};
            wanted.max_tokens = 100;
            wanted.drafts = false;
            const std::vector<TokenId> prompt{static_cast<TokenId>(seed * 7), 1, 2, 3, static_cast<TokenId>(seed)};
            const std::vector<TokenId> ids = answer(plain, prompt, wanted).ids;
            wanted.drafts = true;
            const Generation given = answer(engine, prompt, wanted);
            EXPECT_EQ(given.ids, ids) << seed;
            drafted += given.usage.drafted_tokens;
            accepted += given.usage.accepted_tokens;
        }
        EXPECT_GT(drafted, 300);
        if (draft != &other) {
            EXPECT_GT(accepted, 200);
        }
    }
}

// What one engine has read, another one finds; and nothing of a file that is wrong.
TEST(Engine, WhatWasReadIsKeptInAFile) {
    RandomModel random;
    const TempFolder folder;
    const Path file = folder / "kept";
    std::vector<TokenId> prompt;
    for (TokenId i = 0; i < 200; ++i) prompt.push_back(i * 7 % 256);
    Engine first = random.engine();
    const Generation wanted = answer(first, prompt, greedy(20));
    ASSERT_TRUE(first.save_prefixes(file, "model a"));
    {
        Engine second = random.engine();
        const auto pages = second.load_prefixes(file, "model a");
        ASSERT_TRUE(pages) << pages.error().message;
        EXPECT_EQ(*pages, 2);
        const Generation given = answer(second, prompt, greedy(20));
        EXPECT_EQ(given.ids, wanted.ids);
        EXPECT_EQ(given.usage.cached_tokens, 199);
        EXPECT_EQ(second.load_prefixes(folder / "none", "model a").error().kind, ErrorKind::not_found);
        EXPECT_EQ(second.load_prefixes(file, "model b").error().kind, ErrorKind::invalid_input);
        EngineOptions other = one_at_a_time(256);
        other.kv_type = DType::bf16;
        Engine paired(real_os(), *random.model, *random.tokenizer, {random.pool, best_kernels()}, other);
        EXPECT_EQ(paired.load_prefixes(file, "model a").error().kind, ErrorKind::invalid_input);
    }
    const std::string bytes = *read_text(real_os(), file, 1 << 20);
    for (const std::size_t at : {9u, 40u, 200u, 400u}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x15);
        ASSERT_TRUE(write_atomically(real_os(), file, damaged));
        Engine fresh = random.engine();
        const auto pages = fresh.load_prefixes(file, "model a");  // what is not noticed is of the tokens' own values
        if (!pages) {
            EXPECT_NE(pages.error().message.find("kept"), std::string::npos) << pages.error().message;
        }
        EXPECT_EQ(answer(fresh, prompt, greedy(20)).usage.completion_tokens, 20);
    }
    ASSERT_TRUE(write_atomically(real_os(), file, bytes.substr(0, bytes.size() / 2)));
    Engine fresh = random.engine();
    EXPECT_EQ(fresh.load_prefixes(file, "model a").error().kind, ErrorKind::corrupt);
    EXPECT_EQ(answer(fresh, prompt, greedy(20)).ids, wanted.ids);
}

TEST(Engine, DraftsEndWithTheAnswer) {
    Loaded endless({.says = letters("abcd"), .endless = true});
    Timeless os;
    Engine engine(os, *endless.model, *endless.tokenizer, {endless.pool, best_kernels()}, one_at_a_time(40));
    const auto prompt = endless.prompt("ask\n");
    const Generation g = answer(engine, prompt, greedy());
    EXPECT_EQ(g.stop, StopReason::context_full);
    EXPECT_EQ(g.usage.completion_tokens, 36);
    EXPECT_GT(g.usage.accepted_tokens, 20);
    GenerateOptions stop = greedy();
    stop.stop_strings = {"dab"};
    EXPECT_EQ(answer(engine, prompt, stop).text, "abc");
    EXPECT_EQ(answer(engine, prompt, greedy(9)).text, "abcdabcda");
}

}  // namespace
}  // namespace cria
