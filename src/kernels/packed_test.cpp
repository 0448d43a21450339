#include "kernels/packed.h"

#include <cstring>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;
CRIA_EACH_TABLE(PackedTest);

constexpr std::array kPackable{BlockType::q4_0, BlockType::q8_0, BlockType::iq4_nl,
                               BlockType::q4_k, BlockType::q5_k, BlockType::q6_k};

// Blocks of random bytes whose sixteen-bit floats are numbers.
struct Blocks {
    BlockType type;
    std::int64_t rows, columns;
    std::vector<std::byte> bytes;

    Blocks(BlockType type_, std::int64_t rows_, std::int64_t columns_) : type(type_), rows(rows_), columns(columns_) {
        const BlockLayout& layout = layout_of(type);
        bytes.resize(static_cast<std::size_t>(rows * columns / layout.elements * layout.bytes));
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::byte>(philox({static_cast<std::uint32_t>(i), 1, 0, 0}, {3, 5})[0]);
        const bool k = layout.elements == 256;
        for (std::size_t at = 0; at < bytes.size(); at += static_cast<std::size_t>(layout.bytes)) {
            const float scale = 0.01f + 0.001f * static_cast<float>(at % 7);
            set_f16(at + (type == BlockType::q6_k ? 208u : 0u), scale);
            if (k && type != BlockType::q6_k) set_f16(at + 2, 0.5f * scale);
        }
    }
    void set_f16(std::size_t at, float value) {
        const F16 half = to_f16(value);
        std::memcpy(bytes.data() + at, &half, 2);
    }
    std::int64_t row_bytes() const { return std::ssize(bytes) / rows; }
    std::vector<float> values() const {
        std::vector<float> all(static_cast<std::size_t>(rows * columns));
        dequantize(type, bytes, all);
        return all;
    }
    std::vector<std::byte> pack(std::int64_t lanes) const {
        std::vector<std::byte> packed(static_cast<std::size_t>(packed_bytes(type, rows, columns, lanes)));
        const std::int64_t tile_bytes = packed_bytes(type, lanes, columns, lanes);
        for (std::int64_t first = 0; first < rows; first += lanes) {
            std::vector<const std::byte*> tile;
            for (std::int64_t row = first; row < std::min(first + lanes, rows); ++row)
                tile.push_back(bytes.data() + row * row_bytes());
            pack_tile(type, tile, columns, lanes, packed.data() + first / lanes * tile_bytes);
        }
        return packed;
    }
};

std::string name_of_case(const ::testing::TestParamInfo<std::tuple<BlockType, int>>& info) {
    return std::string(layout_of(std::get<0>(info.param)).name) + "_" + std::to_string(std::get<1>(info.param));
}
class PackingTest : public ::testing::TestWithParam<std::tuple<BlockType, int>> {};
INSTANTIATE_TEST_SUITE_P(Types, PackingTest,
                         ::testing::Combine(::testing::ValuesIn(kPackable), ::testing::Values(1, 4, 8, 16)),
                         name_of_case);

TEST_P(PackingTest, KeepsEveryValue) {
    const auto [type, lanes] = GetParam();
    const Blocks blocks(type, 19, 512);
    const std::vector<std::byte> bytes = blocks.pack(lanes);
    const PackedRows packed{type, blocks.rows, blocks.columns, lanes, bytes.data()};
    const std::vector<float> values = blocks.values();
    std::vector<float> row(static_cast<std::size_t>(blocks.columns));
    for (std::int64_t i = 0; i < blocks.rows; ++i) {
        unpack_row(packed, i, row.data());
        for (std::size_t j = 0; j < row.size(); ++j)
            ASSERT_EQ(row[j], values[static_cast<std::size_t>(i) * row.size() + j]) << "row " << i << " column " << j;
    }
}

TEST(Packing, CostsNoMoreThanTheBlocks) {
    for (const BlockType type : kPackable)
        EXPECT_EQ(packed_bytes(type, 32, 512, 16),
                  std::ssize(Blocks(type, 32, 512).bytes) + (number_range(type)->bits == 4 && type == BlockType::q4_k
                                                                 ? 32 * 2 * (16 - 12)
                                                             : type == BlockType::q5_k ? 32 * 2 * (16 - 12)
                                                                                       : 0))
            << layout_of(type).name;
}

// Rows of x quantised by a table, and read back.
struct Quantized {
    QuantizedRows rows;
    std::vector<std::int8_t> numbers;
    std::vector<SliceScale> scales;

    Quantized(const Kernels& kernels, const std::vector<float>& x, std::int64_t count) {
        const std::int64_t columns = std::ssize(x) / count;
        numbers.resize(x.size());
        scales.resize(x.size() / kSlice);
        rows = {count, columns, kernels.packed.panel, numbers.data(), scales.data()};
        for (std::int64_t first = 0; first < count;) {
            const std::int64_t p = panel_rows(count, first, rows.panel);
            for (std::int64_t r = 0; r < p; ++r)
                kernels.packed.quantize_row(x.data() + (first + r) * columns, columns, p,
                                            rows.numbers + first * columns + r * kSlice,
                                            rows.scales + first * columns / kSlice + r);
            first += p;
        }
    }
    // The place of a slice of a row, among numbers / kSlice and among scales.
    std::int64_t place(std::int64_t row, std::int64_t slice) const {
        std::int64_t first = 0, p = 0;
        while (first + (p = panel_rows(rows.rows, first, rows.panel)) <= row) first += p;
        return first * rows.columns / kSlice + slice * p + row - first;
    }
    double value(std::int64_t row, std::int64_t column) const {
        const auto at = static_cast<std::size_t>(place(row, column / kSlice));
        return static_cast<double>(scales[at].scale) * numbers[at * kSlice + static_cast<std::size_t>(column % kSlice)];
    }
};

