// GGUF against a file that the package gguf wrote, against our own writer, and against files that lie.
#include "store/gguf.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/temp_folder.h"
#include "store/damage.h"

namespace cria {
namespace {

const Path kGoldenFile = Path(CRIA_SOURCE_DIR) / "tests/golden/gguf/blocks.gguf";

std::span<const float> floats(const GgufFile& file, std::string_view name) {
    const GgufEntry* entry = file.find(name);
    EXPECT_NE(entry, nullptr) << name;
    return file.tensor(*entry).f32_span();
}

TEST(Gguf, ReadsEveryMetadataType) {
    const auto file = open_gguf(real_os(), kGoldenFile);
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->text("general.architecture"), "llama");
    const std::pair<const char*, std::int64_t> integers[] = {
        {"test.u8", 200},         {"test.i8", -5},      {"test.u16", 60000},         {"test.i16", -300},
        {"test.u32", 4000000000}, {"test.i32", -70000}, {"test.u64", 1099511627776}, {"test.i64", -1099511627776}};
    for (const auto& [key, value] : integers) EXPECT_EQ(file->integer(key), value) << key;
    EXPECT_EQ(file->number("test.f32"), 0.25);
    EXPECT_EQ(file->number("test.f64"), 1e-300);
    EXPECT_EQ(file->number("test.u8"), 200.0);
    EXPECT_TRUE(std::get<bool>(file->metadata().at("test.flag")));
    EXPECT_EQ(file->text("test.text"), "naïve <|eot_id|>");
    EXPECT_EQ(file->texts("test.texts"), (std::vector<std::string>{"a", "", "é"}));
    EXPECT_EQ(file->integers("test.integers"), (std::vector<std::int64_t>{1, -2, 3}));
    EXPECT_EQ(file->integer("none").error().kind, ErrorKind::not_found);
    EXPECT_NE(
        file->integer("test.text").error().message.find("'test.text' has another type; a whole number was wanted"),
        std::string::npos);
}

TEST(Gguf, BlocksMeanWhatTheReferenceSays) {
    const GgufFile file = *open_gguf(real_os(), kGoldenFile);
    for (const BlockType type : kBlockTypes) {
        const std::string name(layout_of(type).name);
        const GgufEntry* entry = file.find(name);
        ASSERT_NE(entry, nullptr) << name;
        EXPECT_EQ(std::get<BlockType>(entry->type), type);
        EXPECT_EQ(entry->shape, Shape({2, 512}));
        const auto wanted = floats(file, name + ".values");
        std::vector<float> values(1024);
        dequantize(type, file.bytes(*entry), values);
        for (std::size_t i = 0; i < values.size(); ++i) {
            // The reference multiplies in another order: two roundings of numbers up to the value's own parts.
            ASSERT_NEAR(values[i], wanted[i], 0x1p-22f * (std::abs(wanted[i]) + 8)) << name << " " << i;
        }
        EXPECT_EQ(block_type_named(name), type);
    }
    EXPECT_EQ(block_type_named("q9_9"), std::nullopt);
    const Tensor plain = file.tensor(*file.find("f32"));
    EXPECT_EQ(plain.shape(), Shape({2, 3}));
    EXPECT_EQ(plain.f32()[5], 1.25f);
    EXPECT_EQ(to_f32(file.tensor(*file.find("f16")).data<F16>()[5]), 1.25f);
}

// A file with two tensors and some metadata, written by us.
std::string small_file() {
    const TempFolder folder;
    const float numbers[] = {1, 2, 3, 4, 5, 6};
    const std::string blocks(36, '\7');
    const std::pair<std::string, GgufField> metadata[] = {{"general.architecture", std::string("llama")},
                                                          {"a.list", std::vector<std::string>{"x", "yz"}},
                                                          {"a.numbers", std::vector<std::int32_t>{1, -1}},
                                                          {"a.u16", std::uint16_t{7}},
                                                          {"a.float", 0.5f},
                                                          {"a.flag", true},
                                                          {"a.u64", std::uint64_t{9}}};
    const GgufTensor tensors[] = {{"first", DType::f32, {2, 3}}, {"second", BlockType::q4_0, {2, 32}}};
    const std::span<const std::byte> bytes[] = {std::as_bytes(std::span(numbers)), as_bytes(blocks)};
    EXPECT_TRUE(write_gguf(real_os(), folder / "small.gguf", metadata, tensors,
                           [&](std::size_t i) -> Result<std::span<const std::byte>> { return bytes[i]; }));
    return *read_text(real_os(), folder / "small.gguf", 1 << 20);
}

Result<GgufFile> parsed_gguf(const std::string& text) {
    // In memory of exactly this size, so that a sanitizer sees every byte too many.
    const auto view = as_bytes(text);
    const auto bytes = std::make_shared<std::vector<std::byte>>(view.begin(), view.end());
    return parse_gguf(*bytes, bytes, "f.gguf");
}

TEST(Gguf, ReadsWhatItWrites) {
    const auto file = parsed_gguf(small_file());
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->texts("a.list"), (std::vector<std::string>{"x", "yz"}));
    EXPECT_EQ(file->integers("a.numbers"), (std::vector<std::int64_t>{1, -1}));
    EXPECT_EQ(file->integer("a.u16"), 7);
    EXPECT_EQ(file->number("a.float"), 0.5);
    EXPECT_EQ(file->integer("a.u64"), 9);
    ASSERT_EQ(file->entries().size(), 2u);
    EXPECT_EQ(floats(*file, "first")[5], 6);
    EXPECT_EQ(file->find("second")->bytes, 36u);
    EXPECT_EQ(file->bytes(*file->find("second"))[35], std::byte{7});
}

