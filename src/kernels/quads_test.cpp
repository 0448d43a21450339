// Products with keys and values in eight bits, and the softmax beside them, against whole numbers and double precision.
#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;

CRIA_EACH_TABLE(QuadTable);

// Keys and values of `positions` rows of n numbers each, in their order of storage.
struct Stored8 {
    Stored8(std::int64_t positions, std::int64_t n) : width(n), keys(positions * n), values(positions * n) {
        for (std::int64_t p = 0; p < positions; ++p)
            for (std::int64_t d = 0; d < n; ++d) {
                const auto byte = static_cast<std::uint8_t>(at(p, d) + 128);
                keys[static_cast<std::size_t>(quad_key_place(p, d, n))] = byte;
                values[static_cast<std::size_t>(quad_value_place(p, d, n))] = byte;
            }
    }
    int at(std::int64_t p, std::int64_t d) const {  // the largest ones among them
        return static_cast<int>((p * width + d) * 89 % 255) - 127;
    }
    std::int64_t width;
    std::vector<std::uint8_t> keys, values;
};

// Rows split one by one.
struct Split {
    // Of each row the first `valid` numbers, and zeros.
    Split(const Kernels& kernels, std::vector<float> x, std::int64_t rows, std::int64_t n, std::int64_t valid)
        : stride(n), halves(static_cast<std::size_t>(2 * rows * n)), scales(static_cast<std::size_t>(rows)) {
        for (std::int64_t r = 0; r < rows; ++r) {
            std::int8_t* high = halves.data() + 2 * r * n;
            std::fill(x.begin() + r * n + valid, x.begin() + (r + 1) * n, 0.0f);
            scales[static_cast<std::size_t>(r)] = kernels.quads.split(x.data() + r * n, n, high, high + n);
        }
    }
    std::int64_t number(std::int64_t r, std::int64_t i) const {
        const std::int8_t* high = halves.data() + 2 * r * stride + i;
        return 255 * high[0] + high[stride];
    }
    std::int64_t stride;
    std::vector<std::int8_t> halves;
    std::vector<SplitScale> scales;
};

TEST_P(QuadTable, RowsInFifteenBits) {
    for (const std::int64_t n : {16, 32, 48, 64, 512}) {
        std::vector<float> x = numbers(n, static_cast<std::uint32_t>(n));
        x[0] = -1.0f;  // the largest: all bits of a half are used
        std::vector<std::int8_t> high(x.size(), 5), low(x.size(), 5);
        const SplitScale split = k().quads.split(x.data(), n, high.data(), low.data());
        ASSERT_FLOAT_EQ(split.scale, 1.0f / 32512.0f);
        std::int32_t sum = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            ASSERT_NEAR(split.scale * (255.0 * high[i] + low[i]), x[i], split.scale * 0.51) << i;
            ASSERT_GE(std::min(high[i], low[i]), -127) << i;
            sum += 255 * high[i] + low[i];
        }
        EXPECT_EQ(split.sum, sum);
    }
}

TEST_P(QuadTable, SoftmaxInSteps) {
    for (const std::int64_t valid : {1, 2, 15, 16, 17, 31, 48, 63, 64, 127, 128}) {
        const std::int64_t n = (valid + 15) / 16 * 16;
        std::vector<float> scores = numbers(n, static_cast<std::uint32_t>(valid)), factors = numbers(n, 99);
        for (std::size_t i = 0; i < scores.size(); ++i) {
            scores[i] *= 20.0f, factors[i] = std::abs(factors[i]);
            if (i >= static_cast<std::size_t>(valid))  // whatever stands there is not looked at
                scores[i] = factors[i] = std::numeric_limits<float>::quiet_NaN();
        }
        for (const float before : {-std::numeric_limits<float>::infinity(), 0.0f, 30.0f}) {
            float max = before;
            std::vector<std::int8_t> high(scores.size(), 5), low(scores.size(), 5);
            SplitScale split{};
            const float sum =
                k().quads.softmax(scores.data(), factors.data(), valid, n, &max, high.data(), low.data(), &split);
            ASSERT_EQ(max, std::max(before, *std::max_element(scores.begin(), scores.begin() + valid)));
            double wanted = 0;
            std::int32_t whole = 0;
            for (std::size_t i = 0; i < scores.size(); ++i) {
                const bool seen = i < static_cast<std::size_t>(valid);
                const double weight = seen ? std::exp(double{scores[i]} - max) : 0.0;
                wanted += weight;
                ASSERT_NEAR(split.scale * (255.0 * high[i] + low[i]), seen ? weight * factors[i] : 0.0,
                            split.scale * 0.51 + weight * 1e-6)
                    << i;
                whole += 255 * high[i] + low[i];
            }
            EXPECT_NEAR(sum, wanted, wanted * 1e-6);
            EXPECT_EQ(split.sum, whole);
        }
    }
}

