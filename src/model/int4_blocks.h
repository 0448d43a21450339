// Whole numbers that share a scale in groups along each row, as blocks: what Meta's quantised releases are made of, in
// their checkpoints (model/meta_int4.h) and in programs of ExecuTorch (model/executorch_weights.h).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "tensor/blocks.h"
#include "tensor/tensor.h"

namespace cria {

inline constexpr std::int64_t kBlockNumbers = 32;  // of a block of Q4_0 or Q8_0

struct GroupedNumbers {
    Shape shape;                                                 // of the matrix, [rows, columns]
    std::vector<float> scales;                                   // [rows, columns / group]
    FunctionRef<void(std::int64_t, std::int8_t*)> next_numbers;  // writes the 32 numbers from the first on
};

struct BlockTensor {
    BlockType type;
    Shape shape;     // of the matrix
    Tensor storage;  // the blocks, row after row
    // The scales as they came, [rows, columns / group], where 16 bits do not hold them exactly; else empty.
    std::vector<float> scales{};
};

// The same numbers as blocks of 32, Q4_0 (numbers of -8 to 7) or Q8_0. A group is a whole number of blocks, and its
// scale is rounded to f16. Errors, which name the tensor: corrupt (no matrix, scales that do not fit it or are no
// numbers of 16 bits), unsupported (groups that are no multiple of 32).
Result<BlockTensor> blocks_of_groups(const GroupedNumbers& numbers, BlockType type, std::string_view name);

// The values of one block, with `scale` in place of its own.
void rescale_block(const std::byte* block, float scale, std::span<float> values);

}  // namespace cria
