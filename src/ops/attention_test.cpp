// Attention and rotary positions against their formulas in double.
#include <algorithm>
#include <cmath>

#include "ops/gradient_check.h"

namespace cria {
namespace {

using Values = std::vector<Value>;
using Weights = std::vector<Weight>;
using Inputs = std::vector<Doubles>;

// Causal attention within one run of rows, as the definition says.
void attend_plainly(const Doubles& qkv, const AttentionShape& shape, std::int64_t first, std::int64_t count,
                    Doubles& y) {
    const std::int64_t n = shape.head_dim, group = shape.heads / shape.kv_heads;
    const auto at = [&](std::int64_t row, std::int64_t head, std::int64_t i) {
        return qkv[static_cast<std::size_t>((first + row) * shape.qkv_width() + head * n + i)];
    };
    for (std::int64_t row = 0; row < count; ++row)
        for (std::int64_t head = 0; head < shape.heads; ++head) {
            const std::int64_t key_head = shape.heads + head / group, value_head = key_head + shape.kv_heads;
            Doubles p;
            double sum = 0;
            for (std::int64_t other = 0; other <= row; ++other) {
                double score = 0;
                for (std::int64_t i = 0; i < n; ++i) score += at(row, head, i) * at(other, key_head, i);
                p.push_back(score / std::sqrt(static_cast<double>(n)));
            }
            const double max = *std::ranges::max_element(p);
            for (double& v : p) sum += v = std::exp(v - max);
            for (std::int64_t i = 0; i < n; ++i) {
                double value = 0;
                for (std::int64_t other = 0; other <= row; ++other)
                    value += p[static_cast<std::size_t>(other)] * at(other, value_head, i);
                y[static_cast<std::size_t>(((first + row) * shape.heads + head) * n + i)] = value / sum;
            }
        }
}

std::vector<RowRun> runs_of(std::initializer_list<std::int64_t> lengths) {
    std::vector<RowRun> runs;
    std::int64_t row = 0;
    for (const std::int64_t length : lengths) {
        runs.push_back({row, length, 0, nullptr});
        row += length;
    }
    return runs;
}

Doubles attention_formula(const Doubles& qkv, const AttentionShape& shape, std::span<const RowRun> runs) {
    const std::int64_t rows = runs.back().first_row + runs.back().count;
    Doubles y(static_cast<std::size_t>(rows * shape.heads * shape.head_dim));
    for (const RowRun& run : runs) attend_plainly(qkv, shape, run.first_row, run.count, y);
    return y;
}

TEST(Attention, GroupedQueriesAndPackedDocuments) {
    const std::vector<RowRun> runs = runs_of({1, 7, 5});
    for (const AttentionShape shape : {AttentionShape{1, 1, 2, 0}, {4, 2, 4, 0}, {3, 1, 6, 0}, {5, 5, 2, 0}})
        GradientCheck(
            {activation(13, shape.qkv_width(), 1)},
            [&](Pass& p, const Values& x, const Weights&) { return attention(p, x[0], shape, {runs}); },
            [&](const Inputs& in) { return attention_formula(in[0], shape, runs); })
            .run();
}

// Several blocks of queries and of keys, and a last one of each that is not full.
TEST(Attention, ManyBlocks) {
    const std::vector<RowRun> runs = runs_of({150, 20});
    const AttentionShape shape{6, 2, 4, 0};
    GradientCheck(
        {activation(170, shape.qkv_width(), 1)},
        [&](Pass& p, const Values& x, const Weights&) { return attention(p, x[0], shape, {runs}); },
        [&](const Inputs& in) { return attention_formula(in[0], shape, runs); })
        .run();
}

// More query heads on one key head than a block has rows.
TEST(Attention, ManyHeadsOnOneKey) {
    const std::vector<RowRun> runs = runs_of({5});
    const AttentionShape shape{130, 1, 2, 0};
    GradientCheck(
        {activation(5, shape.qkv_width(), 1)},
        [&](Pass& p, const Values& x, const Weights&) { return attention(p, x[0], shape, {runs}); },
        [&](const Inputs& in) { return attention_formula(in[0], shape, runs); })
        .run();
}

// Scores far beyond what exp holds: the softmax subtracts the maximum.
TEST(Attention, LargeScores) {
    const AttentionShape shape{2, 1, 4, 0};
    Input input = activation(140, shape.qkv_width(), 1);
    for (double& x : input.numbers) x *= 16;
    const std::vector<RowRun> runs = runs_of({140});
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels()) {
        Arena arena;
        Pass pass({pool, *kernels}, arena);
        const Value y = attention(pass, {tensor_of(input.numbers, input.shape)}, shape, {runs});
        for (const float v : y.tensor.f32_span()) ASSERT_TRUE(std::isfinite(v));
        // Scores of up to some hundred are f32 sums: their error, 1e-7 of them, is an error of the weights.
        EXPECT_LE(relative_distance(doubles_of(y.tensor), attention_formula(input.numbers, shape, runs)), 1e-4);
    }
}

// One sequence through a cache in pieces of every size gives what it gives at once, to the last bit.
TEST(Attention, CacheEqualsWhole) {
    const std::int64_t rows = 300;
    const AttentionShape shape{6, 2, 8, 1};
    const Tensor qkv = tensor_of(random_numbers(rows * shape.qkv_width(), 1), {rows, shape.qkv_width()});
    const std::int64_t width = shape.heads * shape.head_dim;
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels()) {
        Arena arena;
        Pass pass({pool, *kernels}, arena);
        const std::vector<RowRun> whole = runs_of({rows});
        const Doubles expected = doubles_of(attention(pass, {qkv}, shape, {whole}).tensor);
        for (const std::int64_t piece : {1, 3, 7, 9, 11, 64, 129, 300}) {
            KvCache cache({2, shape.kv_heads, shape.head_dim}, rows);
            Doubles all;
            for (std::int64_t first = 0; first < rows; first += piece) {
                const RowRun run{0, std::min(piece, rows - first), first, &cache};
                const Value part = attention(pass, {qkv.slice_rows(first, run.count)}, shape, {{&run, 1}});
                const Doubles numbers = doubles_of(part.tensor);
                all.insert(all.end(), numbers.begin(), numbers.end());
                cache.set_length(first + run.count);
            }
            ASSERT_EQ(all.size(), static_cast<std::size_t>(rows * width));
            EXPECT_EQ(all, expected) << kernels->name << " by " << piece;
        }
    }
}

