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
    // With so few rows of x the weight comes from memory, and asking for it early is worth the instructions.
    static constexpr int kFewRows = 4;
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

    // Sums of the products of quads [first, last) with 4 numbers of x each, from `start` on.
    template <PackedFormat f>
    CRIA_INLINE I dot(I start, const U (&quads)[8], int first, int last, const std::int8_t* x) {
        for (int q = first; q < last; ++q) {
            std::uint32_t four;
            __builtin_memcpy(&four, x + 4 * q, 4);
            if constexpr (f.bits == 8 || f.codebook)
                start = V::dot4(start, quads[q], V::all_bits(four));
            else
                start = V::dot4_small(start, quads[q], V::all_bits(four));
        }
        return start;
    }

    template <PackedFormat f>
    CRIA_INLINE I start_of(std::int32_t negative_sum) {
        if constexpr (f.zero_shift < 0) return I{};
        return V::template cast<I>(V::all_bits(static_cast<std::uint32_t>(negative_sum)) << f.zero_shift);
    }

    template <PackedFormat f>
    CRIA_INLINE F group_scale(F scale, const std::byte* scales, int group) {
        if constexpr (!f.group_scales) return scale;
        const std::byte* from = scales + group * kLanes;
        return scale * V::template convert<F>(f.group == 16 ? V::widen_signed(from) : V::widen_unsigned(from));
    }

    // One tile with kR rows of a panel.
    template <PackedFormat f, int kR>
    CRIA_INLINE void multiply(const PackedBlock& block, const std::byte* w, std::int64_t blocks, const std::int8_t* x,
                              const SliceScale* xs, F (&sums)[kR]) {
        for (std::int64_t b = 0; b < blocks; ++b, w += block.bytes) {
            const F scale = V::widen_f16(V::template load_as<H>(w));
            F minimum = {};
            if constexpr (f.minima) minimum = V::widen_f16(V::template load_as<H>(w + block.minimum));
            const std::byte* numbers = w + block.numbers;
            for (int slice = 0; slice < f.slices; ++slice, x += kR * kSlice, xs += kR) {
                U quads[8];
                unpack<f>(numbers, quads);
                constexpr std::int64_t kBytes = (f.bits == 8 ? 8 : f.bits) * kVector;
                if constexpr (kR <= kFewRows)
                    for (std::int64_t at = 0; at < kBytes; at += 64) __builtin_prefetch(numbers + kBytesAhead + at);
                numbers += kBytes;
                if constexpr (f.group == 32) {
                    const F d = group_scale<f>(scale, w + block.scales, slice);
                    F m = {};
                    if constexpr (f.minima)
                        m = minimum * V::template convert<F>(V::widen_unsigned(w + block.minima + slice * kLanes));
#pragma GCC unroll 16
                    for (int r = 0; r < kR; ++r) {
                        const I dots = dot<f>(start_of<f>(xs[r].sum), quads, 0, 8, x + r * kSlice);
                        sums[r] += V::template convert<F>(dots) * (d * V::all(xs[r].scale));
                        if constexpr (f.minima) sums[r] += m * V::all(xs[r].scaled_sum);
                    }
                } else {
                    const F d0 = group_scale<f>(scale, w + block.scales, 2 * slice);
                    const F d1 = group_scale<f>(scale, w + block.scales, 2 * slice + 1);
#pragma GCC unroll 16
                    for (int r = 0; r < kR; ++r) {
                        const I first = dot<f>(start_of<f>(xs[r].sums[0]), quads, 0, 4, x + r * kSlice);
                        const I second = dot<f>(start_of<f>(xs[r].sums[1]), quads, 4, 8, x + r * kSlice);
                        const F both = V::template convert<F>(first) * d0 + V::template convert<F>(second) * d1;
                        sums[r] += both * V::all(xs[r].scale);
                    }
                }
            }
        }
    }

    template <PackedFormat f, int kR>
    static void panel(const Job& job, std::int64_t row, std::int64_t first_tile, std::int64_t last_tile) {
        const PackedBlock block = packed_block(job.w.type, kLanes);
        const std::int64_t columns = job.w.columns, blocks = columns / block.columns;
        for (std::int64_t tile = first_tile; tile < last_tile; ++tile) {
            F sums[kR] = {};
            multiply<f, kR>(block, job.w.data + tile * blocks * block.bytes, blocks, job.x.numbers + row * columns,
                            job.x.scales + row * columns / kSlice, sums);
            const std::int64_t left = job.w.rows - tile * kLanes;
            for (int r = 0; r < kR; ++r) {
                float* y = job.y + (row + r) * job.y_stride + tile * kLanes;
                if (left >= kLanes) {
                    V::store(y, job.accumulate ? V::load(y) + sums[r] : sums[r]);
                } else {
                    V::store_part(y, job.accumulate ? V::load_part(y, left) + sums[r] : sums[r], left);
                }
            }
        }
    }

    template <PackedFormat f>
    static void all(const Job& job, std::int64_t first_tile, std::int64_t last_tile) {
        const std::int64_t fit = kTileBytes / job.w.tile_bytes(), together = fit < 1 ? 1 : fit;
        for (std::int64_t tile = first_tile; tile < last_tile; tile += together) {
            const std::int64_t end = tile + together < last_tile ? tile + together : last_tile;
            for (std::int64_t row = 0; row < job.x.rows;) {
                const std::int64_t count = panel_rows(job.x.rows, row, job.x.panel);
                switch (count) {
                    case 12:
                        if constexpr (V::kPanelRows >= 12) panel<f, 12>(job, row, tile, end);
                        break;
                    case 8:
                        if constexpr (V::kPanelRows >= 8) panel<f, 8>(job, row, tile, end);
                        break;
                    case 4: panel<f, 4>(job, row, tile, end); break;
                    case 2: panel<f, 2>(job, row, tile, end); break;
                    default: panel<f, 1>(job, row, tile, end); break;
                }
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