TEST(Gguf, RefusesToWriteNamesTwice) {
    const TempFolder folder;
    const float one = 1;
    const GgufTensor tensor{"t", DType::f32, {1}};
    const auto bytes = [&](std::size_t) -> Result<std::span<const std::byte>> {
        return std::as_bytes(std::span(&one, 1));
    };
    const std::pair<std::string, GgufField> field{"k", true};
    EXPECT_FALSE(write_gguf(real_os(), folder / "x", {}, std::vector{tensor, tensor}, bytes));
    EXPECT_FALSE(write_gguf(real_os(), folder / "x", std::vector{field, field}, std::vector{tensor}, bytes));
    EXPECT_FALSE(real_os().info(folder / "x"));
}

TEST(Gguf, EveryTruncationIsNamed) {
    const std::string whole = small_file();
    for (std::size_t size = 0; size < whole.size() - 28; ++size) {  // the padding after the last tensor may be missing
        const auto file = parsed_gguf(whole.substr(0, size));
        ASSERT_FALSE(file) << size;
        EXPECT_EQ(file.error().kind, ErrorKind::corrupt);
        EXPECT_TRUE(file.error().message.starts_with("f.gguf: ")) << file.error().message;
    }
    EXPECT_TRUE(parsed_gguf(whole.substr(0, whole.size() - 28)));
}

// Every damage of the table: an error with a name, or a file whose every byte can be read.
TEST(Gguf, EveryDamageIsSurvived) {
    const std::string whole = small_file();
    for_each_damage(whole, whole.size(), [&](const std::string& bytes, const std::string& what) {
        const auto file = parsed_gguf(bytes);
        if (!file) {
            EXPECT_TRUE(file.error().message.starts_with("f.gguf: ")) << what << file.error().message;
            return;
        }
        unsigned sum = 0;
        for (const GgufEntry& entry : file->entries())
            for (const std::byte byte : file->bytes(entry)) sum += std::to_integer<unsigned>(byte);
        EXPECT_LE(sum, 255 * bytes.size()) << what;
    });
}

template <class T>
std::string put(std::string text, std::size_t at, T value) {
    std::memcpy(text.data() + at, &value, sizeof value);
    return text;
}

