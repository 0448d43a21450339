// Attention's products of bf16 pairs and of numbers, and the softmax beside the former, against double precision.
#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;

CRIA_EACH_TABLE(PairedTable);

std::vector<BF16> rounded(const std::vector<float>& values) {
    std::vector<BF16> bits;
    for (const float value : values) bits.push_back(to_bf16(value));
    return bits;
}

// Keys and values of `positions` rows of n numbers each, in their order of storage.
struct Stored {
    Stored(std::int64_t positions, std::int64_t n, std::uint32_t stream)
        : rows(rounded(numbers(positions * n, stream))), keys(rows.size()), values(rows.size()) {
        for (std::int64_t p = 0; p < positions; ++p)
            for (std::int64_t d = 0; d < n; ++d) {
                const BF16 x = rows[static_cast<std::size_t>(p * n + d)];
                keys[static_cast<std::size_t>(paired_key_place(p, d, n))] = x;
                values[static_cast<std::size_t>(paired_value_place(p, d, n))] = x;
            }
    }
    std::vector<BF16> rows, keys, values;
};

float value_of(BF16 x) { return to_f32(x); }
float value_of(float x) { return x; }

// What product() must give: sums over `depth` of a[r, i] b(i, j).
template <class T, class B>
void expect_product(const std::vector<T>& a, std::int64_t a_stride, std::int64_t rows, std::int64_t depth,
                    std::int64_t columns, const B& b, const std::vector<float>& c, float before) {
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t j = 0; j < columns; ++j) {
            double sum = before, sizes = std::abs(before);
            for (std::int64_t i = 0; i < depth; ++i) {
                const double x = value_of(a[static_cast<std::size_t>(r * a_stride + i)]), y = b(i, j);
                sum += x * y, sizes += std::abs(x * y);
            }
            ASSERT_NEAR(c[static_cast<std::size_t>(r * columns + j)], sum, testing::sum_bound(depth + 1, sizes))
                << r << " " << j;
        }
}

TEST_P(PairedTable, ProductsWithKeysAndValues) {
    for (const std::int64_t n : {16, 32, 64, 80, 128})
        for (const std::int64_t rows : {1, 3, 4, 13, 14, 15, 40}) {
            constexpr std::int64_t kPositions = 48, kFirst = 16;
            const Stored stored(kPositions, n, 3);
            const auto at = [&](std::int64_t p, std::int64_t d) {
                return double{to_f32(stored.rows[static_cast<std::size_t>(p * n + d)])};
            };
            const auto queries = rounded(numbers(rows * n, 5));
            constexpr std::int64_t kKeys = kPositions - kFirst;
            std::vector<float> c(static_cast<std::size_t>(rows * kKeys), 0.5f);
            k().paired.product(queries.data(), n, rows, paired_keys(stored.keys.data(), kFirst, n), n / 2, kKeys,
                               c.data(), kKeys, true, nullptr);
            expect_product(
                queries, n, rows, n, kKeys, [&](std::int64_t d, std::int64_t p) { return at(kFirst + p, d); }, c, 0.5f);

            constexpr std::int64_t kSeen = 18, kStride = 32;  // of the positions; rows of weights have room for more
            const auto weights = rounded(numbers(rows * kStride, 7));
            std::vector<float> y(static_cast<std::size_t>(rows * n), 9.0f);
            k().paired.product(weights.data(), kStride, rows, paired_values(stored.values.data(), kFirst, n), kSeen / 2,
                               n, y.data(), n, false, nullptr);
            expect_product(
                weights, kStride, rows, kSeen, n, [&](std::int64_t p, std::int64_t d) { return at(kFirst + p, d); }, y,
                0.0f);
        }
}

