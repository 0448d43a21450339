// Weights of 16-bit numbers in the order in which the register tile of a product reads them, and rows of x beside them.
//
// The rows of a weight are taken in tiles of `lanes`, the width of the register tile (given by the kernel table). A
// tile is written along its columns, all its rows side by side:
//     bf16  [columns / 2][lanes][2]  pairs of columns, which are multiplied in one step where the processor can
//     f16   [columns][lanes]
// Rows beyond the last one are zero, and so is the column beside an odd last one.
//
// A product is summed over steps: pairs of columns where x is in bf16, too, else columns. Steps are taken in blocks of
// block_steps(), each summed from zero in order; the blocks are added in order. So a result depends on its row of x and
// of the weight alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "tensor/dtype.h"

namespace cria {

struct Kernels;

// Of so many; a multiple of 32, at most kMostBlockSteps.
std::int64_t block_steps(std::int64_t steps);
inline constexpr std::int64_t kMostBlockSteps = 384;

// A weight [rows, columns] in that order. The bytes belong to somebody else.
struct TiledRows {
    DType type;            // bf16 or f16
    std::int64_t rows;     // outputs
    std::int64_t columns;  // inputs
    std::int64_t lanes;
    const std::byte* data;

    std::int64_t tiles() const { return (rows + lanes - 1) / lanes; }
    std::int64_t tile_bytes() const;
};
std::int64_t tiled_bytes(DType type, std::int64_t rows, std::int64_t columns, std::int64_t lanes);

// Writes one tile of `type`: rows[i] are the numbers of row i, of the same type or of `from`, where f16 numbers are
// bf16 numbers, too. `to` has tile_bytes() bytes.
void write_tile(DType type, DType from, std::span<const std::byte* const> rows, std::int64_t columns,
                std::int64_t lanes, std::byte* to);
// Row `row` in f32.
void untile_row(const TiledRows& tiled, std::int64_t row, float* to);

// Rows of x as the register tile reads them: words of a pair of bf16 numbers, or of one in f32. The rows are dealt out
// in equal heights to strips of at most `strip` (given by the kernel table); a strip holds block after block, of each
// its rows in turn, kLaidStride words apart: not a power of two, so that rows do not share cache sets.
struct LaidRows {
    std::int64_t rows, columns, strip;
    bool pairs;
    float* words;  // laid_words()

    std::int64_t steps() const;
    std::int64_t blocks() const;
    std::int64_t strips() const;
    std::int64_t first_of(std::int64_t i) const;  // row of strip i
};
inline constexpr std::int64_t kLaidStride = kMostBlockSteps + 16;
std::int64_t laid_words(std::int64_t rows, std::int64_t columns, bool pairs);
// Where a row has block `block`.
float* laid_block(const LaidRows& laid, std::int64_t row, std::int64_t block);
// Row `row` of x, rounded to bf16 for pairs.
void lay_row(const Kernels& kernels, const float* x, std::int64_t row, const LaidRows& to);

struct TiledKernels {
    std::int64_t lanes;  // rows of a weight's tile
    std::int64_t strip;  // rows of x
    // y[r, j] = sum over i of x[r, i] W[j, i], or y += it, for all rows of x and the rows j of the tiles
    // [first_tile, last_tile) of w. y is row-major with y_stride. Pairs want a weight in bf16.
    void (*product)(const LaidRows& x, const TiledRows& w, std::int64_t first_tile, std::int64_t last_tile, float* y,
                    std::int64_t y_stride, bool accumulate);
};

}  // namespace cria