TEST_P(QuadTable, SoftmaxPassesOnNoNumbers) {
    std::vector<float> scores(16, 1.0f), factors(16, 1.0f);
    std::vector<std::int8_t> high(16), low(16);
    SplitScale split{};
    float max = 0.0f;
    scores[3] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(
        std::isnan(k().quads.softmax(scores.data(), factors.data(), 16, 16, &max, high.data(), low.data(), &split)));
    EXPECT_TRUE(std::isnan(split.scale));
    scores[3] = 1.0f, factors[5] = std::numeric_limits<float>::quiet_NaN(), max = 0.0f;
    k().quads.softmax(scores.data(), factors.data(), 16, 16, &max, high.data(), low.data(), &split);
    EXPECT_TRUE(std::isnan(split.scale)) << "a scale that is none";
}

TEST_P(QuadTable, SplitsZerosTinyOnesAndNoNumbers) {
    std::vector<float> x(16, 0.0f);
    std::vector<std::int8_t> high(16), low(16);
    for (const float value : {0.0f, 1e-44f, 1e-36f}) {
        x[3] = value;
        const SplitScale split = k().quads.split(x.data(), 16, high.data(), low.data());
        EXPECT_NEAR(split.scale * (255.0f * high[3] + low[3]), value, 4e-33f);
        EXPECT_EQ(high[2], 0);
    }
    for (const float none : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        x[3] = none;
        EXPECT_TRUE(std::isnan(k().quads.split(x.data(), 16, high.data(), low.data()).scale));
    }
}

TEST_P(QuadTable, ProductsWithKeysAndValues) {
    for (const std::int64_t n : {16, 32, 64, 80, 128, 256})
        for (const std::int64_t rows : {1, 3, 4, 7, 13, 15, 40}) {
            constexpr std::int64_t kPositions = 48;
            const Stored8 stored(kPositions, n);
            const Split queries(k(), numbers(rows * n, 5), rows, n, n);
            const std::vector<float> scales = numbers(kPositions, 6);
            std::vector<float> c(static_cast<std::size_t>(rows * kPositions), 7.0f);
            k().quads.product(queries.halves.data(), n, queries.scales.data(), rows,
                              quad_keys(stored.keys.data(), n, scales.data()), n / 4, kPositions, c.data(), kPositions,
                              false, stored.values.data());
            for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t p = 0; p < kPositions; ++p) {
                    std::int64_t sum = 0;
                    for (std::int64_t d = 0; d < n; ++d) sum += queries.number(r, d) * stored.at(p, d);
                    const auto place = static_cast<std::size_t>(r), column = static_cast<std::size_t>(p);
                    const double wanted = static_cast<double>(sum) * queries.scales[place].scale * scales[column];
                    ASSERT_NEAR(c[place * kPositions + column], wanted, std::abs(wanted) * 4 * testing::kUnit);
                }

            constexpr std::int64_t kSeen = 18, kStride = 32;  // of the positions; rows of weights have room for more
            const Split weights(k(), numbers(rows * kStride, 7), rows, kStride, kSeen);
            std::vector<float> y(static_cast<std::size_t>(rows * n), 0.5f);
            k().quads.product(weights.halves.data(), kStride, weights.scales.data(), rows,
                              quad_values(stored.values.data(), n), (kSeen + 3) / 4, n, y.data(), n, true, nullptr);
            for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t d = 0; d < n; ++d) {
                    std::int64_t sum = 0;
                    for (std::int64_t p = 0; p < kSeen; ++p) sum += weights.number(r, p) * stored.at(p, d);
                    const double added = static_cast<double>(sum) * weights.scales[static_cast<std::size_t>(r)].scale;
                    ASSERT_NEAR(y[static_cast<std::size_t>(r * n + d)], 0.5 + added,
                                (0.5 + std::abs(added)) * 4 * testing::kUnit);
                }
        }
}

TEST_P(QuadTable, ARowIsTheSameInAnyCompany) {
    constexpr std::int64_t kN = 64, kRows = 33, kKeys = 32;
    const Stored8 stored(kKeys, kN);
    const Split queries(k(), numbers(kRows * kN, 6), kRows, kN, kN);
    std::vector<float> scales = numbers(kKeys, 8), together(kRows * kKeys), alone(kKeys);
    const QuadMatrix keys = quad_keys(stored.keys.data(), kN, scales.data());
    k().quads.product(queries.halves.data(), kN, queries.scales.data(), kRows, keys, kN / 4, kKeys, together.data(),
                      kKeys, false, nullptr);
    for (std::int64_t r = 0; r < kRows; ++r) {
        k().quads.product(queries.halves.data() + 2 * r * kN, kN, &queries.scales[static_cast<std::size_t>(r)], 1, keys,
                          kN / 4, kKeys, alone.data(), kKeys, false, nullptr);
        for (std::int64_t j = 0; j < kKeys; ++j)
            ASSERT_EQ(alone[static_cast<std::size_t>(j)], together[static_cast<std::size_t>(r * kKeys + j)]);
    }
}

}  // namespace
}  // namespace cria
