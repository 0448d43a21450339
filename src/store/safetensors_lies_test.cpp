// Files that lie about themselves: each field by each lie, every truncation, every flipped bit. What comes
// back is an error that names the file, or tensors whose bytes are all there.
#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <string>

#include "store/damage.h"
#include "store/safetensors.h"

namespace cria {
namespace {

std::string framed(std::string_view header, std::string_view data) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(header.size() >> (8 * i));
    return bytes + std::string(header) + std::string(data);
}

Result<SafetensorsFile> parse(const std::string& bytes) {
    const auto kept = std::make_shared<std::string>(bytes);
    return parse_safetensors(as_bytes(*kept), kept, "lies.safetensors");
}

// Reads all that a file promises, so that a sanitizer sees what is not there.
void expect_sound(const Result<SafetensorsFile>& file, std::size_t file_bytes) {
    if (!file) {
        EXPECT_TRUE(file.error().message.starts_with("lies.safetensors: ")) << file.error().message;
        EXPECT_LT(file.error().message.size(), 600u);
        return;
    }
    std::size_t total = 0;
    unsigned sum = 0;
    for (const SafetensorsEntry& entry : file->entries()) {
        const Tensor tensor = *file->tensor(entry.name);
        ASSERT_EQ(tensor.bytes(), entry.bytes);
        for (std::size_t i = 0; i < entry.bytes; ++i) sum += static_cast<const unsigned char*>(tensor.raw())[i];
        total += entry.bytes;
    }
    EXPECT_LE(total, file_bytes);
    EXPECT_LE(sum, 255 * total);
}

std::string entry(std::string_view dtype, std::string_view shape, std::string_view offsets) {
    return fmt::format(R"("dtype":{},"shape":{},"data_offsets":{})", dtype, shape, offsets);
}

const std::string kGood = entry("\"F32\"", "[2,3]", "[0,24]");
const std::string kData(24, '\x3f');

struct Lie {
    std::string header;
    std::string says;  // a part of the message
    ErrorKind kind = ErrorKind::corrupt;
};

void expect_refused(const Lie& lie, const std::string& data = kData) {
    const auto file = parse(framed(lie.header, data));
    ASSERT_FALSE(file) << lie.header;
    EXPECT_EQ(file.error().kind, lie.kind) << lie.header;
    EXPECT_NE(file.error().message.find(lie.says), std::string::npos) << lie.header << "\n" << file.error().message;
    expect_sound(file, 0);
}

void expect_refused_entry(const std::string& body, const std::string& says, ErrorKind kind = ErrorKind::corrupt) {
    expect_refused({"{\"w\":{" + body + "}}", says, kind});
}

TEST(SafetensorsLies, TheHonestFileIsRead) {
    const auto file = parse(framed("{\"w\":{" + kGood + "}}", kData));
    ASSERT_TRUE(file) << file.error().message;
    expect_sound(file, kData.size());
    EXPECT_TRUE(parse(framed("{}", "")));
    EXPECT_TRUE(parse(framed("{\"w\":{" + kGood + "}}   ", kData)));  // padding
    // A header that leaves the data at an odd address: the tensor is a copy, rightly aligned.
    for (const std::string padding : {"", " ", "  ", "   "}) {
        const auto odd = parse(framed("{\"w\":{" + kGood + "}}" + padding, kData));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(odd->tensor("w")->raw()) % 4, 0u);
        EXPECT_EQ(odd->tensor("w")->f32()[5], std::bit_cast<float>(0x3f3f3f3fu));
    }
}

TEST(SafetensorsLies, DType) {
    for (const char* wrong : {"0", "1", "-1", "1.5", "null", "true", "[]", "{}", "[\"F32\"]"})
        expect_refused_entry(entry(wrong, "[2,3]", "[0,24]"), "tensor 'w'");
    for (const char* wrong : {"\"\"", "\"f32\"", "\"F32 \"", "\"F128\"", "\"F32\\u0000\""})
        expect_refused_entry(entry(wrong, "[2,3]", "[0,24]"), "unknown type");
    for (const char* other : {"\"F64\"", "\"I64\"", "\"BOOL\"", "\"U8\"", "\"F8_E4M3\""})
        expect_refused_entry(entry(other, "[2,3]", "[0,24]"), "Cria reads F32", ErrorKind::unsupported);
    expect_refused_entry(entry("\"BF16\"", "[2,3]", "[0,24]"), "needs 12 bytes");
    expect_refused_entry(entry("\"I8\"", "[2,3]", "[0,24]"), "needs 6 bytes");
    expect_refused_entry(entry(fmt::format("\"{:x<10000}\"", ""), "[2,3]", "[0,24]"), "unknown type 'xxx");
}