// Through a cache of bf16 pairs or of eight bits, a row is the same to the last bit however its sequence was cut, and
// near the formula. The cache has held another sequence before.
void expect_the_same_in_any_pieces(DType type, double tolerance) {
    const std::int64_t rows = 300;
    const AttentionShape shape{6, 2, 16, 1};
    const Doubles random = random_numbers(rows * shape.qkv_width(), 1);
    const Tensor qkv = tensor_of(random, {rows, shape.qkv_width()});
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels()) {
        Arena arena;
        Pass pass({pool, *kernels}, arena);
        KvCache cache({2, shape.kv_heads, shape.head_dim, type}, rows);
        const auto by = [&](std::int64_t piece) {
            Doubles all;
            for (std::int64_t first = 0; first < rows; first += piece) {
                const RowRun run{0, std::min(piece, rows - first), first, &cache};
                const Value part = attention(pass, {qkv.slice_rows(first, run.count)}, shape, {{&run, 1}});
                const Doubles numbers = doubles_of(part.tensor);
                all.insert(all.end(), numbers.begin(), numbers.end());
            }
            return all;
        };
        const Doubles expected = by(rows);
        EXPECT_LE(relative_distance(expected, attention_formula(random, shape, runs_of({rows}))), tolerance)
            << kernels->name;
        for (const std::int64_t piece : {1, 3, 7, 9, 11, 64, 129})
            EXPECT_EQ(by(piece), expected) << kernels->name << " by " << piece;
    }
}

