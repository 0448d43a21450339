// Products with weights of 16-bit numbers in tiles (kernels/tiled.h), for any vector vocabulary V. One thread.
//
// The tile is that of Gemm. Up to a few strips of x are limited by reading the weight: they meet it in the order of
// memory, and ask for what comes next. More: some tiles stay in the second-level cache while all strips meet them, as
// they are where pairs are multiplied in one step, else widened beside the stack.
#pragma once

#include "kernels/cpu/convert.h"
#include "kernels/cpu/gemm.h"
#include "kernels/tiled.h"

namespace cria {

template <class V>
struct Tiled {
    using F = typename V::F;
    using H = typename V::H;
    using U = typename V::U;
    using G = Gemm<V>;
    static constexpr int kLanes = V::kLanes;
    static constexpr int kVectors = G::kVectors;
    static constexpr int kColumns = G::kColumns;  // lanes of a tile
    static_assert(G::kMaxDepth == kMostBlockSteps && G::kRowStride == kLaidStride);
    // Up to so many strips meet a weight in the order of memory, and ask for it so far ahead. Where there are but 16
    // registers, widening beside the sums costs more than widened tiles do.
    static constexpr std::int64_t kFewStrips = kVectors * V::kTileRows < 16 ? 2 : 8;
    static constexpr std::int64_t kBytesAhead = 4096;
    // Bytes of tiles that stay in the second-level cache where they are not widened, and blocks of each.
    static constexpr std::int64_t kTileBytes = 384 * 1024;
    static constexpr std::int64_t kMostTogether = 3;
    // A strip's block has about as many cache lines as steps.
    static constexpr std::int64_t kWordsAhead = 16;

    CRIA_INLINE std::int64_t smaller(std::int64_t x, std::int64_t y) { return x < y ? x : y; }

    // ---- What a tile is made of ----
    // A place of a tile holds kSteps steps of each row, in kRowBytes bytes. load<i>(from): step i of a vector of rows.
    // add(sum, row, x): that times a word of x.

    // Pairs of bf16 numbers, multiplied in one step by x in bf16.
    struct Pairs {
        static constexpr int kSteps = 1, kRowBytes = 4;
        static constexpr bool kWidened = false;
        template <int>
        CRIA_INLINE U load(const std::byte* from) {
            return V::template load_as<U>(from);
        }
        CRIA_INLINE F add(F sum, U row, float x) {
            return V::dot2_bf16(sum, row, V::all_bits(__builtin_bit_cast(std::uint32_t, x)));
        }
    };
    // Pairs of bf16 numbers, multiplied one after the other by x in f32.
    struct Halves {
        static constexpr int kSteps = 2, kRowBytes = 4;
        static constexpr bool kWidened = true;
        template <int step>
        CRIA_INLINE F load(const std::byte* from) {
            const U bits = V::template load_as<U>(from);
            return V::template cast<F>(step == 0 ? bits << 16 : bits & 0xffff0000u);
        }
        CRIA_INLINE F add(F sum, F row, float x) { return V::add_product(sum, row, V::all(x)); }
    };
    // Numbers in f16, by x in f32.
    struct Each {
        static constexpr int kSteps = 1, kRowBytes = 2;
        static constexpr bool kWidened = true;
        template <int>
        CRIA_INLINE F load(const std::byte* from) {
            return V::widen_f16(V::template load_as<H>(from));
        }
        CRIA_INLINE F add(F sum, F row, float x) { return V::add_product(sum, row, V::all(x)); }
    };
    template <class Form>
    static constexpr std::int64_t kPlaceBytes = kColumns * Form::kRowBytes;

    struct Job {
        const LaidRows& x;
        const TiledRows& w;
        float* y;
        std::int64_t y_stride;
        bool accumulate;
        std::int64_t steps, depth, blocks, strips, tile_bytes;

        std::int64_t first_of(std::int64_t strip) const { return strip * x.rows / strips; }
        std::int64_t steps_of(std::int64_t block) const { return smaller(depth, steps - block * depth); }
        const std::byte* tile(std::int64_t i) const { return w.data + i * tile_bytes; }
        std::int64_t columns_of(std::int64_t tile) const { return smaller(kColumns, w.rows - tile * kColumns); }
    };