TEST(SafetensorsLies, Shape) {
    for (const char* wrong : {"0", "6", "-1", "\"[2,3]\"", "null", "{}", "[2,\"3\"]", "[2,null]", "[2,[3]]", "[2,-3]",
                              "[2,3.0]", "[2,1e0]", "[18446744073709551616]", "[true]"})
        expect_refused_entry(entry("\"F32\"", wrong, "[0,24]"), "tensor 'w': shape");
    for (const char* wrong : {"[]", "[0]", "[1]", "[2,2]", "[2,4]", "[2,3,2]", "[1,1,1,1]"})
        expect_refused_entry(entry("\"F32\"", wrong, "[0,24]"), "its shape");
    for (const char* wrong : {"[9223372036854775807]", "[4294967296,4294967296]", "[4611686018427387904,4,0]",
                              "[0,9223372036854775807,2]", "[2305843009213693952]"})
        expect_refused_entry(entry("\"F32\"", wrong, "[0,24]"), "impossible shape");
    expect_refused_entry(entry("\"F32\"", "[18446744073709551615]", "[0,24]"), "dimension of");
    expect_refused_entry(entry("\"F32\"", "[1,1,1,2,3]", "[0,24]"), "more than 4 dimensions", ErrorKind::unsupported);
    std::string long_shape = "[1";
    for (int i = 0; i < 100'000; ++i) long_shape += ",1";
    expect_refused_entry(entry("\"F32\"", long_shape + "]", "[0,24]"), "more than 4 dimensions",
                         ErrorKind::unsupported);
}

TEST(SafetensorsLies, Offsets) {
    for (const char* wrong : {"0", "\"0\"", "null", "{}", "[0,\"24\"]", "[-1,23]", "[0,24.0]", "[0,null]", "[[0],24]"})
        expect_refused_entry(entry("\"F32\"", "[2,3]", wrong), "data_offsets");
    expect_refused_entry(entry("\"F32\"", "[2,3]", "[0,24,24]"), "more than two");
    for (const char* wrong : {"[]", "[0]", "[24]"})
        expect_refused_entry(entry("\"F32\"", "[2,3]", wrong), "lacks one of");
    for (const char* wrong : {"[0,0]", "[0,1]", "[0,23]", "[0,25]", "[24,0]", "[1,24]", "[0,18446744073709551615]",
                              "[18446744073709551615,23]", "[18446744073709551615,18446744073709551615]"})
        expect_refused_entry(entry("\"F32\"", "[2,3]", wrong), "its shape");
    expect_refused_entry(entry("\"F32\"", "[2,3]", "[1,25]"), "begins at byte 1");
    expect_refused_entry(entry("\"F32\"", "[2,3]", "[18446744073709551592,18446744073709551616]"),
                         "data_offsets holds");
    expect_refused_entry(entry("\"F32\"", "[2,3]", "[18446744073709551591,18446744073709551615]"), "begins at byte");
    expect_refused_entry(entry("\"F32\"", "[0]", "[18446744073709551615,18446744073709551615]"), "begins at byte");
    expect_refused_entry(entry("\"F32\"", "[7]", "[0,28]"), "ends at byte 28");
    expect_refused_entry(entry("\"F32\"", "[5]", "[0,20]"), "fill 20 bytes");
}

TEST(SafetensorsLies, TensorsAmongEachOther) {
    const auto pair = [](std::string_view a, std::string_view b) {
        return fmt::format(R"({{"a":{{"dtype":"F32","shape":[3],"data_offsets":{}}},)"
                           R"("b":{{"dtype":"F32","shape":[3],"data_offsets":{}}}}})",
                           a, b);
    };
    EXPECT_TRUE(parse(framed(pair("[0,12]", "[12,24]"), kData)));
    EXPECT_EQ(parse(framed(pair("[12,24]", "[0,12]"), kData))->entries().front().name, "b");
    expect_refused({pair("[0,12]", "[0,12]"), "begins at byte 0 of the data, the one before it ends at 12"});
    expect_refused({pair("[0,12]", "[8,20]"), "begins at byte 8"});
    expect_refused({pair("[0,12]", "[13,25]"), "begins at byte 13"});
    expect_refused({pair("[4,16]", "[12,24]"), "begins at byte 4"});
    expect_refused({"{\"w\":{" + kGood + "},\"w\":{" + kGood + "}}", "stands there twice"});
    expect_refused({"{\"w\":{" + kGood + ",\"shape\":[2,3]}}", "'shape' twice"});
    expect_refused({"{\"w\":{" + kGood + ",\"dtype\":\"F32\"}}", "'dtype' twice"});
    expect_refused({"{\"w\":{" + kGood + ",\"data_offsets\":[0,24]}}", "'data_offsets' twice"});
    expect_refused({"{\"w\":{" + kGood + ",\"stride\":[1]}}", "unknown field 'stride'"});
    expect_refused({"{\"w\":{}}", "lacks one of"});
    expect_refused({R"({"w":{"dtype":"F32","shape":[2,3]}})", "lacks one of"});
    expect_refused({R"({"w":{"dtype":"F32","data_offsets":[0,24]}})", "lacks one of"});
    expect_refused({R"({"w":{"shape":[2,3],"data_offsets":[0,24]}})", "lacks one of"});
    for (const char* wrong : {"1", "null", "\"F32\"", "[]", "true", "1.5", "-1"})
        expect_refused({fmt::format("{{\"w\":{}}}", wrong), "an object is wanted"});
}

TEST(SafetensorsLies, Metadata) {
    const auto with = [](std::string_view metadata) {
        return fmt::format("{{\"__metadata__\":{},\"w\":{{{}}}}}", metadata, kGood);
    };
    EXPECT_EQ(parse(framed(with(R"({"a":"1","":""})"), kData))->metadata(),
              (SafetensorsMetadata{{"", ""}, {"a", "1"}}));
    for (const char* wrong : {"1", "null", "\"pt\"", "[]", "true"})
        expect_refused({with(wrong), "an object is wanted"});
    for (const char* wrong : {R"({"a":1})", R"({"a":null})", R"({"a":[]})", R"({"a":{}})", R"({"a":false})"})
        expect_refused({with(wrong), "text is wanted"});
    expect_refused({with(R"({"a":"1","a":"2"})"), "'a' twice"});
    expect_refused({with("{},\"__metadata__\":{}"), "__metadata__ stands there twice"});
}

TEST(SafetensorsLies, Framing) {
    const std::string good = framed("{\"w\":{" + kGood + "}}", kData);
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto file = parse(good.substr(0, size));
        ASSERT_FALSE(file) << size;
        EXPECT_EQ(file.error().kind, ErrorKind::corrupt);
        expect_sound(file, size);
    }
    EXPECT_NE(parse(good + "x").error().message.find("fill 24 bytes of the data, the file has 25"), std::string::npos);
    for (const char* header :
         {"", " ", "[]", "1", "null", "x", "{", "{}}", "{} x", " {}", "\xef\xbb\xbf{}", "{\"\xff\":{}}"})
        expect_refused({header, "header"}, "");
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{99}, std::uint64_t{100'000'000}, std::uint64_t{100'000'001},
          std::uint64_t{1} << 63, UINT64_MAX, UINT64_MAX - 7}) {
        std::string bytes = good;
        for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<char>(length >> (8 * i));
        const auto file = parse(bytes);
        ASSERT_FALSE(file) << length;
        EXPECT_EQ(file.error().kind, ErrorKind::corrupt);
        expect_sound(file, bytes.size());
    }
}