TEST_P(PackedTest, QuantisesRowsToTheNearestNumber) {
    const std::int64_t count = 15, columns = 96;
    std::vector<float> x = numbers(count * columns, 4);
    std::fill(x.begin(), x.begin() + 32, 0.0f);
    const Quantized quantized(k(), x, count);
    for (std::int64_t row = 0; row < count; ++row) {
        for (std::int64_t column = 0; column < columns; ++column) {
            const double scale = static_cast<double>(
                quantized.scales[static_cast<std::size_t>(quantized.place(row, column / 32))].scale);
            EXPECT_NEAR(quantized.value(row, column),
                        static_cast<double>(x[static_cast<std::size_t>(row * columns + column)]),
                        scale * 0.5 * (1 + 1e-4));
        }
        for (std::int64_t slice = 0; slice < columns / kSlice; ++slice) {
            const auto at = static_cast<std::size_t>(quantized.place(row, slice));
            int sums[2] = {0, 0};
            for (std::size_t i = 0; i < kSlice; ++i) sums[i / 16] -= quantized.numbers[at * kSlice + i];
            const SliceScale& scale = quantized.scales[at];
            EXPECT_TRUE(scale.sums[0] == sums[0] && scale.sums[1] == sums[1] && scale.sum == sums[0] + sums[1]);
            EXPECT_EQ(scale.scaled_sum, scale.scale * static_cast<float>(scale.sum));
        }
    }
}

TEST_P(PackedTest, WhatIsNoNumberStaysNone) {
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
        std::vector<float> x(64, 1.0f);
        x[40] = bad;
        const Quantized quantized(k(), x, 1);
        EXPECT_EQ(quantized.scales[0].scale, 1.0f / 127.0f);
        EXPECT_TRUE(std::isnan(quantized.scales[1].scale) && std::isnan(quantized.scales[1].scaled_sum));
    }
}

TEST_P(PackedTest, ProductsAreThoseOfTheQuantisedNumbers) {
    for (const BlockType type : kPackable) {
        const Blocks blocks(type, 37, 512);
        const std::vector<std::byte> bytes = blocks.pack(k().packed.lanes);
        const PackedRows packed{type, blocks.rows, blocks.columns, k().packed.lanes, bytes.data()};
        const std::vector<float> w = blocks.values();
        for (const std::int64_t count : {1, 2, 3, 7, 13, 24}) {
            const Quantized x(k(), numbers(count * blocks.columns, 9), count);
            for (const bool accumulate : {false, true}) {
                const std::int64_t stride = blocks.rows + 3;
                std::vector<float> y = numbers(count * stride, 2);
                const std::vector<float> before = y;
                k().packed.product(x.rows, packed, 0, packed.tiles(), y.data(), stride, accumulate);
                for (std::int64_t i = 0; i < count * stride; ++i) {
                    const auto at = static_cast<std::size_t>(i);
                    const std::int64_t row = i / stride, j = i % stride;
                    if (j >= blocks.rows) {
                        ASSERT_EQ(y[at], before[at]) << "outside";
                        continue;
                    }
                    double sum = accumulate ? before[at] : 0.0, sizes = std::abs(sum);
                    for (std::int64_t c = 0; c < blocks.columns; ++c) {
                        const double product =
                            x.value(row, c) * static_cast<double>(w[static_cast<std::size_t>(j * blocks.columns + c)]);
                        sum += product;
                        sizes += std::abs(product);
                    }
                    // Whole numbers add exactly; what rounds are the groups' factors and sums, and a minimum taken out
                    // of a sum of numbers up to twice the size.
                    ASSERT_NEAR(static_cast<double>(y[at]), sum, testing::sum_bound(blocks.columns / 4, 4 * sizes))
                        << layout_of(type).name << " rows " << count << " at " << row << ", " << j;
                }
            }
        }
    }
}

TEST_P(PackedTest, ARowDoesNotDependOnTheOthers) {
    for (const BlockType type : kPackable) {
        const Blocks blocks(type, 24, 256);
        const std::vector<std::byte> bytes = blocks.pack(k().packed.lanes);
        const PackedRows packed{type, blocks.rows, blocks.columns, k().packed.lanes, bytes.data()};
        const std::int64_t count = 27;
        const std::vector<float> x = numbers(count * blocks.columns, 6);
        std::vector<float> together(static_cast<std::size_t>(count * blocks.rows)), alone = together;
        const Quantized all(k(), x, count);
        k().packed.product(all.rows, packed, 0, packed.tiles(), together.data(), blocks.rows, false);
        for (std::int64_t row = 0; row < count; ++row) {
            const auto first = x.begin() + row * blocks.columns;
            const Quantized one(k(), std::vector<float>(first, first + blocks.columns), 1);
            for (std::int64_t tile = 0; tile < packed.tiles(); ++tile)
                k().packed.product(one.rows, packed, tile, tile + 1, alone.data() + row * blocks.rows, blocks.rows,
                                   false);
        }
        EXPECT_EQ(together, alone) << layout_of(type).name;
    }
}

}  // namespace
}  // namespace cria