    // ---- A few strips of x ----

    // One place of a tile with kR rows of x, from step `step` of the place on.
    template <class Form, int step, int kR>
    CRIA_INLINE void add_place(const std::byte* w, const float* x, F (&sum)[kR][kVectors]) {
        decltype(Form::template load<step>(w)) row[kVectors];
        for (int v = 0; v < kVectors; ++v) row[v] = Form::template load<step>(w + v * kLanes * Form::kRowBytes);
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r)
#pragma GCC unroll 4
            for (int v = 0; v < kVectors; ++v) sum[r][v] = Form::add(sum[r][v], row[v], x[r * kLaidStride + step]);
        if constexpr (step + 1 < Form::kSteps) add_place<Form, step + 1>(w, x, sum);
    }

    // move(r, v, y, n) for each vector of each row of the results, of which n > 0 lanes are there.
    template <int kR, class Move>
    CRIA_INLINE void move_results(const Job& job, std::int64_t row, std::int64_t tile, Move move) {
        const std::int64_t columns = job.columns_of(tile);
        for (int r = 0; r < kR; ++r)
            for (int v = 0; v < kVectors && v * kLanes < columns; ++v)
                move(r, v, job.y + (row + r) * job.y_stride + tile * kColumns + v * kLanes, columns - v * kLanes);
    }

    // A strip of kR rows, the first of which is `row`, with a tile.
    template <class Form, int kR>
    static void meet(const Job& job, std::int64_t row, std::int64_t tile) {
        const std::byte* w = job.tile(tile);
        const float* x = job.x.words + row * job.blocks * kLaidStride;
        const std::int64_t ahead = row == 0 ? kBytesAhead : 0;
        for (std::int64_t b = 0; b < job.blocks; ++b, x += kR * kLaidStride) {
            F sum[kR][kVectors] = {};
            for (std::int64_t step = 0; step < job.steps_of(b); step += Form::kSteps, w += kPlaceBytes<Form>) {
                for (std::int64_t at = 0; at < kPlaceBytes<Form>; at += 64) __builtin_prefetch(w + ahead + at);
                add_place<Form, 0>(w, x + step, sum);
            }
            const bool accumulate = job.accumulate || b > 0;
            move_results<kR>(job, row, tile, [&](int r, int v, float* y, std::int64_t n) {
                if (n < kLanes)
                    V::store_part(y, accumulate ? V::load_part(y, n) + sum[r][v] : sum[r][v], n);
                else
                    V::store(y, accumulate ? V::load(y) + sum[r][v] : sum[r][v]);
            });
        }
    }

    template <class Form, int kR>
    CRIA_INLINE void meet_strip(const Job& job, std::int64_t row, std::int64_t height, std::int64_t tile) {
        if constexpr (kR > 1) {
            if (height < kR) return meet_strip<Form, kR - 1>(job, row, height, tile);
        }
        meet<Form, kR>(job, row, tile);
    }

    template <class Form>
    static void few_strips(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        for (std::int64_t tile = first_tile; tile < last_tile; ++tile)
            for (std::int64_t strip = 0; strip < job.strips; ++strip) {
                const std::int64_t row = job.first_of(strip);
                meet_strip<Form, V::kTileRows>(job, row, job.first_of(strip + 1) - row, tile);
            }
    }

    // ---- More ----

    // Some tiles, blocks [first_block, last_block) of each: `words` from one tile to the next, kColumns a step.
    struct Group {
        std::int64_t first_tile, last_tile, first_block, last_block;
        const float* data;
        std::int64_t words;
    };

    template <class Form>
    static void widen(const Job& job, const Group& group, float* to) {
        const std::int64_t places = (job.steps_of(group.first_block) + Form::kSteps - 1) / Form::kSteps;
        for (std::int64_t tile = group.first_tile; tile < group.last_tile; ++tile, to += group.words) {
            const std::byte* from = job.tile(tile) + group.first_block * job.depth / Form::kSteps * kPlaceBytes<Form>;
            for (std::int64_t p = 0; p < places; ++p)
                for (int v = 0; v < kVectors; ++v) {
                    const std::byte* row = from + p * kPlaceBytes<Form> + v * kLanes * Form::kRowBytes;
                    float* at = to + p * Form::kSteps * kColumns + v * kLanes;
                    V::store(at, Form::template load<0>(row));
                    if constexpr (Form::kSteps == 2) V::store(at + kColumns, Form::template load<1>(row));
                }
        }
    }