TEST(SafetensorsLies, EveryDamage) {
    const std::string good = framed("{\"__metadata__\":{\"k\":\"v\"},\"w\":{" + kGood + "}}", kData);
    for_each_damage(good, good.size() - kData.size(),
                    [](const std::string& bytes, const std::string&) { expect_sound(parse(bytes), bytes.size()); });
}

TEST(SafetensorsLies, NamesCannotSpoilAMessage) {
    const auto file = parse(framed("{\"\\u001b[2J\\n" + std::string(5000, 'x') + "\":{}}", ""));
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().message.find('\x1b'), std::string::npos);
    EXPECT_EQ(file.error().message.find('\n'), std::string::npos);
    expect_sound(file, 0);
}

// A large header that is refused late, and nesting without end, cost time in proportion to their size.
TEST(SafetensorsLies, LargeHeadersStayCheap) {
    const auto start = std::chrono::steady_clock::now();
    std::string many = "{";
    for (int i = 0; i < 50'000; ++i)
        many += fmt::format("{}\"layer.{}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}",
                            i == 0 ? "" : ",", i);
    const auto file = parse(framed(many + "}", ""));
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->entries().size(), 50'000u);
    expect_refused({many, "not JSON"}, "");
    expect_refused({"{" + std::string(4'000'000, '['), "not JSON"}, "");
    expect_refused({"{\"w\":" + std::string(4'000'000, '['), "an object is wanted"}, "");
    expect_refused({"{\"w\":{\"shape\":" + std::string(4'000'000, '['), "shape"}, "");
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace cria
