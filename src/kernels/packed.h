// Quantised weights in the order in which the integer kernels read them.
//
// The rows of a weight are taken in tiles of as many rows as a vector has lanes (`lanes`, given by the kernel table);
// a tile is written block after block along its columns. Within a block, what belongs to one column stands side by
// side for all rows of the tile:
//     scale      lanes x f16
//     minimum    lanes x f16, where the type has minima
//     scales     groups x lanes bytes, where groups have scales of their own; signed for Q6_K
//     minima     groups x lanes bytes, where the type has minima
//     numbers    for each 32 columns: their numbers' lower four bits, 4 vectors; then the upper bits
// A vector holds, for each row, the four columns 4 q to 4 q + 3 (a quad), a byte each. Vector v of the lower bits has
// quad v in the lower halves of its bytes and quad v + 4 in the upper ones. Upper bits: Q5_K one vector, whose bit q
// belongs to quad q; Q6_K two, whose bits 2 q and 2 q + 1 belong to quad q (of the first) and q + 4 (of the second).
// Q8_0 has no halves: 8 vectors, a quad each. Rows beyond the last one are zero.
//
// The values are those of the blocks exactly: only their order is another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/blocks.h"

namespace cria {

// Bytes of one block of a tile, by part; see above.
struct PackedBlock {
    std::int64_t columns;                                  // of a block
    std::int64_t minimum, scales, minima, numbers, bytes;  // where each part begins, and the whole
};
PackedBlock packed_block(BlockType type, std::int64_t lanes);
bool can_pack(BlockType type);

// A weight [rows, columns] in that order. The bytes belong to somebody else.
struct PackedRows {
    BlockType type;
    std::int64_t rows;     // outputs
    std::int64_t columns;  // inputs, whole blocks
    std::int64_t lanes;
    const std::byte* data;

    std::int64_t tiles() const { return (rows + lanes - 1) / lanes; }
    std::int64_t tile_bytes() const;
};
std::int64_t packed_bytes(BlockType type, std::int64_t rows, std::int64_t columns, std::int64_t lanes);

// Writes one tile: rows[i] is row i as GGUF stores it; missing ones at the end are zero. `to` has tile_bytes() bytes.
void pack_tile(BlockType type, std::span<const std::byte* const> rows, std::int64_t columns, std::int64_t lanes,
               std::byte* to);
// kIq4Numbers, for the kernels' files, which may use nothing inline.
const std::uint8_t* iq4_numbers();

// A number as it is stored, and what it is multiplied with and less; see BlockNumbers. For the plain twin and the
// tests.
int packed_number(const PackedRows& packed, std::int64_t row, std::int64_t column);
struct PackedScale {
    float scale, minimum;  // of the group, all factors taken together
};
PackedScale packed_scale(const PackedRows& packed, std::int64_t row, std::int64_t column);
// Row `row` in f32.
void unpack_row(const PackedRows& packed, std::int64_t row, float* to);

// 32 columns of a row of x in eight bits: x is about scale * number, -127 to 127. The sums are those of the numbers,
// negated: what a weight's zero is multiplied with.
struct SliceScale {
    float scale;
    float scaled_sum;           // scale * sum of all 32
    std::int32_t sum, sums[2];  // of all 32; of the first and the second 16
};
inline constexpr std::int64_t kSlice = 32;

// Rows of x in that form. Rows are taken in panels of up to `panel` rows; the panel that begins at row r and has p rows
// (panel_rows) begins at numbers + r * columns and scales + r * columns / 32, and holds the p rows' slices side by
// side: for each slice p x 32 numbers, and p scales.
struct QuantizedRows {
    std::int64_t rows, columns, panel;
    std::int8_t* numbers;  // rows x columns
    SliceScale* scales;    // rows x columns / 32
};
// Rows of the panel that begins at row `first` of `rows`: `panel` if there are as many, else 4, 2 or 1.
std::int64_t panel_rows(std::int64_t rows, std::int64_t first, std::int64_t panel);

}  // namespace cria
