// Products with packed weights (kernels/packed.h) in whole numbers, for any vector vocabulary V.
//
// Tiles of the weight are multiplied with a panel of rows at once: four columns of each are unpacked and meet every row
// of the panel before the next four do, so that only the sums stay in registers. The products of a group are summed in
// 32-bit integers, exactly; groups are added in f32, one after the other in the order of the columns. So a result
// depends on its row of x and of the weight alone, never on what else is computed beside it.
#pragma once

#include "kernels/cpu/convert.h"
#include "kernels/kernels.h"
#include "kernels/packed.h"

namespace cria {

// What the kernel has to know of a type when it is compiled.
struct PackedFormat {
    int bits, group, zero_shift;  // zero is 1 << zero_shift, or none (-1)
    int slices;                   // of 32 columns in a block
    bool group_scales, minima, codebook;
};

template <class V>
struct Packed {
    using F = typename V::F;
    using I = typename V::I;
    using U = typename V::U;
    using H = typename V::H;
    static constexpr int kLanes = V::kLanes;
    static constexpr std::int64_t kVector = 4 * kLanes;  // bytes
    // Bytes of tiles that stay in the second-level cache while all panels meet them.
    static constexpr std::int64_t kTileBytes = 192 * 1024;
    // The first panel that meets a tile reads it from memory, and asks for it so far ahead.
    static constexpr std::int64_t kBytesAhead = 4096;

    struct Job {
        const QuantizedRows& x;
        const PackedRows& w;
        float* y;
        std::int64_t y_stride;
        bool accumulate;
        PackedBlock block;
        const std::uint8_t* codebook;
    };

    // Bytes as they are stored, in the 32-bit lanes that hold the rows.
    CRIA_INLINE U load(const std::byte* from) { return V::template load_as<U>(from); }
    CRIA_INLINE U every_byte(std::uint32_t byte) { return V::all_bits(byte * 0x01010101u); }

    template <int by>
    CRIA_INLINE U move_up(U bits) {
        if constexpr (by < 0)
            return bits >> -by;
        else
            return bits << by;
    }

    // Numbers of all eight bits, with 128 for zero, may be taken as signed bytes; then there is no zero to correct for.
    template <PackedFormat f>
    static constexpr bool kWide = f.bits == 8 || f.codebook;
    template <PackedFormat f>
    static constexpr bool kSigned = V::kSignedBytes && kWide<f>;
    template <PackedFormat f>
    static constexpr std::int64_t kSliceBytes = (f.bits == 8 ? 8 : f.bits) * kVector;

    // Quad q of the numbers of a slice.
    template <PackedFormat f, int q>
    CRIA_INLINE U quad(const std::byte* from, const std::uint8_t* codebook) {
        U numbers;
        if constexpr (f.bits == 8) {
            numbers = load(from + q * kVector);
        } else {
            const U both = V::in_register(load(from + q % 4 * kVector));
            numbers = (q < 4 ? both : both >> 4) & every_byte(15);
        }
        if constexpr (f.bits == 5) {
            const U upper = load(from + 4 * kVector);
            numbers |= move_up<4 - q>(upper) & every_byte(16);
        }
        if constexpr (f.bits == 6) {
            const U upper = load(from + (4 + q / 4) * kVector);
            numbers |= move_up<4 - q % 4 * 2>(upper) & every_byte(48);
        }
        if constexpr (f.codebook) numbers = V::look_up(codebook, numbers);
        if constexpr (kSigned<f>) numbers ^= every_byte(128);
        return numbers;
    }
    // The order in which quads are met: two that share a vector follow each other, where they share a scale.
    template <PackedFormat f>
    static constexpr int quad_at(int i) {
        return f.group == 32 && f.bits < 8 ? i / 2 + i % 2 * 4 : i;
    }

    CRIA_INLINE U four_of(const std::int8_t* x, int quad) {
        std::uint32_t four;
        __builtin_memcpy(&four, x + 4 * quad, 4);
        return V::all_bits(four);
    }