    // A strip of x with a group. With the first tile it asks for its next block, or for what the next strip begins
    // with.
    template <class Form>
    static void multiply(const Job& job, const Group& group, std::int64_t strip) {
        using Product = Gemm<V, !Form::kWidened>;
        const std::int64_t row = job.first_of(strip), height = job.first_of(strip + 1) - row;
        const float* rows = job.x.words + row * job.blocks * kLaidStride;
        const auto run = Product::kTilesByRows.of[height - 1][kVectors - 1];
        for (std::int64_t b = group.first_block; b < group.last_block; ++b) {
            typename Product::TileRow x{rows + b * height * kLaidStride, 0, nullptr, kWordsAhead};
            x.ahead = x.data + height * kLaidStride;
            if (b + 1 == group.last_block) x.ahead += (job.blocks - b + group.first_block - 1) * height * kLaidStride;
            const float* w = group.data + (b - group.first_block) * job.depth * kColumns;
            const bool accumulate = job.accumulate || b > 0;
            for (std::int64_t tile = group.first_tile; tile < group.last_tile;
                 ++tile, w += group.words, x.ahead_stride = 0) {
                float* y = job.y + row * job.y_stride + tile * kColumns;
                const std::int64_t columns = job.columns_of(tile);
                if (columns == kColumns)
                    run(x, w, job.steps_of(b), y, job.y_stride, accumulate);
                else
                    Product::edge_tile(run, x, w, job.steps_of(b), y, job.y_stride, static_cast<int>(height), columns,
                                       accumulate);
            }
        }
    }

    template <class Form>
    static void many_strips(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        const std::int64_t block_words = job.depth * kColumns;
        const std::int64_t blocks = Form::kWidened ? 1 : smaller(job.blocks, kMostTogether);
        const std::int64_t fit = (Form::kWidened ? G::kBlockFloats : kTileBytes / 4) / (blocks * block_words);
        const std::int64_t tiles = fit < 1 ? 1 : fit;
        float* beside = Form::kWidened ? gemm_workspace(tiles * block_words) : nullptr;
        for (std::int64_t tile = first_tile; tile < last_tile; tile += tiles)
            for (std::int64_t block = 0; block < job.blocks; block += blocks) {
                Group group{tile,   smaller(tile + tiles, last_tile),
                            block,  smaller(block + blocks, job.blocks),
                            beside, block_words};
                if constexpr (Form::kWidened) {
                    widen<Form>(job, group, beside);
                } else {
                    group.data = reinterpret_cast<const float*>(job.tile(tile)) + block * block_words;
                    group.words = job.tile_bytes / 4;
                }
                for (std::int64_t strip = 0; strip < job.strips; ++strip) multiply<Form>(job, group, strip);
            }
    }

    template <class Form>
    CRIA_INLINE void all(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        if (job.x.rows == 0) return;
        job.strips <= kFewStrips ? few_strips<Form>(job, first_tile, last_tile)
                                 : many_strips<Form>(job, first_tile, last_tile);
    }

    static void product(const LaidRows& x, const TiledRows& w, std::int64_t first_tile, std::int64_t last_tile,
                        float* y, std::int64_t y_stride, bool accumulate) {
        CRIA_ASSERT(x.columns == w.columns && w.columns > 0 && w.lanes == kColumns && x.strip == V::kTileRows);
        const Job job{
            x, w, y, y_stride, accumulate, x.steps(), block_steps(x.steps()), x.blocks(), x.strips(), w.tile_bytes()};
        if (w.type == DType::f16) {
            CRIA_ASSERT(!x.pairs);
            return all<Each>(job, first_tile, last_tile);
        }
        CRIA_ASSERT(w.type == DType::bf16);
        x.pairs ? all<Pairs>(job, first_tile, last_tile) : all<Halves>(job, first_tile, last_tile);
    }
};

}  // namespace cria
