// The f32 matrix product, C = op(A) op(B) or C += op(A) op(B), for any vector vocabulary V.
//
// B is cut into blocks of depth x width that stay in a core's second-level cache, repacked into panels one
// register tile wide. Each block is used by every tile row of A: a tile row (V::kTileRows rows, `depth`
// columns) is copied beside the stack, where it stays in the first-level cache while it meets all panels.
// The register tile adds up V::kTileRows x V::kTileVectors vectors; per step it loads one row of the panel and
// broadcasts one column of the tile row. (The loops follow Goto & van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication", 2008, with the roles of A and B exchanged.)
//
// Element (i, j) is summed over p = 0, 1, ... within a block of depth, and the blocks in order; how k is cut
// depends on k alone. So the result does not depend on m, n, the threads, or the place in the matrix.
//
// With kPairs a "float" of A and B is a word of two bf16 numbers, and a step of the tile adds both products; Dense
// packs such words and calls multiply().
#pragma once

#include "base/assert.h"
#include "kernels/cpu/workspace.h"
#include "kernels/kernels.h"

namespace cria {

template <class V, bool kPairs = false>
struct Gemm {
    using F = typename V::F;
    using U = typename V::U;
    static constexpr int kRows = V::kTileRows;
    static constexpr int kVectors = V::kTileVectors;
    static constexpr int kLanes = V::kLanes;
    static constexpr int kColumns = kVectors * kLanes;  // of the register tile and of a panel
    static constexpr std::int64_t kMaxDepth = 384;
    static constexpr std::int64_t kTasksOfThread = 8;         // of a block's product, at least
    static constexpr std::int64_t kBlockFloats = 144 * 1024;  // of a block of B: about half of the L2 cache
    // Row stride of a copied tile row: not a power of two, so that rows do not share cache sets.
    static constexpr std::int64_t kRowStride = kMaxDepth + 16;
    // And of a tile row copied by steps: whole vectors, which do not cross cache lines.
    static constexpr std::int64_t kStepStride = (kRows + kLanes - 1) / kLanes * kLanes;
    static constexpr std::int64_t kTileRowFloats =
        kRows * kRowStride > kStepStride* kMaxDepth ? kRows* kRowStride : kStepStride* kMaxDepth;

    struct Problem {
        Transpose transpose_a, transpose_b;
        Matrix<const float> a, b;
        Matrix<float> c;
        std::int64_t m, n, k;
        bool accumulate;
    };
    // One block of B and what it contributes to: columns [column, column + columns), steps [step, step + depth).
    struct Block {
        std::int64_t column, columns, step, depth;
        float* packed;
        bool accumulate;
    };

    CRIA_INLINE std::int64_t smaller(std::int64_t x, std::int64_t y) { return x < y ? x : y; }
    CRIA_INLINE std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

    // Rows of A as a tile reads them. At each step it asks for one cache line of the next tile row: all at once they
    // would have to wait for one another.
    struct TileRow {
        const float* data;
        std::int64_t step_stride;
        const float* ahead;
        std::int64_t ahead_stride;
    };

    // ---- The register tile ----

    // How a tile row lies: by rows (A as it is), kRowStride from one to the next, or by steps (A transposed).
    template <bool kBySteps>
    CRIA_INLINE std::int64_t a_index(int row, std::int64_t step, std::int64_t step_stride) {
        return kBySteps ? step * step_stride + row : row * kRowStride + step;
    }

    CRIA_INLINE auto broadcast(float word) {
        if constexpr (kPairs)
            return V::all_bits(__builtin_bit_cast(std::uint32_t, word));
        else
            return V::all(word);
    }
    template <class X>
    CRIA_INLINE void add_product(F& sum, X x, F row) {
        if constexpr (kPairs)
            sum = V::dot2_bf16(sum, V::template cast<U>(row), x);
        else
            sum = V::add_product(sum, x, row);
    }

