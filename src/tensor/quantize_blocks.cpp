#include "tensor/quantize_blocks.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/assert.h"
#include "tensor/dtype.h"

namespace cria {
namespace {

// Grids tried for a group: the largest number lands so many tenths of a step around the end of the grid.
constexpr int kTries = 9;
constexpr float kStep = 0.1f;

// The nearest whole number (ties to even) within the grid. Adding and taking away 1.5 * 2^23 leaves no bits below 1;
// this, unlike a call, becomes vector instructions.
float rounded(float x, float least, float most) {
    constexpr float kNoFraction = 12582912.0f;
    return (std::clamp(x, least, most) + kNoFraction) - kNoFraction;
}
int round_to(float x, int least, int most) {
    return static_cast<int>(rounded(x, static_cast<float>(least), static_cast<float>(most)));
}

void store_f16(std::byte* to, float value) {
    const F16 half = to_f16(value);
    std::memcpy(to, &half.bits, sizeof half.bits);
}
float stored_f16(float value) { return to_f32(to_f16(value)); }

// What rounding x with a scale gives: the squared error, and the scale that is best for the same numbers.
struct Trial {
    float error, refined;
};
Trial try_scale(std::span<const float> x, float scale, int least, int most) {
    const float inverse = 1.0f / scale, low = static_cast<float>(least), high = static_cast<float>(most);
    float error = 0, xq = 0, qq = 0;
    for (const float value : x) {
        const float q = rounded(value * inverse, low, high), e = value - scale * q;
        error += e * e, xq += value * q, qq += q * q;
    }
    return {error, qq > 0 ? xq / qq : scale};
}

// A scale for x = s q with q in [least, most]; of either sign, since the range reaches one further below. What is asked
// of `stored` is how the scale looks once it is written.
template <class Stored>
float best_scale(std::span<const float> x, int least, int most, Stored&& stored) {
    float extreme = 0;
    for (const float value : x)
        if (std::abs(value) > std::abs(extreme)) extreme = value;
    if (extreme == 0) return 0;
    float best = 0, best_error = INFINITY;
    // The scale that is best for the numbers it gives; nothing where it vanishes in its stored form.
    const auto consider = [&](float scale) -> float {
        scale = stored(scale);
        if (scale == 0) return 0;
        const Trial trial = try_scale(x, scale, least, most);
        if (trial.error < best_error) best = scale, best_error = trial.error;
        return trial.refined;
    };
    for (const int end : {least, most})
        for (int i = -kTries; i <= kTries; ++i)
            consider(consider(extreme / (static_cast<float>(end) + kStep * static_cast<float>(i))));
    return best;
}

// x = scale q - minimum with q in [0, most] and minimum >= 0.
struct Affine {
    float scale = 0, minimum = 0;
};

struct AffineTrial {
    float error;
    Affine refined;  // by least squares for the same numbers
};
AffineTrial try_affine(std::span<const float> x, Affine a, int most) {
    const float inverse = 1.0f / a.scale, high = static_cast<float>(most), n = static_cast<float>(x.size());
    float error = 0, q1 = 0, q2 = 0, x1 = 0, xq = 0;
    for (const float value : x) {
        const float q = rounded((value + a.minimum) * inverse, 0, high), e = value + a.minimum - a.scale * q;
        error += e * e, q1 += q, q2 += q * q, x1 += value, xq += q * value;
    }
    const float determinant = n * q2 - q1 * q1;
    if (!(determinant > 0)) return {error, a};
    const float scale = (n * xq - q1 * x1) / determinant, minimum = (q1 * xq - q2 * x1) / determinant;
    if (!(scale > 0)) return {error, a};
    if (minimum >= 0) return {error, {scale, minimum}};
    return {error, {xq > 0 ? xq / q2 : a.scale, 0}};
}

Affine best_affine(std::span<const float> x, int most) {
    const float low = std::min(0.0f, *std::ranges::min_element(x)), high = *std::ranges::max_element(x);
    if (high <= low) return {0, -low};
    Affine best;
    float best_error = INFINITY;
    for (int i = -kTries; i <= 2 * kTries; i += 2) {
        Affine a{(high - low) / (static_cast<float>(most) + kStep * static_cast<float>(i)), -low};
        for (int round = 0; round < 3; ++round) {
            const AffineTrial trial = try_affine(x, a, most);
            if (trial.error < best_error) best = a, best_error = trial.error;
            a = trial.refined;
        }
    }
    return best;
}

// ---- Blocks ----

using Values = std::span<const float>;

void q8_0(Values x, std::byte* block) {
    const float d = best_scale(x, -127, 127, stored_f16);
    store_f16(block, d);
    for (std::size_t j = 0; j < 32; ++j)
        block[2 + j] = static_cast<std::byte>(static_cast<std::int8_t>(d != 0 ? round_to(x[j] / d, -127, 127) : 0));
}

void q4_0(Values x, std::byte* block) {
    const float d = best_scale(x, -8, 7, stored_f16);
    store_f16(block, d);
    const auto q = [&](std::size_t j) { return static_cast<unsigned>((d != 0 ? round_to(x[j] / d, -8, 7) : 0) + 8); };
    for (std::size_t j = 0; j < 16; ++j) block[2 + j] = static_cast<std::byte>(q(j) | q(j + 16) << 4);
}

void q6_k(Values x, std::byte* block) {
    std::array<float, 16> scales{};
    float largest = 0;
    for (std::size_t g = 0; g < 16; ++g) {
        scales[g] = best_scale(x.subspan(16 * g, 16), -32, 31, [](float s) { return s; });
        largest = std::max(largest, std::abs(scales[g]));
    }
    const float d = stored_f16(largest / 127);
    std::fill_n(block, 210, std::byte{0});
    store_f16(block + 208, d);
    for (std::size_t i = 0; i < 256; ++i) {
        const std::size_t half = i / 128, group = i % 128 / 32, l = i % 32;
        const int stored = d > 0 ? round_to(scales[i / 16] / d, -128, 127) : 0;
        const float scale = d * static_cast<float>(stored);
        const auto q = static_cast<unsigned>((scale != 0 ? round_to(x[i] / scale, -32, 31) : 0) + 32);
        block[192 + i / 16] = static_cast<std::byte>(static_cast<std::int8_t>(stored));
        block[64 * half + 32 * (group % 2) + l] |= static_cast<std::byte>((q & 15u) << (group < 2 ? 0 : 4));
        block[128 + 32 * half + l] |= static_cast<std::byte>((q >> 4) << (2 * group));
    }
}

// Six-bit scales and minima of the eight groups of Q4_K and Q5_K, and what they stand for.
struct GroupScales {
    std::array<Affine, 8> stored{};

