// safetensors: round trips with our own writer and with files of the Python package, and files that lie.
#include "store/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

Tensor counted(DType type, Shape shape) {
    Tensor tensor = Tensor::zeros(type, shape);
    auto* bytes = static_cast<unsigned char*>(tensor.raw());
    for (std::size_t i = 0; i < tensor.bytes(); ++i) bytes[i] = static_cast<unsigned char>(i * 7 + 1);
    return tensor;
}

TEST(Safetensors, RoundTrip) {
    TempFolder folder;
    const std::vector<NamedTensor> written = {
        {"odd", counted(DType::i8, {3})},         {"half \"quoted\" é", counted(DType::bf16, {5, 1, 3})},
        {"whole", counted(DType::f32, {2, 3})},   {"none", counted(DType::f32, {0, 4})},
        {"scalar", counted(DType::i32, Shape{})}, {"f16", counted(DType::f16, {2, 1, 1, 2})}};
    const Path path = folder / "model.safetensors";
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
TEST(Safetensors, ReadsWhatPythonWrote) {
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

TEST(Safetensors, ViewsOutliveTheFileObject) {
    TempFolder folder;
    const Path path = folder / "model.safetensors";
    ASSERT_TRUE(write_safetensors(real_os(), path, std::vector<NamedTensor>{{"x", counted(DType::i8, {9})}}));
    Tensor view;
    {
        const auto file = open_safetensors(real_os(), path);
        ASSERT_TRUE(file);
        view = *file->tensor("x");
    }
    EXPECT_EQ(view.data<std::int8_t>()[1], 8);
}

std::vector<NamedTensor> two_tensors(unsigned char first_byte) {
    std::vector<NamedTensor> tensors = {{"a", counted(DType::f32, {4, 5})}, {"b", counted(DType::bf16, {7})}};
    static_cast<unsigned char*>(tensors[0].tensor.raw())[0] = first_byte;
    return tensors;
}

TEST(SafetensorsWrite, OldOrNewWhicheverCallFails) {
    TempFolder folder;
    const Path path = folder / "m.safetensors";
    const auto first_byte = [&] {
        return *static_cast<const unsigned char*>(open_safetensors(real_os(), path)->tensor("a")->raw());
    };
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(write_safetensors(healthy, path, two_tensors(1)));
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        ASSERT_FALSE(write_safetensors(os, path, two_tensors(2))) << call;
        // Only the last call, which makes the rename durable, comes after the new file is in place.
        ASSERT_EQ(first_byte(), call == healthy.calls() ? 2u : 1u) << call;
        ASSERT_FALSE(real_os().info(folder / "m.safetensors.part"));
    }
}

TEST(SafetensorsWrite, FullDiskKeepsTheOldFile) {
    TempFolder folder;
    const Path path = folder / "m.safetensors";
    ASSERT_TRUE(write_safetensors(real_os(), path, two_tensors(1)));
    const std::uint64_t size = real_os().info(path)->size_bytes;
    for (std::uint64_t room = 0; room < size; ++room) {
        FaultyOs os(real_os(), {.disk_bytes = room});
        ASSERT_EQ(write_safetensors(os, path, two_tensors(2)).error().kind, ErrorKind::no_space);
    }
    EXPECT_EQ(*static_cast<const unsigned char*>(open_safetensors(real_os(), path)->tensor("a")->raw()), 1);
}

TEST(SafetensorsWrite, RefusesNamesThatCannotBeRead) {
    TempFolder folder;
    for (const char* name : {"__metadata__", "\xff", "b"}) {
        const std::vector<NamedTensor> tensors = {{"b", counted(DType::i8, {1})}, {name, counted(DType::i8, {1})}};
        const Status done = write_safetensors(real_os(), folder / "m", tensors);
        ASSERT_FALSE(done) << name;
        EXPECT_EQ(done.error().kind, ErrorKind::invalid_input);
        EXPECT_FALSE(real_os().info(folder / "m"));
    }
    EXPECT_FALSE(write_safetensors(real_os(), folder / "m", {}, {{"key", "\xc3"}}));
    EXPECT_TRUE(write_safetensors(real_os(), folder / "m", {}));  // no tensors: fine
    EXPECT_TRUE(open_safetensors(real_os(), folder / "m")->entries().empty());
}

}  // namespace
}  // namespace cria
