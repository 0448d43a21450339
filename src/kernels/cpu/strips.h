// How attention's products go over their register tiles, of pairs or of quads: K has a Job and
// tile<rows, vectors, ahead>(job, row, column).
#pragma once

#include <cstdint>

#include "kernels/cpu/vec.h"

namespace cria {

template <class K, class V, int kRows>
struct Strips {
    static constexpr int kVectors = V::kTileVectors;

    template <class Job>
    using Tile = void (*)(const Job&, std::int64_t, std::int64_t);
    template <class Job>
    struct TileTable {
        Tile<Job> of[kRows][kVectors];
    };
    template <class Job, int kR, int kV, bool kAhead>
    static constexpr void fill_tiles(TileTable<Job>& table) {
        table.of[kR - 1][kV - 1] = K::template tile<kR, kV, kAhead>;
        if constexpr (kV > 1) {
            fill_tiles<Job, kR, kV - 1, kAhead>(table);
        } else if constexpr (kR > 1) {
            fill_tiles<Job, kR - 1, kVectors, kAhead>(table);
        }
    }
    template <class Job, bool kAhead>
    static constexpr TileTable<Job> tiles() {
        TileTable<Job> table{};
        fill_tiles<Job, kRows, kVectors, kAhead>(table);
        return table;
    }

    // Columns outside: a strip of b stays in the first-level cache while all rows meet it, and the first rows ask for
    // comes next.
    template <class Job>
    CRIA_INLINE void run(const Job& job, std::int64_t rows, std::int64_t columns) {
        static constexpr TileTable<Job> kTiles = tiles<Job, false>(), kTilesAhead = tiles<Job, true>();
        const std::int64_t tile_rows = (rows + kRows - 1) / kRows;
        for (std::int64_t column = 0; column < columns; column += kVectors * V::kLanes) {
            const std::int64_t left = (columns - column) / V::kLanes, vectors = left < kVectors ? left : kVectors;
            for (std::int64_t i = 0; i < tile_rows; ++i) {
                const std::int64_t row = i * rows / tile_rows, end = (i + 1) * rows / tile_rows;
                const auto& table = i == 0 && job.ahead != nullptr ? kTilesAhead : kTiles;
                table.of[end - row - 1][vectors - 1](job, row, column);
            }
        }
    }
};

}  // namespace cria
