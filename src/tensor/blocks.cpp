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

// The sixteen values of a four-bit number in IQ4 blocks.
constexpr std::array<float, 16> kIq4{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

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
    halves(b, 2, y, [&](int q, int) { return d * kIq4[static_cast<std::size_t>(q)]; });
}

void iq4_xs(const Block& b, float* y) {
    const float d = b.f16(0);
    const std::uint32_t upper = b.u16(2);
    for (int i = 0; i < 8; ++i) {
        const int lower = i % 2 == 0 ? b.low(4 + i / 2) : b.high(4 + i / 2);
        const int scale = lower | static_cast<int>(upper >> (2 * i) & 3u) << 4;
        const float factor = d * static_cast<float>(scale - 32);
        halves(b, 8 + 16 * i, y + 32 * i, [&](int q, int) { return factor * kIq4[static_cast<std::size_t>(q)]; });
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
struct ScaleAndMinimum {
    float scale, minimum;
};
ScaleAndMinimum k_scale(const Block& b, int j) {
    const float d = b.f16(0), least = b.f16(2);
    const int s = 4;
    const int scale = j < 4 ? b.u8(s + j) & 63 : b.low(s + j + 4) | b.u8(s + j - 4) >> 6 << 4;
    const int minimum = j < 4 ? b.u8(s + j + 4) & 63 : b.high(s + j + 4) | b.u8(s + j) >> 6 << 4;
    return {d * static_cast<float>(scale), least * static_cast<float>(minimum)};
}

void q4_k(const Block& b, float* y) {
    for (int j = 0; j < 8; ++j) {
        const auto [scale, minimum] = k_scale(b, j);
        for (int l = 0; l < 32; ++l) {
            const int at = 16 + 32 * (j / 2) + l;
            y[32 * j + l] = scale * static_cast<float>(j % 2 == 0 ? b.low(at) : b.high(at)) - minimum;
        }
    }
}

void q5_k(const Block& b, float* y) {
    for (int j = 0; j < 8; ++j) {
        const auto [scale, minimum] = k_scale(b, j);
        for (int l = 0; l < 32; ++l) {
            const int at = 48 + 32 * (j / 2) + l;
            const int q = (j % 2 == 0 ? b.low(at) : b.high(at)) | (b.u8(16 + l) >> j & 1) << 4;
            y[32 * j + l] = scale * static_cast<float>(q) - minimum;
        }
    }
}

void q6_k(const Block& b, float* y) {
    const float d = b.f16(208);
    for (int i = 0; i < 256; ++i) {
        const int half = i / 128, group = i % 128 / 32, l = i % 32;
        const int at = 64 * half + 32 * (group % 2) + l;
        const int lower = group < 2 ? b.low(at) : b.high(at);
        const int upper = b.u8(128 + 32 * half + l) >> (2 * group) & 3;
        y[i] = d * static_cast<float>(b.i8(192 + i / 16)) * static_cast<float>((lower | upper << 4) - 32);
    }
}

using Dequantize = void (*)(const Block&, float*);
constexpr std::array<Dequantize, kBlockTypes.size()> kDequantize{q4_0, q4_1, q5_0, q5_1, q8_0,   q2_k,
                                                                 q3_k, q4_k, q5_k, q6_k, iq4_nl, iq4_xs};

}  // namespace

const BlockLayout& layout_of(BlockType type) { return kLayouts[static_cast<std::size_t>(type)]; }

std::optional<BlockType> block_type_named(std::string_view name) {
    for (const BlockType type : kBlockTypes)
        if (layout_of(type).name == name) return type;
    return std::nullopt;
}

void dequantize(BlockType type, std::span<const std::byte> blocks, std::span<float> values) {
    const BlockLayout& layout = layout_of(type);
    const std::int64_t count = std::ssize(blocks) / layout.bytes;
    CRIA_ASSERT(count * layout.bytes == std::ssize(blocks) && count * layout.elements == std::ssize(values));
    const Dequantize one = kDequantize[static_cast<std::size_t>(type)];
    for (std::int64_t i = 0; i < count; ++i)
        one(Block(blocks.data() + i * layout.bytes), values.data() + i * layout.elements);
}

}  // namespace cria