std::string gguf_complaint(const std::string& text) {
    const auto file = parsed_gguf(text);
    return file ? "no gguf_complaint" : file.error().message;
}

TEST(Gguf, LiesAreNamed) {
    const std::string whole = small_file();
    const auto at = [&](std::string_view text) { return whole.find(text); };
    const std::size_t first = at("first") + 5, second = at("second") + 6;  // where rank, sizes, type and offset stand
    const auto says = [](const std::string& text, std::string_view words) {
        EXPECT_NE(gguf_complaint(text).find(words), std::string::npos) << gguf_complaint(text);
    };
    says("", "does not begin with GGUF");
    says("GGML" + whole.substr(4), "does not begin with GGUF");
    says(put(whole, 4, 1u), "GGUF version 1; versions 2 and 3");
    says(put(whole, 4, 4u), "GGUF version 4");
    says(put(whole, 4, 0x03000000u), "big-endian");
    says(put(whole, 8, std::uint64_t{1} << 62), "has 0 dimensions");  // so many tensors: zeros follow the last
    says(put(whole, 16, std::uint64_t{1} << 62), "f.gguf: ");         // so much metadata
    says(put(whole, 24, ~std::uint64_t{0}), "a text of 18446744073709551615 bytes at byte 32");
    says(put(whole, at("llama") - 12, 99u), "a value of the unknown type 99");
    says(put(whole, at("a.list") + 10, 99u), "a list of values of the unknown type 99");
    says(put(whole, at("a.list") + 10, 9u), "a list of lists");
    says(put(whole, at("a.list") + 14, std::uint64_t{1} << 61), "a list of 2305843009213693952 values");
    says(put(whole, at("a.flag") + 10, std::uint8_t{2}), "a truth value of 2");
    says(put(whole, at("a.u16"), 'A'), "no gguf_complaint");
    says(put(whole, first, 0u), "tensor 'first' has 0 dimensions");
    says(put(whole, first, 5u), "tensor 'first' has 5 dimensions");
    says(put(whole, first + 4, std::uint64_t{0}), "tensor 'first' has an impossible size, 0");
    says(put(whole, first + 4, std::uint64_t{1} << 62), "an impossible size");
    says(put(whole, first + 4, std::uint64_t{1} << 31), "needs");
    says(put(whole, first + 20, 16u), "tensor 'first' has elements of type 16, which Cria does not know");
    says(put(whole, first + 24, std::uint64_t{32}), "tensor 'first' begins at byte 32 of the data; 0 was wanted");
    says(put(whole, second + 4, std::uint64_t{33}), "rows of 33, no whole number of blocks of 32 (q4_0)");
    says(put(whole, second + 24, ~std::uint64_t{0}), "tensor 'second' begins at byte 18446744073709551615");
}

TEST(Gguf, AlignmentIsCheckedAndFollowed) {
    std::string whole = small_file();
    // The key of eleven letters becomes general.alignment of seventeen: built anew, by hand.
    const auto with_alignment = [&](std::uint32_t value) {
        std::string text = whole.substr(0, 24);
        text = put(text, 8, std::uint64_t{0});
        text = put(text, 16, std::uint64_t{1});
        const std::string key = "general.alignment";
        text += std::string(8, '\0') + key + std::string(8, '\0');
        text = put(text, 24, std::uint64_t{key.size()});
        text = put(text, 32 + key.size(), 4u);
        return put(text, 36 + key.size(), value);
    };
    for (const std::uint32_t wrong : {0u, 3u, 1u << 31, ~0u, 1u << 17})
        EXPECT_NE(gguf_complaint(with_alignment(wrong)).find("a power of two up to 65536 is wanted"), std::string::npos)
            << wrong;
    EXPECT_EQ(gguf_complaint(with_alignment(64)), "no gguf_complaint");
}

}  // namespace
}  // namespace cria
