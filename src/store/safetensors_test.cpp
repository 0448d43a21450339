// safetensors: round trips with our own writer and with files of the Python package, and files that lie.
#include "store/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/os_fault.h"

namespace cria {
namespace {

class Safetensors : public testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  fmt::format("cria_store_{}_{}", ::testing::UnitTest::GetInstance()->current_test_info()->name(),
                              real_os().random_seed());
        ASSERT_TRUE(real_os().make_folders(folder_));
    }
    void TearDown() override { EXPECT_TRUE(real_os().remove(folder_)); }

    Path folder_;
};

Tensor counted(DType type, Shape shape) {
    Tensor tensor = Tensor::zeros(type, shape);
    auto* bytes = static_cast<unsigned char*>(tensor.raw());
    for (std::size_t i = 0; i < tensor.bytes(); ++i) bytes[i] = static_cast<unsigned char>(i * 7 + 1);
    return tensor;
}

TEST_F(Safetensors, RoundTrip) {
    const std::vector<NamedTensor> written = {
        {"odd", counted(DType::i8, {3})},         {"half \"quoted\" é", counted(DType::bf16, {5, 1, 3})},
        {"whole", counted(DType::f32, {2, 3})},   {"none", counted(DType::f32, {0, 4})},
        {"scalar", counted(DType::i32, Shape{})}, {"f16", counted(DType::f16, {2, 1, 1, 2})}};
    const Path path = folder_ / "model.safetensors";
    ASSERT_TRUE(write_safetensors(real_os(), path, written, {{"format", "pt"}}));

    const auto file = open_safetensors(real_os(), path);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->metadata(), (SafetensorsMetadata{{"format", "pt"}}));
    EXPECT_EQ(file->entries().size(), written.size());
    EXPECT_EQ(file->entries().front().name, "whole");  // widest elements first
    for (const NamedTensor& named : written) {
        const auto read = file->tensor(named.name);
        ASSERT_TRUE(read) << named.name;
        EXPECT_EQ(read->dtype(), named.tensor.dtype());
        EXPECT_EQ(read->shape(), named.tensor.shape());
        EXPECT_EQ(std::memcmp(read->raw(), named.tensor.raw(), named.tensor.bytes()), 0);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(read->raw()) % bytes_of(read->dtype()), 0u);
        EXPECT_FALSE(read->storage()->writable());
    }
    EXPECT_EQ(file->tensor("absent").error().kind, ErrorKind::not_found);
}

// Made by tests/golden/make_safetensors.py.
TEST_F(Safetensors, ReadsWhatPythonWrote) {
    const auto file = open_safetensors(real_os(), CRIA_SOURCE_DIR "/tests/golden/by_python.safetensors");
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->entries().size(), 8u);
    EXPECT_EQ(file->metadata().at("made by"), "Python");
    const Tensor whole = *file->tensor("whole");
    EXPECT_EQ(whole.shape(), (Shape{2, 3}));
    for (int i = 0; i < 6; ++i) EXPECT_EQ(whole.f32()[i], static_cast<float>(i) / 4);
    for (int i = 0; i < 9; ++i)
        EXPECT_EQ(to_f32(file->tensor("brain")->data<BF16>()[i]), static_cast<float>(3 * (i - 4)));
    EXPECT_EQ(file->tensor("half")->data<F16>()[0].bits, 0x2e66);
    EXPECT_EQ(to_f32(file->tensor("half")->data<F16>()[1]), -65504.0f);
    EXPECT_EQ(file->tensor("small")->data<std::int8_t>()[0], -128);
    EXPECT_EQ(file->tensor("integers")->data<std::int32_t>()[0], INT32_MIN);
    EXPECT_EQ(file->tensor("scalar")->shape().rank(), 0);
    EXPECT_EQ(file->tensor("scalar")->f32()[0], 2.5f);
    EXPECT_EQ(file->tensor("none")->shape(), (Shape{0, 4}));
    EXPECT_EQ(file->tensor("Größe")->f32()[0], 1.0f);
}

TEST_F(Safetensors, ViewsOutliveTheFileObject) {
    const Path path = folder_ / "model.safetensors";
    ASSERT_TRUE(write_safetensors(real_os(), path, std::vector<NamedTensor>{{"x", counted(DType::i8, {9})}}));
    Tensor view;
    {
        const auto file = open_safetensors(real_os(), path);
        ASSERT_TRUE(file);
        view = *file->tensor("x");
    }
    EXPECT_EQ(view.data<std::int8_t>()[1], 8);
}

}  // namespace
}  // namespace cria
