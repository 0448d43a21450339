// Products with weights of 16-bit numbers in tiles, against double precision; that a row of them is the same, bit for
// bit, however many are beside it, and in f32 the same as with the weight as it is stored.
#include <algorithm>
#include <cstddef>
#include <map>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;
CRIA_EACH_TABLE(TiledTest);

// A weight in tiles, beside its rows as they were, and x; rounded to bf16 where products are of pairs.
struct Case {
    DType type;
    bool pairs;
    std::int64_t rows, outputs, columns;
    std::vector<std::byte> stored, tiles;
    std::vector<float> w, x;
    const Kernels& kernels;

    Case(const Kernels& table, DType type_, bool pairs_, std::int64_t rows_, std::int64_t outputs_,
         std::int64_t columns_)
        : type(type_),
          pairs(pairs_),
          rows(rows_),
          outputs(outputs_),
          columns(columns_),
          stored(static_cast<std::size_t>(outputs * columns) * 2),
          tiles(static_cast<std::size_t>(tiled_bytes(type, outputs, columns, table.tiled.lanes)), std::byte{0x7f}),
          w(numbers(outputs * columns, 5)),
          x(numbers(rows * columns, 6)),
          kernels(table) {
        for (std::size_t i = 0; i < w.size(); ++i) w[i] = testing::store_number(type, w[i], stored.data() + 2 * i);
        for (float& value : x)
            if (pairs) value = to_f32(to_bf16(value));
        const TiledRows all = weight();
        for (std::int64_t first = 0; first < outputs; first += all.lanes) {
            std::vector<const std::byte*> tile;
            for (std::int64_t j = first; j < std::min(outputs, first + all.lanes); ++j)
                tile.push_back(stored.data() + 2 * j * columns);
            write_tile(type, type, tile, columns, all.lanes, tiles.data() + first / all.lanes * all.tile_bytes());
        }
    }
    TiledRows weight() const { return {type, outputs, columns, kernels.tiled.lanes, tiles.data()}; }

    // y [last - first, outputs + 1] of rows [first, last) of x, cut at two thirds of the tiles.
    std::vector<float> product(std::int64_t first, std::int64_t last, bool accumulate) const {
        std::vector<float> y(static_cast<std::size_t>((last - first) * (outputs + 1)), 7.0f);
        const std::int64_t count = last - first;
        std::vector<float> words(static_cast<std::size_t>(laid_words(count, columns, pairs)), NAN);
        const LaidRows laid{count, columns, kernels.tiled.strip, pairs, words.data()};
        for (std::int64_t r = 0; r < count; ++r) lay_row(kernels, x.data() + (first + r) * columns, r, laid);
        const std::int64_t tile_count = weight().tiles(), cut = tile_count * 2 / 3;
        kernels.tiled.product(laid, weight(), 0, cut, y.data(), outputs + 1, accumulate);
        kernels.tiled.product(laid, weight(), cut, tile_count, y.data(), outputs + 1, accumulate);
        return y;
    }
    std::vector<float> as_stored(bool accumulate) const {
        std::vector<float> y(static_cast<std::size_t>(rows * (outputs + 1)), 7.0f);
        kernels.dense({x.data(), rows, columns, columns}, {stored.data(), type, outputs, columns}, 0, outputs,
                      {y.data(), rows, outputs, outputs + 1}, accumulate);
        return y;
    }
};

void expect_values(const Case& c, const std::vector<float>& y, double before) {
    for (std::int64_t r = 0; r < c.rows; ++r) {
        const auto row = static_cast<std::size_t>(r * (c.outputs + 1));
        for (std::int64_t j = 0; j < c.outputs; ++j) {
            double sum = before, sizes = std::abs(before);
            for (std::int64_t i = 0; i < c.columns; ++i) {
                const double term = double{c.x[static_cast<std::size_t>(r * c.columns + i)]} *
                                    double{c.w[static_cast<std::size_t>(j * c.columns + i)]};
                sum += term;
                sizes += std::abs(term);
            }
            // Sums of pairs may round twice a product.
            ASSERT_NEAR(y[row + static_cast<std::size_t>(j)], sum, testing::sum_bound(2 * c.columns + 1, sizes))
                << "row " << r << " column " << j;
        }
        ASSERT_EQ(y[row + static_cast<std::size_t>(c.outputs)], 7.0f) << "wrote beside the result";
    }
}

