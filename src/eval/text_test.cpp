#include "eval/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "text/tokenizer_files.h"

namespace cria {
namespace {

// Every byte is a token; the control tokens come after.
const Tokenizer& bytes() {
    static const Tokenizer tokenizer = [] {
        std::vector<std::string> ranks;
        for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
        return std::move(*Tokenizer::create(ranks, llama3_specials(256)));
    }();
    return tokenizer;
}

Llama random_model(std::uint64_t seed, float range) {
    LlamaConfig config;
    config.layers = 1, config.width = 16, config.heads = 2, config.kv_heads = 1, config.head_dim = 8,
    config.ffn_width = 24;
    config.vocabulary = 512, config.context = 256, config.initializer_range = range;
    config.bos_id = 256, config.eos_ids = {257};
    return std::move(*Llama::random(config, seed, DType::f32, false));
}

constexpr std::string_view kText =
    "The quick brown fox jumps over the lazy dog, again and again and again, until it rains.";

constexpr auto go_on = [](std::int64_t) { return true; };

TEST(TextWindows, AreCutSideBySideAndBeginAnew) {
    const TextWindows windows = *cut_windows(bytes(), kText, 16);
    EXPECT_EQ(windows.count(), static_cast<std::int64_t>(kText.size() + 1) / 16);
    for (std::int64_t i = 0; i < windows.count(); ++i) {
        EXPECT_EQ(windows.window(i)[0], 256);
        EXPECT_EQ(windows.window(i)[5], static_cast<unsigned char>(kText[static_cast<std::size_t>(16 * i + 4)]));
    }
    EXPECT_NE(cut_windows(bytes(), "short", 16).error().message.find("has 6 tokens; at least 16"), std::string::npos);
    EXPECT_FALSE(cut_windows(bytes(), kText, 3));
}

TEST(Perplexity, IsThatOfTheSecondHalves) {
    ThreadPool pool(2);
    const Compute compute{pool, best_kernels()};
    const Llama model = random_model(1, 0.3f);
    const TextWindows windows = *cut_windows(bytes(), kText, 16);
    const Perplexity measured = *measure_perplexity(model, compute, windows, go_on);
    // The same by the loss that training uses, with targets in the second half only.
    double loss = 0;
    for (std::int64_t i = 0; i < windows.count(); ++i) {
        const auto window = windows.window(i);
        std::vector<std::int32_t> targets(16, kIgnore);
        for (std::size_t row = 8; row < 15; ++row) targets[row] = window[row + 1];
        Arena arena;
        Pass pass(compute, arena);
        const RowRun run{0, 16, 0, nullptr};
        loss += cross_entropy(pass, model.forward(pass, window, {{&run, 1}}), model.head(), targets, 1.0);
    }
    EXPECT_EQ(measured.tokens, 7 * windows.count());
    EXPECT_EQ(measured.windows, windows.count());
    EXPECT_NEAR(measured.perplexity, std::exp(loss / static_cast<double>(measured.tokens)), 1e-4 * measured.perplexity);
}

TEST(Perplexity, OfAModelThatKnowsNothingIsTheVocabulary) {
    ThreadPool pool(1);
    const TextWindows windows = *cut_windows(bytes(), kText, 16);
    const Perplexity measured = *measure_perplexity(random_model(1, 0.0f), {pool, best_kernels()}, windows, go_on);
    EXPECT_NEAR(measured.perplexity, 512, 1e-2);
}

TEST(Distance, IsNothingToItselfAndSomethingToAnother) {
    ThreadPool pool(2);
    const Compute compute{pool, best_kernels()};
    const Llama a = random_model(1, 0.3f), b = random_model(2, 0.3f);
    const TextWindows windows = *cut_windows(bytes(), kText, 32);
    const TextDistance same = *measure_distance(a, a, compute, windows, go_on);
    EXPECT_EQ(same.kl_mean, 0);
    EXPECT_EQ(same.top1_agreement, 1);
    EXPECT_EQ(same.positions, 15 * windows.count());
    const TextDistance other = *measure_distance(a, b, compute, windows, go_on);
    EXPECT_GT(other.kl_mean, 0.1);
    EXPECT_GE(other.kl_p99, other.kl_mean);
    EXPECT_LT(other.top1_agreement, 0.5);
}

TEST(Distance, StopsWhenAsked) {
    ThreadPool pool(1);
    const Llama model = random_model(1, 0.1f);
    const TextWindows windows = *cut_windows(bytes(), kText, 16);
    const auto stopped = measure_perplexity(model, {pool, best_kernels()}, windows, [](std::int64_t) { return false; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
}

}  // namespace
}  // namespace cria
