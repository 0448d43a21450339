// The sampler against definitions computed the slow way, and against the frequencies it must produce.
#include "engine/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "base/random.h"

namespace cria {
namespace {

using Logits = std::vector<float>;

const float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

SamplingOptions plain() {
    SamplingOptions options;
    options.temperature = 1;
    options.top_p = 1;
    return options;
}

Logits logs(const std::vector<double>& probabilities) {
    Logits logits;
    for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
    return logits;
}

std::int32_t once(const SamplingOptions& options, Logits logits, std::uint64_t position = 0,
                  std::vector<std::int32_t> history = {}) {
    return Sampler(options, static_cast<std::int64_t>(logits.size())).sample(logits, history, position);
}

// How often each id is drawn over `draws` positions.
std::map<std::int32_t, int> counts(const SamplingOptions& options, const Logits& logits, int draws) {
    Sampler sampler(options, static_cast<std::int64_t>(logits.size()));
    std::map<std::int32_t, int> result;
    for (int i = 0; i < draws; ++i) {
        Logits copy = logits;
        ++result[sampler.sample(copy, {}, static_cast<std::uint64_t>(i))];
    }
    return result;
}

// Pearson's statistic of the counts against probabilities; ids of probability 0 must not appear.
double chi_square(const std::map<std::int32_t, int>& seen, const std::vector<double>& probabilities) {
    const double total = std::accumulate(seen.begin(), seen.end(), 0.0, [](double s, auto& e) { return s + e.second; });
    const double norm = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
    double statistic = 0;
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
        const auto it = seen.find(static_cast<std::int32_t>(i));
        const double count = it == seen.end() ? 0 : it->second;
        const double expected = total * probabilities[i] / norm;
        if (expected == 0) {
            EXPECT_EQ(count, 0) << "id " << i;
        } else {
            statistic += (count - expected) * (count - expected) / expected;
        }
    }
    return statistic;
}

constexpr int kDraws = 20000;
// 99.9 % quantiles of chi-square with few degrees of freedom.
constexpr double kChi4 = 18.47, kChi2 = 13.82;

TEST(Sampler, GreedyTakesTheLowestIdAmongEquals) {
    SamplingOptions options;
    options.temperature = 0;
    EXPECT_EQ(once(options, {1, 3, 2, 3}), 1);
    EXPECT_EQ(once(options, {-kInfinity, -5, kNan}), 1);
    EXPECT_EQ(once(options, {0, kInfinity, kInfinity}), 1);
}

TEST(Sampler, NoNumberGivesMinusOne) {
    for (const float temperature : {0.0f, 1.0f}) {
        SamplingOptions options = plain();
        options.temperature = temperature;
        EXPECT_EQ(once(options, {kNan, kNan}), -1);
        EXPECT_EQ(once(options, {-kInfinity, kNan}), -1);
    }
}

TEST(Sampler, NanAndInfinityAreHarmlessWhenDrawing) {
    EXPECT_EQ(counts(plain(), {kNan, 0, -kInfinity}, 100), (std::map<std::int32_t, int>{{1, 100}}));
    EXPECT_EQ(counts(plain(), {0, kInfinity, 3}, 100), (std::map<std::int32_t, int>{{1, 100}}));
}

TEST(Sampler, DrawsFollowTheSoftmax) {
    const std::vector<double> p{0.4, 0.3, 0.15, 0.1, 0.05};
    EXPECT_LT(chi_square(counts(plain(), logs(p), kDraws), p), kChi4);
}

TEST(Sampler, TemperatureIsThePowerOfProbabilities) {
    const std::vector<double> p{0.4, 0.3, 0.15, 0.1, 0.05};
    for (const float temperature : {0.5f, 2.0f}) {
        SamplingOptions options = plain();
        options.temperature = temperature;
        std::vector<double> expected;
        for (const double x : p) expected.push_back(std::pow(x, 1.0 / static_cast<double>(temperature)));
        EXPECT_LT(chi_square(counts(options, logs(p), kDraws), expected), kChi4) << temperature;
    }
}

TEST(Sampler, TopKKeepsTheLikeliest) {
    SamplingOptions options = plain();
    options.top_k = 3;
    EXPECT_LT(chi_square(counts(options, logs({0.1, 0.4, 0.05, 0.15, 0.3}), kDraws), {0, 0.4, 0, 0.15, 0.3}), kChi2);
    options.top_k = 1;
    EXPECT_EQ(counts(options, {1, 2, 2}, 50), (std::map<std::int32_t, int>{{1, 50}}));
}

TEST(Sampler, TopPKeepsTheTokenThatPassesTheSum) {
    SamplingOptions options = plain();
    options.top_p = 0.75f;  // 0.4 + 0.3 is not enough, 0.15 passes it
    EXPECT_LT(chi_square(counts(options, logs({0.1, 0.4, 0.05, 0.15, 0.3}), kDraws), {0, 0.4, 0, 0.15, 0.3}), kChi2);
    options.top_p = 1e-6f;
    EXPECT_EQ(counts(options, logs({0.1, 0.4, 0.5}), 50), (std::map<std::int32_t, int>{{2, 50}}));
}

TEST(Sampler, TopPSeesTheDistributionLeftByTopK) {
    SamplingOptions options = plain();
    options.top_k = 2;  // leaves 0.4 and 0.3: 0.571 and 0.429
    options.top_p = 0.5f;
    EXPECT_EQ(counts(options, logs({0.1, 0.4, 0.05, 0.15, 0.3}), 200), (std::map<std::int32_t, int>{{1, 200}}));
}

TEST(Sampler, TopPOfManyTokensKeepsTheSmallestSet) {
    // More candidates than one sorting step takes.
    const int n = 5000;
    Logits logits;
    for (int i = 0; i < n; ++i) logits.push_back(static_cast<float>((i * 7919) % n) * 1e-4f);
    std::vector<std::pair<double, int>> sorted;
    double total = 0;
    for (int i = 0; i < n; ++i) {
        sorted.emplace_back(-std::exp(static_cast<double>(logits[static_cast<std::size_t>(i)])), i);
        total -= sorted.back().first;
    }
    std::ranges::sort(sorted);
    double sum = 0;
    std::size_t kept = 0;
    while (sum < 0.5 * total) sum -= sorted[kept++].first;
    SamplingOptions options = plain();
    options.top_p = 0.5f;
    std::vector<bool> allowed(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < kept + 1; ++i) allowed[static_cast<std::size_t>(sorted[i].second)] = true;
    for (const auto& [id, count] : counts(options, logits, 2000))
        EXPECT_TRUE(allowed[static_cast<std::size_t>(id)]) << id;
}

TEST(Sampler, MinPIsRelativeToTheLargest) {
    SamplingOptions options = plain();
    options.min_p = 0.3f;  // of 0.4: 0.12
    EXPECT_LT(chi_square(counts(options, logs({0.1, 0.4, 0.05, 0.15, 0.3}), kDraws), {0, 0.4, 0, 0.15, 0.3}), kChi2);
    options.min_p = 1;
    EXPECT_EQ(counts(options, logs({0.1, 0.4, 0.5}), 50), (std::map<std::int32_t, int>{{2, 50}}));
}

TEST(Sampler, PenaltiesCountTheWindow) {
    SamplingOptions options;
    options.temperature = 0;
    options.repetition_penalty = 2;
    EXPECT_EQ(once(options, {3, 2}, 0, {0}), 1);       // 1.5 against 2
    EXPECT_EQ(once(options, {-1, -1.5f}, 0, {0}), 1);  // -2 against -1.5
    options.penalty_window = 1;
    EXPECT_EQ(once(options, {3, 2}, 0, {0, 1}), 0);  // only the last counts
    options.penalty_window = 0;
    EXPECT_EQ(once(options, {3, 2}, 0, {0}), 0);

    options = {};
    options.temperature = 0;
    options.frequency_penalty = 1;
    EXPECT_EQ(once(options, {3, 1.5f}, 0, {0}), 0);
    EXPECT_EQ(once(options, {3, 1.5f}, 0, {0, 0}), 1);
    options = {};
    options.temperature = 0;
    options.presence_penalty = 1;
    EXPECT_EQ(once(options, {3, 1.5f}, 0, {0, 0}), 0);
    EXPECT_EQ(once(options, {2, 1.5f}, 0, {0, 0}), 1);
    EXPECT_EQ(once(options, {2, 1.5f}, 0, {7, -1}), 0);  // ids that the model does not have
}

TEST(Sampler, PenaltiesDoNotLeakIntoTheNextToken) {
    SamplingOptions options;
    options.temperature = 0;
    options.frequency_penalty = 1;
    Sampler sampler(options, 2);
    Logits logits{2, 1.5f};
    const std::vector<std::int32_t> history{0};
    EXPECT_EQ(sampler.sample(logits, history, 0), 1);
    logits = {2, 1.5f};
    EXPECT_EQ(sampler.sample(logits, {}, 1), 0);
}

TEST(Sampler, TheDrawDependsOnSeedAndPositionOnly) {
    SamplingOptions options = plain();
    options.seed = 17;
    const Logits logits(100, 0.0f);
    Sampler used(options, 100);
    for (std::uint64_t i = 0; i < 50; ++i) {
        Logits copy = logits;
        used.sample(copy, {}, i);
    }
    Logits copy = logits;
    EXPECT_EQ(used.sample(copy, {}, 7), once(options, logits, 7));
    SamplingOptions other = options;
    other.seed = 18;
    int same = 0;
    for (std::uint64_t i = 0; i < 200; ++i) same += once(options, logits, i) == once(other, logits, i);
    EXPECT_LT(same, 20);
}

TEST(Sampler, LogProbsComeFromTheLogitsBeforePenalties) {
    SamplingOptions options = plain();
    options.temperature = 0;
    options.frequency_penalty = 100;
    options.logprobs = 2;
    Sampler sampler(options, 4);
    Logits logits = logs({0.1, 0.5, 0.15, 0.25});
    const std::vector<std::int32_t> history{1};
    EXPECT_EQ(sampler.sample(logits, history, 0), 3);
    EXPECT_NEAR(sampler.logprobs().chosen.logprob, std::log(0.25), 1e-6);
    ASSERT_EQ(sampler.logprobs().top.size(), 2u);
    EXPECT_EQ(sampler.logprobs().top[0].id, 1);
    EXPECT_NEAR(sampler.logprobs().top[0].logprob, std::log(0.5), 1e-6);
    EXPECT_EQ(sampler.logprobs().top[1].id, 3);
}

TEST(Sampler, OptionsOutOfRangeAreNamed) {
    const auto message = [](auto change) {
        SamplingOptions options;
        change(options);
        const Status status = check_sampling(options);
        return status ? std::string("fine") : status.error().message;
    };
    EXPECT_EQ(message([](SamplingOptions&) {}), "fine");
    EXPECT_NE(message([](SamplingOptions& o) { o.temperature = -1; }).find("temperature is -1"), std::string::npos);
    EXPECT_NE(message([](SamplingOptions& o) { o.temperature = kNan; }).find("temperature"), std::string::npos);
    EXPECT_NE(message([](SamplingOptions& o) { o.top_p = 0; }).find("top-p is 0"), std::string::npos);
    EXPECT_NE(message([](SamplingOptions& o) { o.top_k = -1; }).find("top-k"), std::string::npos);
    EXPECT_NE(message([](SamplingOptions& o) { o.min_p = 2; }).find("min-p"), std::string::npos);
    EXPECT_NE(message([](SamplingOptions& o) { o.repetition_penalty = 0; }).find("repeat-penalty"), std::string::npos);
}

}  // namespace
}  // namespace cria
