// Operations on packed weights, quantised or of 16-bit numbers, against the same weights widened to f32.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "ops/ops.h"
#include "ops/product.h"

namespace cria {
namespace {

constexpr std::int64_t kColumns = 256;

// Rows of blocks of random numbers, packed for the kernels, and what they are worth.
struct Part {
    PackedPart packed;
    std::vector<float> values;
};

Part random_part(BlockType type, std::int64_t rows, std::uint32_t stream) {
    const BlockLayout& layout = layout_of(type);
    const std::int64_t row_bytes = kColumns / layout.elements * layout.bytes, lanes = best_kernels().packed.lanes;
    std::vector<std::byte> blocks(static_cast<std::size_t>(rows * row_bytes));
    for (std::size_t i = 0; i < blocks.size(); ++i)
        blocks[i] = static_cast<std::byte>(philox({static_cast<std::uint32_t>(i), stream, 0, 0}, {1, 2})[0]);
    const F16 scale = to_f16(0.01f);
    for (std::size_t at = 0; at < blocks.size(); at += static_cast<std::size_t>(layout.bytes))
        std::memcpy(blocks.data() + at + (type == BlockType::q6_k ? 208 : 0), &scale, 2);
    Part part{{type, rows, kColumns, lanes, {}}, std::vector<float>(static_cast<std::size_t>(rows * kColumns))};
    dequantize(type, blocks, part.values);
    part.packed.bytes = Tensor::zeros(DType::i8, Shape{packed_bytes(type, rows, kColumns, lanes)});
    for (std::int64_t first = 0; first < rows; first += lanes) {
        std::vector<const std::byte*> tile;
        for (std::int64_t row = first; row < std::min(rows, first + lanes); ++row)
            tile.push_back(blocks.data() + row * row_bytes);
        pack_tile(type, tile, kColumns, lanes,
                  static_cast<std::byte*>(part.packed.bytes.raw()) + first / lanes * part.packed.blocks().tile_bytes());
    }
    return part;
}

// The same of random numbers in bf16 or f16.
Part random_numbers(const Kernels& kernels, DType type, std::int64_t rows, std::int64_t columns, std::uint32_t stream) {
    std::vector<std::uint16_t> bits(static_cast<std::size_t>(rows * columns));
    Part part{{type, rows, columns, kernels.tiled.lanes, {}}, {}};
    for (std::size_t i = 0; i < bits.size(); ++i) {
        const auto drawn = philox({static_cast<std::uint32_t>(i), stream, 0, 0}, {1, 2})[0];
        const float value = static_cast<float>(static_cast<std::int32_t>(drawn)) * 0x1p-31f;
        bits[i] = type == DType::bf16 ? to_bf16(value).bits : to_f16(value).bits;
        part.values.push_back(type == DType::bf16 ? to_f32(BF16{bits[i]}) : to_f32(F16{bits[i]}));
    }
    part.packed.bytes = Tensor::zeros(DType::i8, Shape{tiled_bytes(type, rows, columns, kernels.tiled.lanes)});
    const TiledRows tiled = part.packed.numbers();
    for (std::int64_t first = 0; first < rows; first += tiled.lanes) {
        std::vector<const std::byte*> tile;
        for (std::int64_t row = first; row < std::min(rows, first + tiled.lanes); ++row)
            tile.push_back(reinterpret_cast<const std::byte*>(bits.data() + row * columns));
        write_tile(type, type, tile, columns, tiled.lanes,
                   static_cast<std::byte*>(part.packed.bytes.raw()) + first / tiled.lanes * tiled.tile_bytes());
    }
    return part;
}

class PackedWeight : public testing::Test {
protected:
    PackedWeight() {
        for (const Part& part : parts_) {
            weight_.packed.push_back(part.packed);
            values_.insert(values_.end(), part.values.begin(), part.values.end());
        }
    }
    std::vector<Part> parts_{random_part(BlockType::q8_0, 40, 1), random_part(BlockType::q6_k, 24, 2),
                             random_part(BlockType::q4_0, 21, 3)};
    Weight weight_;
    std::vector<float> values_;
    ThreadPool pool_{3};
    Arena arena_;
    Pass pass_{{pool_, best_kernels()}, arena_};
};

TEST_F(PackedWeight, PartsLieBelowEachOther) {
    EXPECT_EQ(weight_.rows(), 85);
    EXPECT_EQ(weight_.columns(), kColumns);
    const std::array<std::int32_t, 5> ids{0, 39, 40, 63, 84};
    const Value rows = embedding(pass_, ids, weight_);
    for (std::size_t i = 0; i < ids.size(); ++i)
        EXPECT_EQ(std::memcmp(rows.tensor.f32() + static_cast<std::int64_t>(i) * kColumns,
                              values_.data() + ids[i] * kColumns, kColumns * sizeof(float)),
                  0)
            << ids[i];
}

// Rounding x costs each product at most half a step of its group: 1/254 of the largest number there, here below 1.
TEST_F(PackedWeight, LinearIsWithinTheRoundingOfX) {
    for (const std::int64_t count : {1, 5, 30}) {
        const Value x{pass_.allocate(Shape{count, kColumns})}, residual{pass_.allocate(Shape{count, weight_.rows()})};
        for (std::int64_t i = 0; i < x.tensor.elements(); ++i)
            x.tensor.f32()[i] = std::sin(static_cast<float>(i) * 0.7f);
        std::fill(residual.tensor.f32(), residual.tensor.f32() + residual.tensor.elements(), 3.0f);
        const Value plain = linear(pass_, x, weight_), added = linear_add(pass_, residual, x, weight_);
        for (std::int64_t row = 0; row < count; ++row) {
            for (std::int64_t j = 0; j < weight_.rows(); ++j) {
                double sum = 0, sizes = 0;
                for (std::int64_t c = 0; c < kColumns; ++c) {
                    const double w = static_cast<double>(values_[static_cast<std::size_t>(j * kColumns + c)]);
                    sum += w * static_cast<double>(x.tensor.f32()[row * kColumns + c]);
                    sizes += std::abs(w);
                }
                const std::int64_t at = row * weight_.rows() + j;
                ASSERT_NEAR(static_cast<double>(plain.tensor.f32()[at]), sum, sizes * 1.001 / 254);
                ASSERT_NEAR(static_cast<double>(added.tensor.f32()[at]),
                            static_cast<double>(plain.tensor.f32()[at]) + 3, 1e-5 * (1 + std::abs(sum)));
            }
        }
    }
}

// Rows that are made where they are rounded have the bits of rows that lie in memory.
TEST_F(PackedWeight, MadeRowsAreThoseOfMemory) {
    constexpr std::int64_t kCount = 13;
    const auto filled = [&](std::int64_t columns, float step) {
        const Value value{pass_.allocate(Shape{kCount, columns})};
        for (std::int64_t i = 0; i < value.tensor.elements(); ++i)
            value.tensor.f32()[i] = std::sin(static_cast<float>(i) * step);
        return value;
    };
    const auto bits = [](const Value& value) {
        return std::vector<float>(value.tensor.f32(), value.tensor.f32() + value.tensor.elements());
    };
    const Value x = filled(kColumns, 0.7f), gate_up = filled(2 * kColumns, 0.3f), residual = filled(85, 0.9f);
    Weight scale{Tensor::zeros(DType::f32, Shape{kColumns})};
    std::fill(scale.value.f32(), scale.value.f32() + kColumns, 1.5f);
    EXPECT_EQ(bits(norm_linear(pass_, x, scale, 1e-5f, weight_)),
              bits(linear(pass_, rms_norm(pass_, x, scale, 1e-5f), weight_)));
    const std::vector<float> wanted = bits(linear_add(pass_, residual, swiglu(pass_, gate_up), weight_));
    EXPECT_EQ(bits(swiglu_linear_onto(pass_, residual, gate_up, weight_)), wanted);
    EXPECT_EQ(bits(residual), wanted);
}

// Products of bf16 weights may round x to bf16: 2^-9 of each factor at most. Those of f16 are as in f32.
TEST(PackedNumbers, LinearIsWithinTheRoundingOfX) {
    constexpr std::int64_t kIn = 1001, kRows = 40;  // an odd number of columns, in several blocks
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels())
        for (const DType type : {DType::bf16, DType::f16}) {
            const Part parts[] = {random_numbers(*kernels, type, 70, kIn, 1),
                                  random_numbers(*kernels, type, 33, kIn, 2)};
            Weight weight;
            std::vector<float> values;
            for (const Part& part : parts) {
                weight.packed.push_back(part.packed);
                values.insert(values.end(), part.values.begin(), part.values.end());
            }
            Arena arena;
            Pass pass({pool, *kernels}, arena);
            const Value x{pass.allocate(Shape{kRows, kIn})};
            for (std::int64_t i = 0; i < x.tensor.elements(); ++i)
                x.tensor.f32()[i] = std::sin(static_cast<float>(i) * 0.7f);
            const Value y = linear(pass, x, weight);
            const double allowed = type == DType::bf16 && kernels->paired.fast ? 0x1p-9 : 1e-5;
            for (std::int64_t row = 0; row < kRows; ++row)
                for (std::int64_t j = 0; j < weight.rows(); ++j) {
                    double sum = 0, sizes = 0;
                    for (std::int64_t c = 0; c < kIn; ++c) {
                        const double term = double{values[static_cast<std::size_t>(j * kIn + c)]} *
                                            double{x.tensor.f32()[row * kIn + c]};
                        sum += term;
                        sizes += std::abs(term);
                    }
                    ASSERT_NEAR(double{y.tensor.f32()[row * weight.rows() + j]}, sum, allowed * sizes)
                        << kernels->name << " " << name_of(type);
                }
            const std::array<std::int32_t, 3> ids{0, 69, 102};
            const Value rows = embedding(pass, ids, weight);
            for (std::size_t i = 0; i < ids.size(); ++i)
                EXPECT_EQ(std::memcmp(rows.tensor.f32() + static_cast<std::int64_t>(i) * kIn,
                                      values.data() + ids[i] * kIn, kIn * sizeof(float)),
                          0);
        }
}

}  // namespace
}  // namespace cria
