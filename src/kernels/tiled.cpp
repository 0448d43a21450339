// The order of tiles and of rows beside them: plain code.
#include "kernels/tiled.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"
#include "kernels/kernels.h"

namespace cria {
namespace {

// Columns that stand side by side in a row's place.
std::int64_t columns_together(DType type) { return type == DType::bf16 ? 2 : 1; }

// Place of a number among those of its tile.
std::int64_t place_in_tile(DType type, std::int64_t lanes, std::int64_t row, std::int64_t column) {
    const std::int64_t together = columns_together(type);
    return (column / together * lanes + row) * together + column % together;
}

std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

std::uint16_t bits_at(const std::byte* from, std::int64_t i) {
    std::uint16_t bits;
    std::memcpy(&bits, from + 2 * i, sizeof(bits));
    return bits;
}

}  // namespace

std::int64_t block_steps(std::int64_t steps) {
    constexpr std::int64_t kWhole = 32;
    return parts(parts(steps, parts(steps, kMostBlockSteps)), kWhole) * kWhole;
}

std::int64_t TiledRows::tile_bytes() const { return tiled_bytes(type, lanes, columns, lanes); }

std::int64_t tiled_bytes(DType type, std::int64_t rows, std::int64_t columns, std::int64_t lanes) {
    const std::int64_t together = columns_together(type);
    return parts(rows, lanes) * lanes * parts(columns, together) * together * 2;
}

void write_tile(DType type, DType from, std::span<const std::byte* const> rows, std::int64_t columns,
                std::int64_t lanes, std::byte* to) {
    CRIA_ASSERT(std::ssize(rows) <= lanes && (type == from || (type == DType::bf16 && from == DType::f16)));
    std::memset(to, 0, static_cast<std::size_t>(tiled_bytes(type, lanes, columns, lanes)));
    for (std::int64_t row = 0; row < std::ssize(rows); ++row) {
        const std::byte* numbers = rows[static_cast<std::size_t>(row)];
        for (std::int64_t column = 0; column < columns; ++column) {
            std::uint16_t bits = bits_at(numbers, column);
            if (type != from) bits = to_bf16(to_f32(F16{bits})).bits;
            std::memcpy(to + 2 * place_in_tile(type, lanes, row, column), &bits, sizeof(bits));
        }
    }
}

void untile_row(const TiledRows& tiled, std::int64_t row, float* to) {
    const std::byte* tile = tiled.data + row / tiled.lanes * tiled.tile_bytes();
    const std::int64_t lane = row % tiled.lanes;
    for (std::int64_t column = 0; column < tiled.columns; ++column) {
        const std::uint16_t bits = bits_at(tile, place_in_tile(tiled.type, tiled.lanes, lane, column));
        to[column] = tiled.type == DType::bf16 ? to_f32(BF16{bits}) : to_f32(F16{bits});
    }
}

std::int64_t LaidRows::steps() const { return pairs ? (columns + 1) / 2 : columns; }
std::int64_t LaidRows::blocks() const { return parts(steps(), block_steps(steps())); }
std::int64_t LaidRows::strips() const { return parts(rows, strip); }
std::int64_t LaidRows::first_of(std::int64_t i) const { return i * rows / strips(); }

std::int64_t laid_words(std::int64_t rows, std::int64_t columns, bool pairs) {
    return rows * LaidRows{rows, columns, 1, pairs, nullptr}.blocks() * kLaidStride;
}

float* laid_block(const LaidRows& laid, std::int64_t row, std::int64_t block) {
    const std::int64_t i = ((row + 1) * laid.strips() - 1) / laid.rows, first = laid.first_of(i);
    const std::int64_t height = laid.first_of(i + 1) - first;
    return laid.words + (first * laid.blocks() + block * height + row - first) * kLaidStride;
}

void lay_row(const Kernels& kernels, const float* x, std::int64_t row, const LaidRows& to) {
    const std::int64_t together = to.pairs ? 2 : 1, most = block_steps(to.steps()) * together;
    for (std::int64_t block = 0; block < to.blocks(); ++block) {
        float* words = laid_block(to, row, block);
        const std::int64_t column = block * most, count = std::min(most, to.columns - column);
        words[count / together] = 0.0f;  // beside an odd last column
        if (to.pairs)
            kernels.f32_to_bf16(x + column, count, reinterpret_cast<BF16*>(words));
        else
            std::memcpy(words, x + column, static_cast<std::size_t>(count) * sizeof(float));
    }
}

}  // namespace cria
