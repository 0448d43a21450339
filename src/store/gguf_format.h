// Numbers of the GGUF format that its reader and its writer share.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "store/gguf.h"

namespace cria::gguf_format {

inline constexpr std::string_view kMagic = "GGUF";
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::size_t kAlignment = 32;  // where general.alignment says nothing else
inline constexpr std::string_view kAlignmentKey = "general.alignment";
inline constexpr std::int64_t kMaxAlignment = 1 << 16;
inline constexpr std::uint64_t kMaxKey = 65'535, kMaxName = 64;  // bytes; by the specification
inline constexpr std::uint64_t kMaxText = 16u << 20;             // a chat template has some thousand
inline constexpr std::size_t kMaxElements = std::size_t{1} << 48;

enum class ValueType : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, flag, text, list, u64, i64, f64 };
inline constexpr auto kLastValueType = static_cast<std::uint32_t>(ValueType::f64);

// The numbers that stand for element types; others exist, which no Llama uses.
inline constexpr std::array<std::pair<std::uint32_t, ElementType>, 17> kElementTypes{{{0, DType::f32},
                                                                                      {1, DType::f16},
                                                                                      {30, DType::bf16},
                                                                                      {24, DType::i8},
                                                                                      {26, DType::i32},
                                                                                      {2, BlockType::q4_0},
                                                                                      {3, BlockType::q4_1},
                                                                                      {6, BlockType::q5_0},
                                                                                      {7, BlockType::q5_1},
                                                                                      {8, BlockType::q8_0},
                                                                                      {10, BlockType::q2_k},
                                                                                      {11, BlockType::q3_k},
                                                                                      {12, BlockType::q4_k},
                                                                                      {13, BlockType::q5_k},
                                                                                      {14, BlockType::q6_k},
                                                                                      {20, BlockType::iq4_nl},
                                                                                      {23, BlockType::iq4_xs}}};

inline std::optional<ElementType> element_type(std::uint32_t number) {
    for (const auto& [known, type] : kElementTypes)
        if (known == number) return type;
    return std::nullopt;
}

inline std::uint32_t number_of(ElementType wanted) {
    for (const auto& [number, type] : kElementTypes)
        if (type == wanted) return number;
    return UINT32_MAX;  // not reached: all types are listed
}

}  // namespace cria::gguf_format