TEST_P(PairedTable, ProductsOfNumbers) {
    for (const std::int64_t n : {16, 64, 80})
        for (const std::int64_t rows : {1, 3, 13, 15, 40}) {
            constexpr std::int64_t kPositions = 48, kFirst = 16, kKeys = kPositions - kFirst;
            const std::vector<float> values = numbers(kPositions * n, 3), queries = numbers(rows * n, 5);
            std::vector<float> keys(values.size());
            const auto at = [&](std::int64_t p, std::int64_t d) {
                return double{values[static_cast<std::size_t>(p * n + d)]};
            };
            for (std::int64_t p = 0; p < kPositions; ++p)
                for (std::int64_t d = 0; d < n; ++d)
                    keys[static_cast<std::size_t>(number_key_place(p, d, n))] = static_cast<float>(at(p, d));
            std::vector<float> c(static_cast<std::size_t>(rows * kKeys), 0.5f);
            k().number_product(queries.data(), n, rows, number_keys(keys.data(), kFirst, n), n, kKeys, c.data(), kKeys,
                               true, values.data());
            expect_product(
                queries, n, rows, n, kKeys, [&](std::int64_t d, std::int64_t p) { return at(kFirst + p, d); }, c, 0.5f);
            std::vector<float> alone(static_cast<std::size_t>(kKeys), 0.5f);
            k().number_product(queries.data() + (rows - 1) * n, n, 1, number_keys(keys.data(), kFirst, n), n, kKeys,
                               alone.data(), kKeys, true, nullptr);
            ASSERT_TRUE(std::equal(alone.begin(), alone.end(), c.end() - kKeys)) << "beside other rows";

            constexpr std::int64_t kSeen = 17, kStride = 32;
            const std::vector<float> weights = numbers(rows * kStride, 7);
            std::vector<float> y(static_cast<std::size_t>(rows * n), 9.0f);
            k().number_product(weights.data(), kStride, rows, number_values(values.data(), kFirst, n), kSeen, n,
                               y.data(), n, false, nullptr);
            expect_product(
                weights, kStride, rows, kSeen, n, [&](std::int64_t p, std::int64_t d) { return at(kFirst + p, d); }, y,
                0.0f);
        }
}

TEST_P(PairedTable, ARowIsTheSameInAnyCompany) {
    constexpr std::int64_t kN = 64, kRows = 33, kKeys = 32;
    const Stored stored(kKeys, kN, 4);
    const auto queries = rounded(numbers(kRows * kN, 6));
    std::vector<float> together(kRows * kKeys), alone(kKeys);
    const PairedMatrix keys = paired_keys(stored.keys.data(), 0, kN);
    k().paired.product(queries.data(), kN, kRows, keys, kN / 2, kKeys, together.data(), kKeys, false, nullptr);
    for (std::int64_t r = 0; r < kRows; ++r) {
        k().paired.product(queries.data() + r * kN, kN, 1, keys, kN / 2, kKeys, alone.data(), kKeys, false, nullptr);
        for (std::int64_t j = 0; j < kKeys; ++j)
            ASSERT_EQ(alone[static_cast<std::size_t>(j)], together[static_cast<std::size_t>(r * kKeys + j)]);
        k().paired.product(queries.data() + r * kN, kN, 1, keys, kN / 2, 16, alone.data(), kKeys, false, nullptr);
        ASSERT_EQ(alone[15], together[static_cast<std::size_t>(r * kKeys + 15)]) << "with fewer columns";
    }
}

TEST_P(PairedTable, SoftmaxInSteps) {
    for (const std::int64_t valid : {1, 2, 15, 16, 17, 31, 48, 63, 64}) {
        constexpr std::int64_t kN = 64;
        std::vector<float> scores = numbers(kN, static_cast<std::uint32_t>(valid));
        for (float& score : scores) score *= 20.0f;
        for (std::size_t i = static_cast<std::size_t>(valid); i < kN; ++i)
            scores[i] = std::numeric_limits<float>::quiet_NaN();  // whatever stands there is not looked at
        for (const float before : {-std::numeric_limits<float>::infinity(), 0.0f, 30.0f}) {
            float max = before;
            std::vector<BF16> weights(kN, to_bf16(7.0f));
            const float sum = k().paired.softmax(scores.data(), valid, kN, &max, weights.data());
            ASSERT_EQ(max, std::max(before, *std::max_element(scores.begin(), scores.begin() + valid)));
            double wanted = 0;
            for (std::int64_t i = 0; i < kN; ++i) {
                const auto place = static_cast<std::size_t>(i);
                const double weight = i < valid ? std::exp(double{scores[place]} - max) : 0.0;
                wanted += weight;
                ASSERT_NEAR(to_f32(weights[place]), weight, weight * 0x1.01p-8 + 1e-37) << i;
            }
            EXPECT_NEAR(sum, wanted, wanted * 1e-6);
        }
    }
}

TEST_P(PairedTable, SoftmaxPassesOnNoNumbers) {
    std::vector<float> scores(16, 1.0f);
    scores[3] = std::numeric_limits<float>::quiet_NaN();
    float max = 0.0f;
    std::vector<BF16> weights(16);
    EXPECT_TRUE(std::isnan(k().paired.softmax(scores.data(), 16, 16, &max, weights.data())));
}

}  // namespace
}  // namespace cria
