// Quantised blocks: the element types of GGUF files in which a few numbers share a scale. A row of a matrix is a whole
// number of blocks, one after the other.
//
// The layouts are those of ggml (model-file format of llama.cpp); in all of them 16-bit scales are IEEE binary16, and
// all integers are little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "tensor/dtype.h"

namespace cria {

enum class BlockType : std::uint8_t { q4_0, q4_1, q5_0, q5_1, q8_0, q2_k, q3_k, q4_k, q5_k, q6_k, iq4_nl, iq4_xs };

inline constexpr std::array kBlockTypes{BlockType::q4_0, BlockType::q4_1, BlockType::q5_0,   BlockType::q5_1,
                                        BlockType::q8_0, BlockType::q2_k, BlockType::q3_k,   BlockType::q4_k,
                                        BlockType::q5_k, BlockType::q6_k, BlockType::iq4_nl, BlockType::iq4_xs};

struct BlockLayout {
    std::string_view name;  // "q4_k"
    std::int64_t elements;  // of one block
    std::int64_t bytes;
};
const BlockLayout& layout_of(BlockType type);
std::optional<BlockType> block_type_named(std::string_view name);

// What a matrix is made of.
using ElementType = std::variant<DType, BlockType>;
std::string_view name_of(ElementType type);
// Bytes of a row of `columns` elements, which must be whole blocks.
std::int64_t row_bytes(ElementType type, std::int64_t columns);

// The values of whole blocks, in f32: plainly, one block after the other. `values` has as many elements as `blocks` has
// (blocks.size() / bytes * elements). The kernels' quick forms are held against this.
void dequantize(BlockType type, std::span<const std::byte> blocks, std::span<float> values);

// What the sixteen numbers of IQ4 blocks stand for, plus 128.
inline constexpr std::array<std::uint8_t, 16> kIq4Numbers{1,   24,  45,  63,  79,  93,  106, 118,
                                                          129, 141, 153, 166, 181, 197, 217, 241};
// What a block says before it becomes floats: value i is
//     scale * scales[i / group] * (numbers[i] - zero) - minimum * minima[i / group]
// with numbers of 0 to 255; for IQ4_NL kIq4Numbers[numbers[i]] takes the place of numbers[i]. Types without scales of
// groups have ones there; types without minima have minimum 0.
struct BlockNumbers {
    F16 scale, minimum;
    std::array<std::int16_t, 16> scales;
    std::array<std::uint8_t, 16> minima;
    std::array<std::uint8_t, 256> numbers;
};
// The same for all blocks of a type.
struct NumberRange {
    int bits;   // of a number as it is stored
    int group;  // values that share a scale
    int zero;
};
// Nothing for a type that is only ever read through dequantize().
std::optional<NumberRange> number_range(BlockType type);
// `block` holds the bytes of one block of a type that has a number_range.
void read_numbers(BlockType type, const std::byte* block, BlockNumbers& out);

}  // namespace cria
