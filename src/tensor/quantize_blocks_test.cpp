// Numbers to blocks and back: how much is lost, against what plain rounding loses and against the package gguf.
#include "tensor/quantize_blocks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/json.h"
#include "base/os.h"
#include "base/random.h"

namespace cria {
namespace {

std::vector<float> normal_numbers(std::size_t n, std::uint64_t seed) {
    Random random(seed, 0);
    std::vector<float> values(n);
    for (float& value : values) value = static_cast<float>(0.02 * random.normal());
    return values;
}

std::vector<std::byte> blocks_of(BlockType type, std::span<const float> values) {
    const BlockLayout& layout = layout_of(type);
    std::vector<std::byte> blocks(values.size() / static_cast<std::size_t>(layout.elements) *
                                  static_cast<std::size_t>(layout.bytes));
    quantize(type, values, blocks);
    return blocks;
}

std::vector<float> there_and_back(BlockType type, std::span<const float> values) {
    std::vector<float> back(values.size());
    dequantize(type, blocks_of(type, values), back);
    return back;
}

// Root mean square of the error over that of the values.
double relative_error(std::span<const float> values, std::span<const float> back) {
    double error = 0, all = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        error += std::pow(static_cast<double>(values[i] - back[i]), 2);
        all += std::pow(static_cast<double>(values[i]), 2);
    }
    return std::sqrt(error / all);
}

class EveryType : public testing::TestWithParam<BlockType> {};
INSTANTIATE_TEST_SUITE_P(Quantize, EveryType, testing::ValuesIn(kWritableBlockTypes),
                         [](const auto& type) { return std::string(layout_of(type.param).name); });

TEST_P(EveryType, LosesNoMoreThanItsBits) {
    const std::vector<float> values = normal_numbers(256 * 200, 1);
    // Measured, and rounded up by two per cent; a uniform grid over a group's range loses more.
    const std::map<BlockType, double> most{{BlockType::q4_0, 0.0826},
                                           {BlockType::q8_0, 0.0051},
                                           {BlockType::q4_k, 0.0722},
                                           {BlockType::q5_k, 0.0365},
                                           {BlockType::q6_k, 0.0173}};
    const double error = relative_error(values, there_and_back(GetParam(), values));
    RecordProperty("relative_error", std::to_string(error));
    EXPECT_LE(error, most.at(GetParam()));
    EXPECT_GT(error, 0.5 * most.at(GetParam()));
}

TEST_P(EveryType, KeepsWhatItCanHoldExactly) {
    const std::vector<float> zeros(512, 0.0f);
    EXPECT_EQ(there_and_back(GetParam(), zeros), zeros);
    // Blocks that already are of the type change little or nothing when quantised again.
    const std::vector<float> once = there_and_back(GetParam(), normal_numbers(2048, 2));
    EXPECT_LE(relative_error(once, there_and_back(GetParam(), once)), 0.004);
}

TEST_P(EveryType, HoldsOutliersAndLopsidedNumbers) {
    std::vector<float> values = normal_numbers(1024, 3);
    values[100] = 3, values[700] = -5;
    for (std::size_t i = 256; i < 512; ++i) values[i] = std::abs(values[i]) + 1;
    for (std::size_t i = 512; i < 600; ++i) values[i] = 0.001f;
    const std::vector<float> back = there_and_back(GetParam(), values);
    for (std::size_t i = 0; i < values.size(); ++i) ASSERT_TRUE(std::isfinite(back[i])) << i;
    EXPECT_LE(relative_error(values, back), 0.03);
}

TEST(Quantize, IsAtLeastAsNearAsThePackageGguf) {
    const Path path = Path(CRIA_SOURCE_DIR) / "tests/golden/gguf/quantized.json";
    const Json golden = *parse_json(*read_text(real_os(), path, 1 << 20), path.string());
    const auto values = golden["values"].get<std::vector<float>>();
    for (const char* name : {"q4_0", "q8_0"}) {
        const double theirs = golden["relative_error"][name];
        const double ours = relative_error(values, there_and_back(*block_type_named(name), values));
        EXPECT_LE(ours, theirs) << name;
        EXPECT_GT(ours, 0.7 * theirs) << name;
    }
}

TEST(Quantize, OnlySomeTypesAreWritten) {
    EXPECT_TRUE(is_writable(BlockType::q4_k));
    EXPECT_FALSE(is_writable(BlockType::q2_k));
}

}  // namespace
}  // namespace cria