    // c[r][v] (+)= sum over steps of a[r, step] * b[step, v].
    template <int kR, int kV, bool kBySteps>
    static void tile(TileRow a, const float* b, std::int64_t depth, float* c, std::int64_t stride, bool accumulate) {
        F sum[kR][kV] = {};
        for (int r = 0; r < kR; ++r)
            for (int v = 0; v < kV; ++v) __builtin_prefetch(c + r * stride + v * kLanes, 1);
        for (std::int64_t p = 0; p < depth; ++p) {
            F row[kV];
            __builtin_prefetch(a.ahead + p * a.ahead_stride, 0, 2);
            for (int v = 0; v < kV; ++v) row[v] = V::load(b + p * kColumns + v * kLanes);
#pragma GCC unroll 16
            for (int r = 0; r < kR; ++r) {
                const auto x = broadcast(a.data[a_index<kBySteps>(r, p, a.step_stride)]);
#pragma GCC unroll 4
                for (int v = 0; v < kV; ++v) add_product(sum[r][v], x, row[v]);
            }
        }
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < kV; ++v) {
                float* to = c + r * stride + v * kLanes;
                V::store(to, accumulate ? V::load(to) + sum[r][v] : sum[r][v]);
            }
        }
    }

    using Tile = void (*)(TileRow, const float*, std::int64_t, float*, std::int64_t, bool);
    struct TileTable {
        Tile of[kRows][kVectors];
    };
    template <bool kBySteps>
    static constexpr TileTable tiles() {
        TileTable table{};
        fill_tiles<kBySteps, kRows, kVectors>(table);
        return table;
    }
    template <bool kBySteps, int kR, int kV>
    static constexpr void fill_tiles(TileTable& table) {
        table.of[kR - 1][kV - 1] = tile<kR, kV, kBySteps>;
        if constexpr (kV > 1) {
            fill_tiles<kBySteps, kR, kV - 1>(table);
        } else if constexpr (kR > 1) {
            fill_tiles<kBySteps, kR - 1, kVectors>(table);
        }
    }
    static constexpr TileTable kTilesByRows = tiles<false>();
    static constexpr TileTable kTilesBySteps = tiles<!kPairs>();  // pairs lie by rows

    // A tile at the right edge: computed beside the matrix, then the columns that exist are copied.
    static void edge_tile(Tile run, const TileRow& a, const float* b, std::int64_t depth, float* c, std::int64_t stride,
                          int rows, std::int64_t columns, bool accumulate) {
        alignas(64) float beside[kRows * kColumns];
        if (accumulate) {
            for (int r = 0; r < rows; ++r)
                for (std::int64_t j = 0; j < columns; ++j) beside[r * kColumns + j] = c[r * stride + j];
            for (int r = 0; r < rows; ++r)
                for (std::int64_t j = columns; j < kColumns; ++j) beside[r * kColumns + j] = 0.0f;
        }
        run(a, b, depth, beside, kColumns, accumulate);
        for (int r = 0; r < rows; ++r)
            for (std::int64_t j = 0; j < columns; ++j) c[r * stride + j] = beside[r * kColumns + j];
    }

    // ---- Packing ----

    CRIA_INLINE void copy(const float* from, std::int64_t n, float* to) {
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) V::store(to + i, V::load(from + i));
        if (i < n) V::store_part(to + i, V::load_part(from + i, n - i), n - i);
    }

    // Rows [row, row + rows) of op(A), the steps of the block.
    static void copy_tile_row(const Problem& g, const Block& block, std::int64_t row, int rows, float* to) {
        const std::int64_t stride = g.a.stride;
        if (g.transpose_a == Transpose::no) {
            const float* from = g.a.data + row * stride + block.step;
            for (int r = 0; r < rows; ++r) copy(from + r * stride, block.depth, to + r * kRowStride);
            return;
        }
        const float* from = g.a.data + block.step * stride + row;
        for (std::int64_t p = 0; p < block.depth; ++p) copy(from + p * stride, rows, to + p * kStepStride);
    }

    // A transposed lies as the tiles want it: copying pays from the second panel on.
    CRIA_INLINE TileRow tile_row(const Problem& g, const Block& block, std::int64_t row, int rows, std::int64_t panels,
                                 float* copied) {
        if (g.transpose_a == Transpose::yes && panels == 1)
            return {g.a.data + block.step * g.a.stride + row, g.a.stride, nullptr, 0};
        copy_tile_row(g, block, row, rows, copied);
        return {copied, kStepStride, copied, 0};
    }

    // What the next tile row (`next`) will copy comes into the second-level cache while the panels meet this one; the
    // first has no room for it. A as it is: part i of n at panel i of n.
    CRIA_INLINE void prefetch_rows(const Problem& g, const Block& block, std::int64_t next, std::int64_t i,
                                   std::int64_t n) {
        constexpr std::int64_t kLine = 16;  // floats in a cache line
        const std::int64_t rows = smaller(kRows, g.m - next);
        for (std::int64_t r = next + i * rows / n; r < next + (i + 1) * rows / n; ++r)
            for (std::int64_t p = 0; p < block.depth; p += kLine)
                __builtin_prefetch(g.a.data + r * g.a.stride + block.step + p, 0, 2);
    }

    // A transposed: the tile asks at each step, for the line of its first number at panel 0, of its last at panel 1.
    CRIA_INLINE void prefetch_steps(const Problem& g, const Block& block, std::int64_t next, std::int64_t i,
                                    TileRow& a) {
        const std::int64_t rows = smaller(kRows, g.m - next);
        const bool asking = i < 2 && rows > 0;
        a.ahead = asking ? g.a.data + block.step * g.a.stride + next + (i == 0 ? 0 : rows - 1) : a.data;
        a.ahead_stride = asking ? g.a.stride : 0;
    }

    // to[j][i] = from[i][j] of a square of kLanes.
    CRIA_INLINE void transpose_square(const float* from, std::int64_t from_stride, float* to, std::int64_t to_stride) {
        F rows[kLanes];
        for (int i = 0; i < kLanes; ++i) rows[i] = V::load(from + i * from_stride);
        V::transpose(rows);
        for (int i = 0; i < kLanes; ++i) V::store(to + i * to_stride, rows[i]);
    }

    // Panel `panel` of the block: its steps, kColumns floats each, zeros beyond the matrix.
    static void pack_panel(const Problem& g, const Block& block, std::int64_t panel) {
        const std::int64_t first = block.column + panel * kColumns;
        const std::int64_t columns = smaller(kColumns, block.column + block.columns - first);
        float* to = block.packed + panel * kColumns * block.depth;
        const std::int64_t stride = g.b.stride;
        if (columns < kColumns)
            __builtin_memset(to, 0, static_cast<std::size_t>(kColumns * block.depth) * sizeof(float));
        if (g.transpose_b == Transpose::no) {
            const float* from = g.b.data + block.step * stride + first;
            for (std::int64_t p = 0; p < block.depth; ++p) copy(from + p * stride, columns, to + p * kColumns);
            return;
        }
        const float* from = g.b.data + first * stride + block.step;
        const std::int64_t whole_columns = columns / kLanes * kLanes;
        const std::int64_t whole_depth = block.depth / kLanes * kLanes;
        for (std::int64_t j = 0; j < whole_columns; j += kLanes)
            for (std::int64_t p = 0; p < whole_depth; p += kLanes)
                transpose_square(from + j * stride + p, stride, to + p * kColumns + j, kColumns);
        for (std::int64_t j = 0; j < columns; ++j)
            for (std::int64_t p = j < whole_columns ? whole_depth : 0; p < block.depth; ++p)
                to[p * kColumns + j] = from[j * stride + p];
    }

    // ---- The loops ----

    // Rows [row, row + rows) of C, panels [first, last) of the block.
    static void multiply(const Problem& g, const Block& block, std::int64_t row, int rows, std::int64_t first,
                         std::int64_t last) {
        alignas(64) float copied[kTileRowFloats];
        TileRow a = tile_row(g, block, row, rows, last - first, copied);
        const auto& tiles = (g.transpose_a == Transpose::yes ? kTilesBySteps : kTilesByRows).of[rows - 1];
        for (std::int64_t panel = first; panel < last; ++panel) {
            if (g.transpose_a == Transpose::yes) {
                prefetch_steps(g, block, row + rows, panel - first, a);
            } else {
                prefetch_rows(g, block, row + rows, panel - first, last - first);
            }
            const std::int64_t column = panel * kColumns;
            const std::int64_t columns = smaller(kColumns, block.columns - column);
            const Tile run = tiles[parts(columns, kLanes) - 1];
            const float* b = block.packed + column * block.depth;
            float* c = g.c.data + row * g.c.stride + block.column + column;
            if (columns % kLanes == 0) {
                run(a, b, block.depth, c, g.c.stride, block.accumulate);
            } else {
                edge_tile(run, a, b, block.depth, c, g.c.stride, rows, columns, block.accumulate);
            }
        }
    }

    // Of fewer tile rows, tasks are groups of panels too, and smaller; of twice as many, one more or less for a thread
    // counts little. Between, each thread has as many as the others.
    CRIA_INLINE std::int64_t tile_rows_of(std::int64_t m, std::int64_t threads) {
        const std::int64_t least = parts(m, kRows);
        const bool few = least >= kTasksOfThread * threads && least < 2 * kTasksOfThread * threads;
        return few ? parts(least, threads) * threads : least;
    }

    // Cuts the block's part of C into tasks of whole tile rows of nearly equal height, and, where there are few of
    // those, into groups of panels too.
    static void multiply_block(ThreadPool& pool, const Problem& g, const Block& block) {
        const std::int64_t tile_rows = tile_rows_of(g.m, pool.threads());
        const std::int64_t panels = parts(block.columns, kColumns);
        const std::int64_t wanted = pool.threads() == 1 ? 1 : kTasksOfThread * pool.threads();
        const std::int64_t groups = smaller(panels, parts(wanted, tile_rows));
        pool.parallel(static_cast<int>(tile_rows * groups), [&](int task) {
            const std::int64_t i = task / groups;
            const std::int64_t group = task % groups;
            const std::int64_t row = i * g.m / tile_rows;
            multiply(g, block, row, static_cast<int>((i + 1) * g.m / tile_rows - row), group * panels / groups,
                     (group + 1) * panels / groups);
        });
    }

    static void run(ThreadPool& pool, Transpose transpose_a, Matrix<const float> a, Transpose transpose_b,
                    Matrix<const float> b, Matrix<float> c, bool accumulate) {
        const bool swap_a = transpose_a == Transpose::yes;
        const bool swap_b = transpose_b == Transpose::yes;
        const std::int64_t k = swap_a ? a.rows : a.columns;
        CRIA_ASSERT((swap_a ? a.columns : a.rows) == c.rows && (swap_b ? b.rows : b.columns) == c.columns);
        CRIA_ASSERT((swap_b ? b.columns : b.rows) == k);
        if (c.rows == 0 || c.columns == 0) return;
        const Problem g{transpose_a, transpose_b, a, b, c, c.rows, c.columns, k, accumulate};
        float* packed = gemm_workspace(kBlockFloats + kColumns * kMaxDepth);
        const std::int64_t depths = k == 0 ? 1 : parts(k, kMaxDepth);  // k = 0 still writes C
        const std::int64_t width = kBlockFloats / parts(k == 0 ? 1 : k, depths) / kColumns * kColumns;
        const std::int64_t widths = parts(g.n, width);
        const std::int64_t panels = parts(g.n, kColumns);
        for (std::int64_t w = 0; w < widths; ++w) {
            const std::int64_t column = w * panels / widths * kColumns;
            const std::int64_t end = smaller((w + 1) * panels / widths * kColumns, g.n);
            for (std::int64_t d = 0; d < depths; ++d) {
                const std::int64_t step = d * k / depths;
                const Block block{column, end - column, step, (d + 1) * k / depths - step, packed, accumulate || d > 0};
                pool.parallel(static_cast<int>(parts(block.columns, kColumns)),
                              [&](int panel) { pack_panel(g, block, panel); });
                multiply_block(pool, g, block);
            }
        }
    }
};

}  // namespace cria