TEST(Attention, PairedCacheGivesTheSameInAnyPieces) { expect_the_same_in_any_pieces(DType::bf16, 8e-3); }
// Steps of 1/127 of the largest of 16 numbers: about 0.5 % of the root mean square, of keys and of values.
TEST(Attention, CacheOfEightBitsGivesTheSameInAnyPieces) { expect_the_same_in_any_pieces(DType::i8, 1.6e-2); }

TEST(Rope, TurnsPairsByPosition) {
    const AttentionShape shape{3, 2, 6, 0};
    const std::vector<RowRun> runs{{0, 4, 0, nullptr}, {4, 3, 11, nullptr}};
    const std::vector<float> frequencies = rope_frequencies(6, 100.0f, nullptr);
    const RopeTable table = make_rope_table(frequencies, 14);
    GradientCheck(
        {activation(7, shape.qkv_width(), 1)},
        [&](Pass& p, const Values& x, const Weights&) {
            // A copy: rope turns its input in place.
            const std::vector<std::int64_t> all{0, 1, 2, 3, 4, 5, 6};
            return rope(p, gather_rows(p, x[0], all), shape, table, {runs});
        },
        [&](const Inputs& in) {
            Doubles y = in[0];
            for (std::int64_t row = 0; row < 7; ++row)
                for (std::int64_t head = 0; head < 5; ++head)
                    for (std::int64_t i = 0; i < 3; ++i) {
                        const double position = static_cast<double>(row < 4 ? row : row - 4 + 11);
                        const double angle = position * std::pow(100.0, -static_cast<double>(i) / 3);
                        const auto a = static_cast<std::size_t>(row * shape.qkv_width() + head * 6 + i);
                        y[a] = in[0][a] * std::cos(angle) - in[0][a + 3] * std::sin(angle);
                        y[a + 3] = in[0][a + 3] * std::cos(angle) + in[0][a] * std::sin(angle);
                    }
            return y;
        })
        .run();
}

// Published values: what divides the frequencies of heads of 64 and 128 at a scaling of 8 and 32.
TEST(Rope, Llama3Scaling) {
    struct Expected {
        std::int64_t head_dim;
        float factor;
        std::size_t index;
        double divisor;
    };
    const Expected all[] = {
        {64, 32, 0, 1},          {64, 32, 14, 1},         {64, 32, 15, 1.651329}, {64, 32, 16, 3.292262},
        {64, 32, 17, 9.666729},  {64, 32, 18, 32},        {64, 32, 31, 32},       {128, 32, 28, 1},
        {128, 32, 29, 1.234937}, {128, 32, 30, 1.651329}, {128, 32, 31, 2.27666}, {128, 32, 32, 3.292262},
        {128, 32, 33, 5.171596}, {128, 32, 34, 9.666729}, {128, 32, 35, 32},      {128, 8, 28, 1},
        {128, 8, 29, 1.207484},  {128, 8, 30, 1.553415},  {128, 8, 31, 2.026313}, {128, 8, 32, 2.69453},
        {128, 8, 33, 3.684253},  {128, 8, 34, 5.257327},  {128, 8, 35, 8},        {128, 8, 63, 8},
    };
    for (const Expected& e : all) {
        const RopeScaling scaling{.factor = e.factor};
        const double plain = static_cast<double>(rope_frequencies(e.head_dim, 500000.0f, nullptr)[e.index]);
        const double scaled = static_cast<double>(rope_frequencies(e.head_dim, 500000.0f, &scaling)[e.index]);
        EXPECT_NEAR(plain / scaled, e.divisor, 1e-6 * e.divisor) << e.head_dim << " / " << e.index;
    }
    const std::vector<float> plain = rope_frequencies(128, 500000.0f, nullptr);
    EXPECT_NEAR(plain[28], 0.00321144599, 1e-9);
    EXPECT_NEAR(plain[35], 0.000764496988, 1e-10);
}

}  // namespace
}  // namespace cria
