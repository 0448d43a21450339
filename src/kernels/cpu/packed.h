// Products with packed weights (kernels/packed.h) in whole numbers, for any vector vocabulary V.
//
// A tile of the weight is multiplied with a panel of rows at once: 32 columns of the tile are unpacked into eight
// registers and meet every row of the panel. The products of a group are summed in 32-bit integers, exactly; groups are
// added in f32, one after the other in the order of the columns. So a result depends on its row of x and of the weight
// alone, never on what else is computed beside it.
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
    };

    // Bytes as they are stored, in the 32-bit lanes that hold the rows.
    CRIA_INLINE U load(const std::byte* from) { return V::template load_as<U>(from); }
    CRIA_INLINE U every_byte(std::uint32_t byte) { return V::all_bits(byte * 0x01010101u); }

    template <PackedFormat f>
    CRIA_INLINE void unpack(const std::byte* from, U (&quads)[8]) {
        if constexpr (f.bits == 8) {
            for (int q = 0; q < 8; ++q) quads[q] = load(from + q * kVector);
        } else {
            for (int q = 0; q < 4; ++q) {
                const U both = load(from + q * kVector);
                quads[q] = both & every_byte(15);
                quads[q + 4] = (both >> 4) & every_byte(15);
            }
        }
        if constexpr (f.bits == 5) {
            const U upper = load(from + 4 * kVector);
            for (int q = 0; q < 8; ++q)
                quads[q] |= q < 4 ? (upper << (4 - q)) & every_byte(16) : (upper >> (q - 4)) & every_byte(16);
        }
        if constexpr (f.bits == 6) {
            for (int half = 0; half < 2; ++half) {
                const U upper = load(from + (4 + half) * kVector);
                quads[4 * half] |= (upper << 4) & every_byte(48);
                quads[4 * half + 1] |= (upper << 2) & every_byte(48);
                quads[4 * half + 2] |= upper & every_byte(48);
                quads[4 * half + 3] |= (upper >> 2) & every_byte(48);
            }
        }
        if constexpr (f.codebook) {
            const std::uint8_t* table = iq4_numbers();
            for (int q = 0; q < 8; ++q) quads[q] = V::look_up(table, quads[q]);
        }
    }

    // Numbers of all eight bits, with 128 for zero, may be taken as signed bytes; then there is no zero to correct for.
    template <PackedFormat f>
    static constexpr bool kWide = f.bits == 8 || f.codebook;
    template <PackedFormat f>
    static constexpr bool kSigned = V::kSignedBytes && kWide<f>;

    CRIA_INLINE U four_of(const std::int8_t* x, int quad) {
        std::uint32_t four;
        __builtin_memcpy(&four, x + 4 * quad, 4);
        return V::all_bits(four);
    }

    // Sums of the products of quads [first, last) with 4 numbers of x each, from `start` on.
    template <PackedFormat f>
    CRIA_INLINE I dot(I start, const U (&quads)[8], int first, int last, const std::int8_t* x) {
        if constexpr (V::kSumsIn16Bits && !kWide<f>) return dot_in_16_bits<f>(start, quads, first, last, x);
        for (int q = first; q < last; ++q) {
            if constexpr (kSigned<f>)
                start = V::dot4_signed(start, quads[q], four_of(x, q));
            else if constexpr (kWide<f>)
                start = V::dot4(start, quads[q], four_of(x, q));
            else
                start = V::dot4_small(start, quads[q], four_of(x, q));
        }
        return start;
    }

    // The same with sums of as many pairs as surely fit 16 bits.
    template <PackedFormat f>
    CRIA_INLINE I dot_in_16_bits(I start, const U (&quads)[8], int first, int last, const std::int8_t* x) {
        constexpr int kFit = 32767 / (2 * 127 * ((1 << f.bits) - 1));
        for (int q = first; q < last; q += kFit) {
            U sums = V::pairs(quads[q], four_of(x, q));
            for (int next = q + 1; next < q + kFit && next < last; ++next)
                sums = V::add_pairs(sums, V::pairs(quads[next], four_of(x, next)));
            start = V::widen_pairs(start, sums);
        }
        return start;
    }

    template <PackedFormat f>
    CRIA_INLINE I start_of(std::int32_t negative_sum) {
        if constexpr (f.zero_shift < 0 || kSigned<f>) return I{};
        return V::template cast<I>(V::all_bits(static_cast<std::uint32_t>(negative_sum)) << f.zero_shift);
    }

    template <PackedFormat f>
    CRIA_INLINE F group_scale(F scale, const std::byte* scales, int group) {
        if constexpr (!f.group_scales) return scale;
        const std::byte* from = scales + group * kLanes;
        return scale * V::template convert<F>(f.group == 16 ? V::widen_signed(from) : V::widen_unsigned(from));
    }

    // What a slice of a tile is multiplied with, once it is in registers.
    template <PackedFormat f>
    struct Slice {
        U quads[8];
        F scales[32 / f.group];
        F minimum;
    };

    template <PackedFormat f>
    CRIA_INLINE void load_slice(const PackedBlock& block, const std::byte* w, F scale, F minimum, int slice,
                                Slice<f>& out) {
        constexpr int kGroups = 32 / f.group;
        unpack<f>(w + block.numbers + slice * kSliceBytes<f>, out.quads);
        if constexpr (kSigned<f>)
            for (U& quad : out.quads) quad ^= every_byte(128);
        for (int g = 0; g < kGroups; ++g) out.scales[g] = group_scale<f>(scale, w + block.scales, kGroups * slice + g);
        if constexpr (f.minima)
            out.minimum = minimum * V::template convert<F>(V::widen_unsigned(w + block.minima + slice * kLanes));
    }

    // Adds the products of a slice with one row of x.
    template <PackedFormat f>
    CRIA_INLINE void add_slice(const Slice<f>& w, const std::int8_t* x, const SliceScale& xs, F& sum) {
        if constexpr (f.group == 32) {
            const I dots = dot<f>(start_of<f>(xs.sum), w.quads, 0, 8, x);
            sum = V::add_product(sum, V::template convert<F>(dots), w.scales[0] * V::all(xs.scale));
            if constexpr (f.minima) sum = V::add_product(sum, w.minimum, V::all(xs.scaled_sum));
        } else {
            const I first = dot<f>(start_of<f>(xs.sums[0]), w.quads, 0, 4, x);
            const I second = dot<f>(start_of<f>(xs.sums[1]), w.quads, 4, 8, x);
            const F both = V::add_product(V::template convert<F>(first) * w.scales[0], V::template convert<F>(second),
                                          w.scales[1]);
            sum = V::add_product(sum, both, V::all(xs.scale));
        }
    }

    template <PackedFormat f>
    static constexpr std::int64_t kSliceBytes = (f.bits == 8 ? 8 : f.bits) * kVector;

    // Asks for what lies kBytesAhead of kT tiles; behind their end come the next kT.
    template <int kT>
    CRIA_INLINE void prefetch(const std::byte* w, std::int64_t bytes, const std::byte* end, std::int64_t tile_bytes) {
        const std::byte* from = w + kBytesAhead;
        if (from >= end) from += (kT - 1) * tile_bytes;
        for (int t = 0; t < kT; ++t)
            for (std::int64_t at = 0; at < bytes; at += 64) __builtin_prefetch(from + t * tile_bytes + at);
    }

    // kT tiles, tile_bytes apart, with kR rows of a panel.
    template <PackedFormat f, int kR, int kT>
    CRIA_INLINE void multiply(const PackedBlock& block, const std::byte* w, std::int64_t tile_bytes,
                              std::int64_t blocks, const std::int8_t* x, const SliceScale* xs, bool from_memory,
                              F (&sums)[kT][kR]) {
        const std::byte* const end = w + tile_bytes;
        const std::int64_t bytes = block.bytes / f.slices;
        for (std::int64_t b = 0; b < blocks; ++b, w += block.bytes) {
            F scale[kT], minimum[kT];
            for (int t = 0; t < kT; ++t) {
                scale[t] = V::widen_f16(V::template load_as<H>(w + t * tile_bytes));
                if constexpr (f.minima)
                    minimum[t] = V::widen_f16(V::template load_as<H>(w + t * tile_bytes + block.minimum));
            }
            for (int slice = 0; slice < f.slices; ++slice, x += kR * kSlice, xs += kR) {
                if (from_memory) prefetch<kT>(w + slice * bytes, bytes, end, tile_bytes);
                Slice<f> slices[kT];
                for (int t = 0; t < kT; ++t)
                    load_slice<f>(block, w + t * tile_bytes, scale[t], minimum[t], slice, slices[t]);
#pragma GCC unroll 16
                for (int r = 0; r < kR; ++r)
                    for (int t = 0; t < kT; ++t) add_slice<f>(slices[t], x + r * kSlice, xs[r], sums[t][r]);
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
        const PackedBlock block = packed_block(job.w.type, kLanes);
        const std::int64_t columns = job.w.columns, blocks = columns / block.columns, bytes = blocks * block.bytes;
        std::int64_t tile = first_tile;
        for (; tile + kT <= last_tile; tile += kT) {
            F sums[kT][kR] = {};
            multiply<f, kR, kT>(block, job.w.data + tile * bytes, bytes, blocks, job.x.numbers + row * columns,
                                job.x.scales + row * columns / kSlice, row == 0, sums);
            for (int t = 0; t < kT; ++t)
                for (int r = 0; r < kR; ++r) write(job, row + r, tile + t, sums[t][r]);
        }
        if constexpr (kT > 1) panel<f, kR, 1>(job, row, tile, last_tile);
    }

    template <PackedFormat f>
    static void all(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        const std::int64_t fit = kTileBytes / job.w.tile_bytes(), together = fit < 1 ? 1 : fit;
        for (std::int64_t tile = first_tile; tile < last_tile; tile += together) {
            const std::int64_t end = tile + together < last_tile ? tile + together : last_tile;
            for (std::int64_t row = 0; row < job.x.rows;) {
                const std::int64_t count = panel_rows(job.x.rows, row, job.x.panel);
                if (count == V::kPanelRows)
                    panel<f, V::kPanelRows, V::kPanelTiles>(job, row, tile, end);
                else if (count == 8)
                    panel<f, 8, 1>(job, row, tile, end);
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
        const Job job{x, w, y, y_stride, accumulate};
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
