// Philox's published answers, and moments of what is made of it. The bounds are five standard deviations
// of the estimate at hand; the seeds are fixed, so a test that passes once passes always.
#include "base/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace cria {
namespace {

TEST(Random, PhiloxKnownAnswers) {
    // Known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
    using Block = std::array<std::uint32_t, 4>;
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, SameSeedSameNumbers) {
    Random a(7, 3), b(7, 3);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(a.next_u64(), b.next_u64());
    Random copy = a;
    EXPECT_EQ(copy.next_u32(), a.next_u32());
}

TEST(Random, UniformMoments) {
    constexpr int kDraws = 200'000;
    Random random(1);
    double sum = 0, squares = 0;
    for (int i = 0; i < kDraws; ++i) {
        const double x = random.uniform();
        ASSERT_GE(x, 0.0);
        ASSERT_LT(x, 1.0);
        sum += x;
        squares += x * x;
    }
    EXPECT_NEAR(sum / kDraws, 1.0 / 2, 5 * std::sqrt(1.0 / 12 / kDraws));
    EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kDraws));
}

TEST(Random, NormalMoments) {
    constexpr int kDraws = 200'000;
    Random random(2);
    std::array<double, 5> sums{};
    for (int i = 0; i < kDraws; ++i) {
        const double x = random.normal();
        ASSERT_TRUE(std::isfinite(x));
        for (int power = 1; power <= 4; ++power) sums[static_cast<std::size_t>(power)] += std::pow(x, power);
    }
    // Moments 0, 1, 0, 3; the variance of x^k is E[x^2k] - E[x^k]^2 = 1, 2, 15, 96.
    EXPECT_NEAR(sums[1] / kDraws, 0, 5 * std::sqrt(1.0 / kDraws));
    EXPECT_NEAR(sums[2] / kDraws, 1, 5 * std::sqrt(2.0 / kDraws));
    EXPECT_NEAR(sums[3] / kDraws, 0, 5 * std::sqrt(15.0 / kDraws));
    EXPECT_NEAR(sums[4] / kDraws, 3, 5 * std::sqrt(96.0 / kDraws));
}

TEST(Random, BelowIsUnbiased) {
    for (const std::uint32_t bound : {1u, 2u, 3u, 7u, 100u}) {
        Random random(bound);
        constexpr int kDraws = 100'000;
        std::vector<int> counts(bound);
        for (int i = 0; i < kDraws; ++i) {
            const std::uint32_t draw = random.below(bound);
            ASSERT_LT(draw, bound);
            ++counts[draw];
        }
        const double share = 1.0 / bound;
        for (const int count : counts)
            EXPECT_NEAR(count, kDraws * share, 5 * std::sqrt(kDraws * share * (1 - share))) << bound;
    }
    // 3 * 2^30 of 2^32: a plain remainder would draw the lowest third twice as often as each other third.
    Random random(9);
    constexpr std::uint32_t kBound = 3u << 30;
    int low = 0;
    constexpr int kDraws = 30'000;
    for (int i = 0; i < kDraws; ++i) low += random.below(kBound) < kBound / 3;
    EXPECT_NEAR(low, kDraws / 3.0, 5 * std::sqrt(kDraws * 2.0 / 9));
}

TEST(Random, StreamsAndSeedsAreIndependent) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t stream = 0; stream < 1000; ++stream) {
        EXPECT_TRUE(seen.insert(Random(1, stream).next_u64()).second);
        EXPECT_TRUE(seen.insert(Random(stream + 2, 0).next_u64()).second);
    }
    // The upper halves of seed and stream count too.
    EXPECT_NE(Random(1, 0).next_u64(), Random(1 + (1ull << 32), 0).next_u64());
    EXPECT_NE(Random(1, 0).next_u64(), Random(1, 1ull << 32).next_u64());

    constexpr int kDraws = 100'000;
    Random a(5, 0), b(5, 1);
    double product = 0;
    for (int i = 0; i < kDraws; ++i) product += a.normal() * b.normal();
    EXPECT_NEAR(product / kDraws, 0, 5 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace cria
