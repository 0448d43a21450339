#include "tensor/dtype.h"

#include <cmath>

namespace cria {

std::string_view name_of(DType type) {
    switch (type) {
        case DType::f32: return "f32";
        case DType::bf16: return "bf16";
        case DType::f16: return "f16";
        case DType::i8: return "i8";
        case DType::i32: return "i32";
    }
    return "?";
}

std::optional<DType> dtype_named(std::string_view name) {
    if (name == "f32" || name == "float32") return DType::f32;
    if (name == "bf16" || name == "bfloat16") return DType::bf16;
    if (name == "f16" || name == "float16") return DType::f16;
    if (name == "i8" || name == "int8") return DType::i8;
    if (name == "i32" || name == "int32") return DType::i32;
    return std::nullopt;
}

float to_f32(F16 value) {
    const std::uint32_t sign = std::uint32_t{value.bits & 0x8000u} << 16;
    const std::uint32_t exponent = (value.bits >> 10) & 0x1fu;
    const std::uint32_t fraction = value.bits & 0x3ffu;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (fraction << 13));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;  // zero or subnormal
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
}

F16 to_f16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const auto sign = static_cast<std::uint16_t>((bits >> 16) & 0x8000u);
    const float magnitude = std::bit_cast<float>(bits & 0x7fffffffu);
    if (std::isnan(magnitude)) return {static_cast<std::uint16_t>(sign | 0x7e00u)};
    if (magnitude >= 65520.0f) return {static_cast<std::uint16_t>(sign | 0x7c00u)};
    if (magnitude < 0x1p-14f) {  // subnormal: the addition rounds at the right place
        const float shifted = magnitude + 0x1p-1f;
        return {static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3f000000u))};
    }
    const auto wide = std::bit_cast<std::uint32_t>(magnitude);
    const std::uint32_t rounded = wide + 0xfffu + ((wide >> 13) & 1u);
    return {static_cast<std::uint16_t>(sign | ((rounded - (112u << 23)) >> 13))};
}

}  // namespace cria