void check(const Kernels& kernels, DType type, bool pairs, std::int64_t rows, std::int64_t outputs,
           std::int64_t columns) {
    SCOPED_TRACE(::testing::Message() << name_of(type) << (pairs ? " in pairs, " : ", ") << rows << "x" << outputs
                                      << "x" << columns);
    const Case c(kernels, type, pairs, rows, outputs, columns);
    for (const bool accumulate : {false, true}) {
        const std::vector<float> y = c.product(0, rows, accumulate);
        ASSERT_NO_FATAL_FAILURE(expect_values(c, y, accumulate ? 7.0 : 0.0));
        if (!pairs && kernels.name != "scalar") {
            ASSERT_EQ(y, c.as_stored(accumulate));
        }
        for (std::int64_t r = 0; r < rows; ++r) {
            const std::vector<float> alone = c.product(r, r + 1, accumulate);
            ASSERT_TRUE(std::equal(alone.begin(), alone.end(), y.begin() + r * (outputs + 1))) << "row " << r;
        }
    }
}

void check_all(const Kernels& kernels, std::int64_t rows, std::int64_t outputs, std::int64_t columns) {
    ASSERT_NO_FATAL_FAILURE(check(kernels, DType::bf16, true, rows, outputs, columns));
    ASSERT_NO_FATAL_FAILURE(check(kernels, DType::bf16, false, rows, outputs, columns));
    ASSERT_NO_FATAL_FAILURE(check(kernels, DType::f16, false, rows, outputs, columns));
}

TEST_P(TiledTest, OddShapes) {
    for (const std::int64_t rows : {1, 2, 3, 5, 8, 9, 15, 33})
        for (const std::int64_t outputs : {1, 3, 16, 33, 70})
            for (const std::int64_t columns : {1, 2, 15, 16, 67})
                ASSERT_NO_FATAL_FAILURE(check_all(k(), rows, outputs, columns));
}

TEST_P(TiledTest, SeveralBlocks) {  // deeper than one block, than those that stay together, and wider
    for (const std::int64_t rows : {1, 6, 20})
        for (const std::int64_t columns : {384, 389, 801, 3203})
            ASSERT_NO_FATAL_FAILURE(check_all(k(), rows, 37, columns));
    ASSERT_NO_FATAL_FAILURE(check_all(k(), 10, 500, 389));
}

TEST_P(TiledTest, ARowIsTheSameAmongAnyNumber) {
    for (std::int64_t rows = 1; rows <= 40; ++rows) ASSERT_NO_FATAL_FAILURE(check_all(k(), rows, 19, 403));
}

TEST_P(TiledTest, NoRows) { check_all(k(), 0, 5, 8); }

// Tiles give their numbers back; f16 numbers that are bf16 numbers may stand as such.
TEST(TiledWeight, HoldsItsNumbers) {
    constexpr std::int64_t kRows = 21, kColumns = 13, kLanes = 8;
    std::vector<float> values = numbers(kRows * kColumns, 3);
    std::vector<std::byte> stored(values.size() * 2);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = testing::store_number(DType::f16, to_f32(to_bf16(values[i])), stored.data() + 2 * i);
    for (const DType type : {DType::f16, DType::bf16}) {
        std::vector<std::byte> tiles(static_cast<std::size_t>(tiled_bytes(type, kRows, kColumns, kLanes)));
        const TiledRows tiled{type, kRows, kColumns, kLanes, tiles.data()};
        for (std::int64_t first = 0; first < kRows; first += kLanes) {
            std::vector<const std::byte*> tile;
            for (std::int64_t row = first; row < std::min(kRows, first + kLanes); ++row)
                tile.push_back(stored.data() + 2 * row * kColumns);
            write_tile(type, DType::f16, tile, kColumns, kLanes, tiles.data() + first / kLanes * tiled.tile_bytes());
        }
        for (std::int64_t row = 0; row < kRows; ++row) {
            std::vector<float> back(kColumns);
            untile_row(tiled, row, back.data());
            ASSERT_TRUE(std::equal(back.begin(), back.end(), values.begin() + row * kColumns)) << name_of(type);
        }
    }
}

// A packed file is known by the lanes of quantised tiles alone.
TEST(TiledWeight, IsTheSameWhereQuantisedTilesAre) {
    std::map<std::int64_t, std::int64_t> lanes;
    for (const testing::TableUnderTest& table : testing::tables()) {
        const Kernels& kernels = *table.table;
        EXPECT_EQ(lanes.emplace(kernels.packed.lanes, kernels.tiled.lanes).first->second, kernels.tiled.lanes)
            << kernels.name;
    }
}

}  // namespace
}  // namespace cria
