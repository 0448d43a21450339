// Element types, and the 16-bit floats as types of our own (bit patterns; arithmetic happens in f32).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cria {

enum class DType : std::uint8_t { f32, bf16, f16, i8, i32 };

constexpr std::size_t bytes_of(DType type) {
    switch (type) {
        case DType::f32:
        case DType::i32: return 4;
        case DType::bf16:
        case DType::f16: return 2;
        case DType::i8: return 1;
    }
    return 0;
}

std::string_view name_of(DType type);                          // "f32", "bf16", ...
std::optional<DType> dtype_named(std::string_view name);       // the inverse; also "float32", "bfloat16", "float16"

// bfloat16: the upper half of an f32.
struct BF16 {
    std::uint16_t bits;
};
inline float to_f32(BF16 value) { return std::bit_cast<float>(std::uint32_t{value.bits} << 16); }
// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
inline BF16 to_bf16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>((bits >> 16) | 0x40u)};
    return {static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

// IEEE 754 binary16.
struct F16 {
    std::uint16_t bits;
};
float to_f32(F16 value);
F16 to_f16(float value);  // nearest, ties to even; overflow gives infinity

}  // namespace cria
