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

// The values of whole blocks, in f32: plainly, one block after the other. `values` has as many elements as `blocks` has
// (blocks.size() / bytes * elements). The kernels' quick forms are held against this.
void dequantize(BlockType type, std::span<const std::byte> blocks, std::span<float> values);

}  // namespace cria