    // A sum that the compiler leaves where it is: it would add in another order, and run out of registers.
    CRIA_INLINE I kept(I sum) { return V::template cast<I>(V::in_register(V::template cast<U>(sum))); }

    template <PackedFormat f>
    CRIA_INLINE I dot(I sum, U quad, U x) {
        if constexpr (kSigned<f>)
            return kept(V::dot4_signed(sum, quad, x));
        else if constexpr (kWide<f>)
            return V::dot4(sum, quad, x);
        else
            return V::dot4_small(sum, quad, x);
    }

    // A slice of kT tiles, the numbers of each from `w` on, and of kR rows of a panel.
    template <int kR, int kT>
    struct Square {
        const std::byte* w[kT];
        const std::int8_t* x;
        const SliceScale* xs;
        const std::uint8_t* codebook;
    };

    template <PackedFormat f>
    CRIA_INLINE I start_of(std::int32_t negative_sum) {
        if constexpr (f.zero_shift < 0 || kSigned<f>) return I{};
        const U sums = V::in_register(V::all_bits(static_cast<std::uint32_t>(negative_sum)));
        return V::template cast<I>(sums << f.zero_shift);
    }

    // Where the sum of row r over the group with quads [first, ...) begins.
    template <PackedFormat f, int first, int kR, int kT>
    CRIA_INLINE I start_of_row(const Square<kR, kT>& square, int r) {
        return start_of<f>(f.group == kSlice ? square.xs[r].sum : square.xs[r].sums[first / 4]);
    }

    // The sums over a group, which has quads [first, last).
    template <PackedFormat f, int first, int last, int kR, int kT>
    CRIA_INLINE void products(const Square<kR, kT>& square, I (&dots)[kT][kR]) {
        if constexpr (V::kSumsIn16Bits && !kWide<f>) return products_in_16_bits<f, first, first, last>(square, dots);
        for (int r = 0; r < kR; ++r) {
            const I start = start_of_row<f, first>(square, r);
            for (int t = 0; t < kT; ++t) dots[t][r] = start;
        }
        add_products<f, first, last>(square, dots);
    }

    template <PackedFormat f, int i, int kR, int kT>
    CRIA_INLINE void load_quads(const Square<kR, kT>& square, U (&quads)[kT]) {
        for (int t = 0; t < kT; ++t) quads[t] = quad<f, quad_at<f>(i)>(square.w[t], square.codebook);
    }

    // Adds the products of quads [first, last) with 4 numbers of x each. A quad of every tile meets all rows before the
    // next one does, so that only the sums stay in registers.
    template <PackedFormat f, int first, int last, int kR, int kT>
    CRIA_INLINE void add_products(const Square<kR, kT>& square, I (&dots)[kT][kR]) {
        U quads[kT];
        load_quads<f, first>(square, quads);
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r) {
            const U x = four_of(square.x + r * kSlice, quad_at<f>(first));
            for (int t = 0; t < kT; ++t) dots[t][r] = dot<f>(dots[t][r], quads[t], x);
        }
        if constexpr (first + 1 < last) add_products<f, first + 1, last>(square, dots);
    }

    // The same of quads [begin, last) of the group, with sums of as many pairs as surely fit 16 bits.
    template <PackedFormat f, int first, int begin, int last, int kR, int kT>
    CRIA_INLINE void products_in_16_bits(const Square<kR, kT>& square, I (&dots)[kT][kR]) {
        constexpr int kFit = 32767 / (2 * 127 * ((1 << f.bits) - 1)), end = begin + kFit < last ? begin + kFit : last;
        U sums[kT][kR];
        add_pairs<f, begin, end, true>(square, sums);
        for (int r = 0; r < kR; ++r) {
            const I start = begin == first ? start_of_row<f, first>(square, r) : I{};
            for (int t = 0; t < kT; ++t)
                dots[t][r] = kept(V::widen_pairs(begin == first ? start : dots[t][r], sums[t][r]));
        }
        if constexpr (end < last) products_in_16_bits<f, first, end, last>(square, dots);
    }

