// Meta's quantised releases, those of quantised_golden_test.cpp: their blocks, and lies.
#include "model/meta_int4.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/temp_folder.h"
#include "model/llama.h"

namespace cria {
namespace {

const Path kInt4Golden = Path(CRIA_SOURCE_DIR) / "tests/golden/int4";

Tensor bytes(const Shape& shape, std::vector<std::int8_t> numbers) {
    Tensor tensor = Tensor::zeros(DType::i8, shape);
    std::copy(numbers.begin(), numbers.end(), tensor.data<std::int8_t>());
    return tensor;
}

Tensor ones(const Shape& shape, float value = 1) {
    Tensor tensor = Tensor::zeros(DType::f32, shape);
    std::fill_n(tensor.f32(), tensor.elements(), value);
    return tensor;
}

TEST(MetaInt4Blocks, HoldTheSameNumbers) {
    std::vector<std::int8_t> numbers(64);
    for (std::size_t i = 0; i < 64; ++i) numbers[i] = static_cast<std::int8_t>(i * 7 % 16 - 8);
    Tensor scales = ones({2, 1});
    scales.f32()[1] = 0.5f;
    const auto blocks = blocks_of_meta_int4("x.weight", bytes({2, 32}, numbers), {{"x.scales", scales}});
    ASSERT_TRUE(blocks) << blocks.error().message;
    EXPECT_EQ(blocks->type, BlockType::q4_0);
    std::vector<float> values(64);
    dequantize(blocks->type, {static_cast<const std::byte*>(blocks->storage.raw()), blocks->storage.bytes()}, values);
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(values[i], static_cast<float>(numbers[i]) * (i < 32 ? 1.0f : 0.5f));
}

TEST(MetaInt4Blocks, LiesAreNamed) {
    const Tensor good = bytes({1, 32}, std::vector<std::int8_t>(32, 3));
    const auto error = [](const Tensor& weight, std::map<std::string, Tensor> all) {
        const auto blocks = blocks_of_meta_int4("x.weight", weight, all);
        return blocks ? std::string("none") : blocks.error().message;
    };
    EXPECT_EQ(error(good, {{"x.scales", ones({1, 1})}}), "none");
    EXPECT_NE(error(good, {}).find("no scales"), std::string::npos);
    EXPECT_NE(error(good, {{"x.scales", ones({1, 2})}}).find("every 16"), std::string::npos);
    EXPECT_NE(error(good, {{"x.scales", ones({1, 3})}}).find("does not fit"), std::string::npos);
    EXPECT_NE(error(good, {{"x.scales", ones({1, 1}, INFINITY)}}).find("no number"), std::string::npos);
    EXPECT_NE(error(good, {{"x.scales", ones({1, 1}, 1e6f)}}).find("no number"), std::string::npos);
    EXPECT_NE(error(good, {{"x.scales", ones({1, 1})}, {"x.zeros", ones({1, 1})}}).find("zero points"),
              std::string::npos);
    EXPECT_NE(error(bytes({1, 32}, std::vector<std::int8_t>(32, 8)), {{"x.scales", ones({1, 1})}}).find("four bits"),
              std::string::npos);
    EXPECT_NE(error(bytes({32}, std::vector<std::int8_t>(32, 1)), {{"x.scales", ones({1, 1})}}).find("no matrix"),
              std::string::npos);
}

// params.json decides; what it does not know is refused by name.
TEST(MetaInt4Blocks, UnknownSchemesAreRefused) {
    const TempFolder folder;
    std::filesystem::copy(kInt4Golden / "spinquant", folder / "m");
    const auto load = [&](std::string_view from, std::string_view to) {
        std::string params = *read_text(real_os(), kInt4Golden / "spinquant/params.json", 1 << 20);
        params.replace(params.find(from), from.size(), to);
        EXPECT_TRUE(write_atomically(real_os(), folder / "m/params.json", params));
        const auto model = Llama::load(real_os(), folder / "m", {});
        return model ? std::string("none") : model.error().message;
    };
    EXPECT_NE(load("int4_weight_int8", "int2_weight_int8").find("int2_weight_int8_dynamic_activation"),
              std::string::npos);
    EXPECT_NE(load("\"quantization_args\": {", "\"quantization_args\": 3, \"x\": {").find("no object"),
              std::string::npos);
    EXPECT_NE(load("\"hidden_dim\": 128", "\"hidden_dim\": 96").find("power of two"), std::string::npos);
}

}  // namespace
}  // namespace cria
