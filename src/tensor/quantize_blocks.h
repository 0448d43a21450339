// From numbers to the blocks of GGUF files (tensor/blocks.h): the inverse of dequantize(), as near as the type allows.
//
// Every type is rounded to the nearest after a search: for each group that shares a scale (and a minimum), several
// grids are tried, the best scale (and minimum) for the numbers so found is computed by least squares, and what leaves
// the smallest sum of squared errors is kept. What a scale loses when it is stored in few bits is made up for by
// rounding the numbers again with the scale as stored.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "tensor/blocks.h"

namespace cria {

// The types that can be written; the others are only read.
inline constexpr std::array kWritableBlockTypes{BlockType::q4_0, BlockType::q8_0, BlockType::q4_k, BlockType::q5_k,
                                                BlockType::q6_k};
bool is_writable(BlockType type);

// `values` are whole blocks of finite numbers below the range of f16, `blocks` as many bytes as they need. Asserts that
// the type is writable. May be called from many threads.
void quantize(BlockType type, std::span<const float> values, std::span<std::byte> blocks);

}  // namespace cria