    template <PackedFormat f, int first, int last, bool kBegin, int kR, int kT>
    CRIA_INLINE void add_pairs(const Square<kR, kT>& square, U (&sums)[kT][kR]) {
        U quads[kT];
        load_quads<f, first>(square, quads);
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r) {
            const U x = four_of(square.x + r * kSlice, quad_at<f>(first));
            for (int t = 0; t < kT; ++t) {
                const U pairs = V::pairs(quads[t], x);
                sums[t][r] = V::in_register(kBegin ? pairs : V::add_pairs(sums[t][r], pairs));
            }
        }
        if constexpr (first + 1 < last) add_pairs<f, first + 1, last, false>(square, sums);
    }

    template <PackedFormat f>
    CRIA_INLINE F group_scale(F scale, const std::byte* scales, int group) {
        if constexpr (!f.group_scales) return scale;
        const std::byte* from = scales + group * kLanes;
        return scale * V::template convert<F>(f.group == 16 ? V::widen_signed(from) : V::widen_unsigned(from));
    }

    // What a block of kT tiles is multiplied with.
    template <int kT>
    struct BlockScale {
        F scale[kT], minimum[kT];
    };

    // Adds the products of slice `slice` of a block of kT tiles; `w` is where that of the first tile begins.
    template <PackedFormat f, int kR, int kT>
    CRIA_INLINE void add_slice(const Job& job, const std::byte* w, std::int64_t tile_bytes,
                               const BlockScale<kT>& scales, int slice, const std::int8_t* x, const SliceScale* xs,
                               F (&sums)[kT][kR]) {
        Square<kR, kT> square{{}, x, xs, job.codebook};
        for (int t = 0; t < kT; ++t) square.w[t] = w + t * tile_bytes + job.block.numbers + slice * kSliceBytes<f>;
        const std::byte* const group_scales = w + job.block.scales;
        if constexpr (f.group == kSlice)
            add_group<f>(square, group_scales, tile_bytes, scales, slice, sums);
        else
            add_two_groups<f>(square, group_scales, tile_bytes, scales, slice, sums);
        if constexpr (f.minima) add_minima(w + job.block.minima + slice * kLanes, tile_bytes, scales, xs, sums);
    }

    template <PackedFormat f, int kR, int kT>
    CRIA_INLINE void add_group(const Square<kR, kT>& square, const std::byte* group_scales, std::int64_t tile_bytes,
                               const BlockScale<kT>& scales, int slice, F (&sums)[kT][kR]) {
        I dots[kT][kR];
        products<f, 0, 8>(square, dots);
        for (int t = 0; t < kT; ++t) {
            const F scale = group_scale<f>(scales.scale[t], group_scales + t * tile_bytes, slice);
            for (int r = 0; r < kR; ++r)
                sums[t][r] =
                    V::add_product(sums[t][r], V::template convert<F>(dots[t][r]), scale * V::all(square.xs[r].scale));
        }
    }

    template <PackedFormat f, int kR, int kT>
    CRIA_INLINE void add_two_groups(const Square<kR, kT>& square, const std::byte* group_scales,
                                    std::int64_t tile_bytes, const BlockScale<kT>& scales, int slice,
                                    F (&sums)[kT][kR]) {
        I dots[kT][kR];
        F firsts[kT][kR];
        products<f, 0, 4>(square, dots);
        for (int t = 0; t < kT; ++t) {
            const F scale = group_scale<f>(scales.scale[t], group_scales + t * tile_bytes, 2 * slice);
            for (int r = 0; r < kR; ++r) firsts[t][r] = V::template convert<F>(dots[t][r]) * scale;
        }
        products<f, 4, 8>(square, dots);
        for (int t = 0; t < kT; ++t) {
            const F scale = group_scale<f>(scales.scale[t], group_scales + t * tile_bytes, 2 * slice + 1);
            for (int r = 0; r < kR; ++r) {
                const F both = V::add_product(firsts[t][r], V::template convert<F>(dots[t][r]), scale);
                sums[t][r] = V::add_product(sums[t][r], both, V::all(square.xs[r].scale));
            }
        }
    }

    template <int kR, int kT>
    CRIA_INLINE void add_minima(const std::byte* group_minima, std::int64_t tile_bytes, const BlockScale<kT>& scales,
                                const SliceScale* xs, F (&sums)[kT][kR]) {
        for (int t = 0; t < kT; ++t) {
            const F group = V::template convert<F>(V::widen_unsigned(group_minima + t * tile_bytes));
            const F minimum = scales.minimum[t] * group;
            for (int r = 0; r < kR; ++r) sums[t][r] = V::add_product(sums[t][r], minimum, V::all(xs[r].scaled_sum));
        }
    }

    // Asks for what lies kBytesAhead of kT tiles; behind their end come the next kT.
    template <int kT>
    CRIA_INLINE void prefetch(const std::byte* w, std::int64_t bytes, const std::byte* end, std::int64_t tile_bytes) {
        const std::byte* from = w + kBytesAhead;
        if (from >= end) from += (kT - 1) * tile_bytes;
        for (int t = 0; t < kT; ++t)
            for (std::int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + t * tile_bytes + at);
    }

    // kT tiles, tile_bytes apart, with a panel of kR rows.
    template <PackedFormat f, int kR, int kT>
    CRIA_INLINE void multiply(const Job& job, const std::byte* w, std::int64_t tile_bytes, std::int64_t blocks,
                              const std::int8_t* x, const SliceScale* xs, bool from_memory, F (&sums)[kT][kR]) {
        const PackedBlock& block = job.block;
        const std::byte* const end = w + tile_bytes;
        const std::int64_t bytes = block.bytes / f.slices;
        for (std::int64_t b = 0; b < blocks; ++b, w += block.bytes) {
            BlockScale<kT> scales;
            for (int t = 0; t < kT; ++t) {
                scales.scale[t] = V::widen_f16(V::template load_as<H>(w + t * tile_bytes));
                if constexpr (f.minima)
                    scales.minimum[t] = V::widen_f16(V::template load_as<H>(w + t * tile_bytes + block.minimum));
            }
            for (int slice = 0; slice < f.slices; ++slice, x += kR * kSlice, xs += kR) {
                if (from_memory) prefetch<kT>(w + slice * bytes, bytes, end, tile_bytes);
                add_slice<f, kR, kT>(job, w, tile_bytes, scales, slice, x, xs, sums);
            }
        }
    }

    CRIA_INLINE void write(const Job& job, std::int64_t row, std::int64_t tile, F sum) {
        float* y = job.y + row * job.y_stride + tile * kLanes;
        const std::int64_t left = job.w.rows - tile * kLanes;
        if (left >= kLanes)
            V::store(y, job.accumulate ? V::load(y) + sum : sum);
        else
            V::store_part(y, job.accumulate ? V::load_part(y, left) + sum : sum, left);
    }

    template <PackedFormat f, int kR, int kT>
    static void panel(const Job& job, std::int64_t row, std::int64_t first_tile, std::int64_t last_tile) {
        const std::int64_t columns = job.w.columns, blocks = columns / job.block.columns,
                           bytes = blocks * job.block.bytes;
        std::int64_t tile = first_tile;
        for (; tile + kT <= last_tile; tile += kT) {
            F sums[kT][kR] = {};
            multiply<f, kR, kT>(job, job.w.data + tile * bytes, bytes, blocks, job.x.numbers + row * columns,
                                job.x.scales + row * columns / kSlice, row == 0, sums);
            for (int t = 0; t < kT; ++t)
                for (int r = 0; r < kR; ++r) write(job, row + r, tile + t, sums[t][r]);
        }
        if constexpr (kT > 1) panel<f, kR, 1>(job, row, tile, last_tile);
    }

    template <PackedFormat f>
    static void all(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        constexpr int kT = V::kPanelTiles;
        const std::int64_t fit = kTileBytes / (kT * job.w.tile_bytes()), together = kT * (fit < 1 ? 1 : fit);
        for (std::int64_t tile = first_tile; tile < last_tile; tile += together) {
            const std::int64_t end = tile + together < last_tile ? tile + together : last_tile;
            for (std::int64_t row = 0; row < job.x.rows;) {
                const std::int64_t count = panel_rows(job.x.rows, row, job.x.panel);
                if (count == V::kPanelRows)
                    panel<f, V::kPanelRows, kT>(job, row, tile, end);
                else if (count == 4)
                    panel<f, 4, 1>(job, row, tile, end);
                else if (count == 2)
                    panel<f, 2, 1>(job, row, tile, end);
                else
                    panel<f, 1, 1>(job, row, tile, end);
                row += count;
            }
        }
    }

    static void product(const QuantizedRows& x, const PackedRows& w, std::int64_t first_tile, std::int64_t last_tile,
                        float* y, std::int64_t y_stride, bool accumulate) {
        const Job job{x, w, y, y_stride, accumulate, packed_block(w.type, kLanes), iq4_numbers()};
        switch (w.type) {
            case BlockType::q4_0:
                return all<PackedFormat{4, 32, 3, 1, false, false, false}>(job, first_tile, last_tile);
            case BlockType::iq4_nl:
                return all<PackedFormat{4, 32, 7, 1, false, false, true}>(job, first_tile, last_tile);
            case BlockType::q8_0:
                return all<PackedFormat{8, 32, 7, 1, false, false, false}>(job, first_tile, last_tile);
            case BlockType::q4_k: return all<PackedFormat{4, 32, -1, 8, true, true, false}>(job, first_tile, last_tile);
            case BlockType::q5_k: return all<PackedFormat{5, 32, -1, 8, true, true, false}>(job, first_tile, last_tile);
            case BlockType::q6_k: return all<PackedFormat{6, 16, 5, 8, true, false, false}>(job, first_tile, last_tile);
            default: CRIA_ASSERT(false);
        }
    }

    // One slice of a row of x.
    CRIA_INLINE SliceScale quantize_slice(const float* x, std::int8_t* numbers) {
        constexpr int kVectors = kSlice / kLanes;
        F values[kVectors], largest = {}, poison = {};
        for (int v = 0; v < kVectors; ++v) {
            values[v] = V::load(x + v * kLanes);
            largest = V::max(largest, V::max(values[v], -values[v]));
            poison += values[v] * 0.0f;  // a NaN if there is anything but numbers
        }
        const float scale = V::max_lanes(largest) / 127.0f;
        const F inverse = V::all(scale > 0 ? 1.0f / scale : 0.0f);
        SliceScale out{};
        for (int v = 0; v < kVectors; ++v) {
            // Adding 1.5 * 2^23 leaves the nearest whole number, ties to even, in the lowest bits.
            const I whole = V::template cast<I>(values[v] * inverse + V::all(12582912.0f)) - 0x4b400000;
            V::store_bytes(numbers + v * kLanes, whole);
            out.sums[v * kLanes / 16] -= V::sum_lanes(whole);
        }
        out.sum = out.sums[0] + out.sums[1];
        out.scale = scale + V::sum_lanes(poison);
        out.scaled_sum = out.scale * static_cast<float>(out.sum);
        return out;
    }

    static void quantize_row(const float* x, std::int64_t columns, std::int64_t beside, std::int8_t* numbers,
                             SliceScale* scales) {
        for (std::int64_t i = 0; i < columns; i += kSlice, numbers += beside * kSlice, scales += beside)
            *scales = quantize_slice(x + i, numbers);
    }
};

}  // namespace cria
