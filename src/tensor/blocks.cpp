#include "tensor/blocks.h"

#include <algorithm>

#include "base/assert.h"
#include "tensor/dtype.h"

namespace cria {
namespace {

constexpr std::array<BlockLayout, kBlockTypes.size()> kLayouts{{{"q4_0", 32, 18},
                                                                {"q4_1", 32, 20},
                                                                {"q5_0", 32, 22},
                                                                {"q5_1", 32, 24},
                                                                {"q8_0", 32, 34},
                                                                {"q2_k", 256, 84},
                                                                {"q3_k", 256, 110},
                                                                {"q4_k", 256, 144},
                                                                {"q5_k", 256, 176},
                                                                {"q6_k", 256, 210},
                                                                {"iq4_nl", 32, 18},
                                                                {"iq4_xs", 256, 136}}};

// The value of a four-bit number in IQ4 blocks.
float iq4(int q) { return static_cast<float>(kIq4Numbers[static_cast<std::size_t>(q)] - 128); }

// One block's bytes, read by place.
class Block {
public:
    explicit Block(const std::byte* bytes) : bytes_(bytes) {}
    int u8(int at) const { return std::to_integer<int>(bytes_[at]); }
    int i8(int at) const { return static_cast<std::int8_t>(u8(at)); }
    std::uint32_t u16(int at) const { return static_cast<std::uint32_t>(u8(at) | u8(at + 1) << 8); }
    std::uint32_t u32(int at) const { return u16(at) | u16(at + 2) << 16; }
    float f16(int at) const { return to_f32(F16{static_cast<std::uint16_t>(u16(at))}); }
    // Four bits of the byte at `at`: the lower ones, or the upper ones.
    int low(int at) const { return u8(at) & 15; }
    int high(int at) const { return u8(at) >> 4; }

private:
    const std::byte* bytes_;
};

// The blocks of 32 with four bits: element j is the lower half of byte j, element j + 16 its upper half.
template <class Value>
void halves(const Block& block, int quants, float* y, Value&& value) {
    for (int j = 0; j < 16; ++j) {
        y[j] = value(block.low(quants + j), j);
        y[j + 16] = value(block.high(quants + j), j + 16);
    }
}

void q4_0(const Block& b, float* y) {
    const float d = b.f16(0);
    halves(b, 2, y, [&](int q, int) { return d * static_cast<float>(q - 8); });
}

void q4_1(const Block& b, float* y) {
    const float d = b.f16(0), m = b.f16(2);
    halves(b, 4, y, [&](int q, int) { return d * static_cast<float>(q) + m; });
}

// The fifth bit of element j is bit j of a word.
int fifth(std::uint32_t bits, int j) { return static_cast<int>(bits >> j & 1u) << 4; }

void q5_0(const Block& b, float* y) {
    const float d = b.f16(0);
    const std::uint32_t bits = b.u32(2);
    halves(b, 6, y, [&](int q, int j) { return d * static_cast<float>((q | fifth(bits, j)) - 16); });
}

void q5_1(const Block& b, float* y) {
    const float d = b.f16(0), m = b.f16(2);
    const std::uint32_t bits = b.u32(4);
    halves(b, 8, y, [&](int q, int j) { return d * static_cast<float>(q | fifth(bits, j)) + m; });
}

void q8_0(const Block& b, float* y) {
    const float d = b.f16(0);
    for (int j = 0; j < 32; ++j) y[j] = d * static_cast<float>(b.i8(2 + j));
}

void iq4_nl(const Block& b, float* y) {
    const float d = b.f16(0);
    halves(b, 2, y, [&](int q, int) { return d * iq4(q); });
}

void iq4_xs(const Block& b, float* y) {
    const float d = b.f16(0);
    const std::uint32_t upper = b.u16(2);
    for (int i = 0; i < 8; ++i) {
        const int lower = i % 2 == 0 ? b.low(4 + i / 2) : b.high(4 + i / 2);
        const int scale = lower | static_cast<int>(upper >> (2 * i) & 3u) << 4;
        const float factor = d * static_cast<float>(scale - 32);
        halves(b, 8 + 16 * i, y + 32 * i, [&](int q, int) { return factor * iq4(q); });
    }
}

// Two-bit numbers of Q2_K and Q3_K: element 32 g + l (g < 8, l < 32) has bits 2 (g mod 4) of byte 32 (g / 4) + l.
int two_bits(const Block& b, int quants, int group, int l) {
    return b.u8(quants + 32 * (group / 4) + l) >> (2 * (group % 4)) & 3;
}

void q2_k(const Block& b, float* y) {
    const float d = b.f16(80), least = b.f16(82);
    for (int i = 0; i < 256; ++i) {
        const float scale = d * static_cast<float>(b.low(i / 16)), minimum = least * static_cast<float>(b.high(i / 16));
        y[i] = scale * static_cast<float>(two_bits(b, 16, i / 32, i % 32)) - minimum;
    }
}

void q3_k(const Block& b, float* y) {
    constexpr int kQuants = 32, kScales = 96;
    const float d = b.f16(108);
    for (int i = 0; i < 256; ++i) {
        const int j = i / 16;
        const int lower = j < 8 ? b.low(kScales + j) : b.high(kScales + j - 8);
        const int upper = b.u8(kScales + 8 + j % 4) >> (2 * (j / 4)) & 3;
        const int third = b.u8(i % 32) >> (i / 32) & 1;  // set: the number stays, clear: 4 less
        const int q = two_bits(b, kQuants, i / 32, i % 32) - (third == 1 ? 0 : 4);
        y[i] = d * static_cast<float>((lower | upper << 4) - 32) * static_cast<float>(q);
    }
}

// Scale and minimum of group `j` of 32 in Q4_K and Q5_K: six bits each, in twelve bytes from byte 4.
struct SixBits {
    int scale, minimum;
};
SixBits six_bits(const Block& b, int j) {
    const int s = 4;
    return {j < 4 ? b.u8(s + j) & 63 : b.low(s + j + 4) | b.u8(s + j - 4) >> 6 << 4,
            j < 4 ? b.u8(s + j + 4) & 63 : b.high(s + j + 4) | b.u8(s + j) >> 6 << 4};
}

struct ScaleAndMinimum {
    float scale, minimum;
};
ScaleAndMinimum k_scale(const Block& b, int j) {
    const auto [scale, minimum] = six_bits(b, j);
    return {b.f16(0) * static_cast<float>(scale), b.f16(2) * static_cast<float>(minimum)};
}

// The numbers of Q4_K, Q5_K and Q6_K, 0 to 15, 31 and 63.
int number_q4_k(const Block& b, int i) {
    const int at = 16 + 32 * (i / 64) + i % 32;
    return i / 32 % 2 == 0 ? b.low(at) : b.high(at);
}
int number_q5_k(const Block& b, int i) {
    const int at = 48 + 32 * (i / 64) + i % 32;
    return (i / 32 % 2 == 0 ? b.low(at) : b.high(at)) | (b.u8(16 + i % 32) >> (i / 32) & 1) << 4;
}
int number_q6_k(const Block& b, int i) {
    const int half = i / 128, group = i % 128 / 32, l = i % 32;
    const int at = 64 * half + 32 * (group % 2) + l;
    const int upper = b.u8(128 + 32 * half + l) >> (2 * group) & 3;
    return (group < 2 ? b.low(at) : b.high(at)) | upper << 4;
}

void q4_k(const Block& b, float* y) {
    for (int j = 0; j < 8; ++j) {
        const auto [scale, minimum] = k_scale(b, j);
        for (int i = 32 * j; i < 32 * (j + 1); ++i) y[i] = scale * static_cast<float>(number_q4_k(b, i)) - minimum;
    }
}

void q5_k(const Block& b, float* y) {
    for (int j = 0; j < 8; ++j) {
        const auto [scale, minimum] = k_scale(b, j);
        for (int i = 32 * j; i < 32 * (j + 1); ++i) y[i] = scale * static_cast<float>(number_q5_k(b, i)) - minimum;
    }
}

void q6_k(const Block& b, float* y) {
    const float d = b.f16(208);
    for (int i = 0; i < 256; ++i)
        y[i] = d * static_cast<float>(b.i8(192 + i / 16)) * static_cast<float>(number_q6_k(b, i) - 32);
}

using Dequantize = void (*)(const Block&, float*);
constexpr std::array<Dequantize, kBlockTypes.size()> kDequantize{q4_0, q4_1, q5_0, q5_1, q8_0,   q2_k,
                                                                 q3_k, q4_k, q5_k, q6_k, iq4_nl, iq4_xs};

F16 f16_at(const Block& b, int at) { return {static_cast<std::uint16_t>(b.u16(at))}; }

// Numbers of the blocks of 32: four bits each, or eight.
void read_small(BlockType type, const Block& b, BlockNumbers& out) {
    out.scale = f16_at(b, 0);
    out.minimum = {};
    out.scales.fill(1);
    out.minima.fill(0);
    for (int i = 0; i < 32; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const int four = i < 16 ? b.low(2 + i) : b.high(2 + i - 16);
        const int number = type == BlockType::q8_0 ? b.i8(2 + i) + 128 : four;
        out.numbers[at] = static_cast<std::uint8_t>(number);
    }
}

void read_large(BlockType type, const Block& b, BlockNumbers& out) {
    const bool six = type == BlockType::q6_k;
    const auto number = six ? number_q6_k : type == BlockType::q5_k ? number_q5_k : number_q4_k;
    out.scale = f16_at(b, six ? 208 : 0);
    out.minimum = six ? F16{} : f16_at(b, 2);
    for (int i = 0; i < 256; ++i) out.numbers[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number(b, i));
    for (int j = 0; j < 16; ++j) {
        const SixBits bits = six ? SixBits{b.i8(192 + j), 0} : j < 8 ? six_bits(b, j) : SixBits{};
        out.scales[static_cast<std::size_t>(j)] = static_cast<std::int16_t>(bits.scale);
        out.minima[static_cast<std::size_t>(j)] = static_cast<std::uint8_t>(bits.minimum);
    }
}

}  // namespace

const BlockLayout& layout_of(BlockType type) { return kLayouts[static_cast<std::size_t>(type)]; }

std::optional<BlockType> block_type_named(std::string_view name) {
    for (const BlockType type : kBlockTypes)
        if (layout_of(type).name == name) return type;
    return std::nullopt;
}

std::string_view name_of(ElementType type) {
    if (const auto* block = std::get_if<BlockType>(&type)) return layout_of(*block).name;
    return name_of(std::get<DType>(type));
}

std::int64_t row_bytes(ElementType type, std::int64_t columns) {
    if (const auto* dtype = std::get_if<DType>(&type)) return columns * static_cast<std::int64_t>(bytes_of(*dtype));
    const BlockLayout& layout = layout_of(std::get<BlockType>(type));
    CRIA_ASSERT(columns % layout.elements == 0);
    return columns / layout.elements * layout.bytes;
}

void dequantize(BlockType type, std::span<const std::byte> blocks, std::span<float> values) {
    const BlockLayout& layout = layout_of(type);
    const std::int64_t count = std::ssize(blocks) / layout.bytes;
    CRIA_ASSERT(count * layout.bytes == std::ssize(blocks) && count * layout.elements == std::ssize(values));
    const Dequantize one = kDequantize[static_cast<std::size_t>(type)];
    for (std::int64_t i = 0; i < count; ++i)
        one(Block(blocks.data() + i * layout.bytes), values.data() + i * layout.elements);
}

std::optional<NumberRange> number_range(BlockType type) {
    switch (type) {
        case BlockType::q4_0: return NumberRange{4, 32, 8};
        case BlockType::q8_0: return NumberRange{8, 32, 128};
        case BlockType::iq4_nl: return NumberRange{4, 32, 128};
        case BlockType::q4_k: return NumberRange{4, 32, 0};
        case BlockType::q5_k: return NumberRange{5, 32, 0};
        case BlockType::q6_k: return NumberRange{6, 16, 32};
        default: return std::nullopt;
    }
}

void read_numbers(BlockType type, const std::byte* block, BlockNumbers& out) {
    CRIA_ASSERT(number_range(type));
    layout_of(type).elements == 32 ? read_small(type, Block(block), out) : read_large(type, Block(block), out);
}

}  // namespace cria