    GroupScales(Values x, int most, std::byte* block) {
        std::array<Affine, 8> wanted;
        float scale = 0, minimum = 0;
        for (std::size_t g = 0; g < 8; ++g) {
            wanted[g] = best_affine(x.subspan(32 * g, 32), most);
            scale = std::max(scale, wanted[g].scale);
            minimum = std::max(minimum, wanted[g].minimum);
        }
        const float d = stored_f16(scale / 63), least = stored_f16(minimum / 63);
        store_f16(block, d);
        store_f16(block + 2, least);
        std::array<unsigned, 8> s{}, m{};
        for (std::size_t g = 0; g < 8; ++g) {
            s[g] = d > 0 ? static_cast<unsigned>(round_to(wanted[g].scale / d, 0, 63)) : 0;
            m[g] = least > 0 ? static_cast<unsigned>(round_to(wanted[g].minimum / least, 0, 63)) : 0;
            stored[g] = {d * static_cast<float>(s[g]), least * static_cast<float>(m[g])};
        }
        for (std::size_t g = 0; g < 4; ++g) {
            block[4 + g] = static_cast<std::byte>(s[g] | s[g + 4] >> 4 << 6);
            block[8 + g] = static_cast<std::byte>(m[g] | m[g + 4] >> 4 << 6);
            block[12 + g] = static_cast<std::byte>((s[g + 4] & 15u) | (m[g + 4] & 15u) << 4);
        }
    }

    unsigned number(std::size_t group, float x, int most) const {
        const Affine a = stored[group];
        return a.scale > 0 ? static_cast<unsigned>(round_to((x + a.minimum) / a.scale, 0, most)) : 0u;
    }
};

void q4_k(Values x, std::byte* block) {
    std::fill_n(block, 144, std::byte{0});
    const GroupScales scales(x, 15, block);
    for (std::size_t i = 0; i < 256; ++i)
        block[16 + 32 * (i / 64) + i % 32] |=
            static_cast<std::byte>(scales.number(i / 32, x[i], 15) << (i / 32 % 2 * 4));
}

void q5_k(Values x, std::byte* block) {
    std::fill_n(block, 176, std::byte{0});
    const GroupScales scales(x, 31, block);
    for (std::size_t i = 0; i < 256; ++i) {
        const unsigned q = scales.number(i / 32, x[i], 31);
        block[48 + 32 * (i / 64) + i % 32] |= static_cast<std::byte>((q & 15u) << (i / 32 % 2 * 4));
        block[16 + i % 32] |= static_cast<std::byte>((q >> 4) << (i / 32));
    }
}

using Quantize = void (*)(Values, std::byte*);
Quantize quantizer_of(BlockType type) {
    switch (type) {
        case BlockType::q4_0: return q4_0;
        case BlockType::q8_0: return q8_0;
        case BlockType::q4_k: return q4_k;
        case BlockType::q5_k: return q5_k;
        case BlockType::q6_k: return q6_k;
        default: return nullptr;
    }
}

}  // namespace

bool is_writable(BlockType type) { return quantizer_of(type) != nullptr; }

void quantize(BlockType type, std::span<const float> values, std::span<std::byte> blocks) {
    const BlockLayout& layout = layout_of(type);
    const Quantize one = quantizer_of(type);
    const auto elements = static_cast<std::size_t>(layout.elements), bytes = static_cast<std::size_t>(layout.bytes);
    CRIA_ASSERT(one != nullptr && values.size() % elements == 0 && values.size() / elements * bytes == blocks.size());
    for (std::size_t i = 0; i < values.size() / elements; ++i)
        one(values.subspan(i * elements, elements), blocks.data() + i * bytes);
}

}  // namespace cria
