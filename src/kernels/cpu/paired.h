// The products and the softmax of attention over bf16 pairs (kernels/paired.h), for any vector vocabulary V.
//
// The register tile is that of the f32 product: V::kTileRows rows of a, V::kTileVectors vectors of columns; a step
// takes one pair of each row. Keys and values are read where they lie, without packing.
#pragma once

#include "kernels/cpu/math.h"
#include "kernels/cpu/strips.h"
#include "kernels/kernels.h"

namespace cria {

template <class V>
struct Paired {
    using F = typename V::F;
    using H = typename V::H;
    using U = typename V::U;
    using I = typename V::I;
    static constexpr int kLanes = V::kLanes;
    static constexpr int kRows = V::kTileRows;

    // ---- The product ----

    struct Job {
        const BF16* a;
        std::int64_t a_stride;
        PairedMatrix b;
        std::int64_t pairs;
        float* c;
        std::int64_t c_stride;
        bool accumulate;
        const BF16* ahead;
    };

    CRIA_INLINE std::uint32_t pair(const BF16* from) {
        std::uint32_t word;
        __builtin_memcpy(&word, from, sizeof(word));
        return word;
    }

    // Rows from `row` on, columns from `column` on. What comes next is asked for in the order of memory, whatever the
    // order of this product, and into the second-level cache, which takes more requests at a time than the first: one
    // row then reads keys and values at nine tenths of the rate of memory, with requests to the first level at seven.
    template <int kR, int kV, bool kAhead>
    static void tile(const Job& job, std::int64_t row, std::int64_t column) {
        F sum[kR][kV] = {};
        const BF16* from[kV];
        for (int v = 0; v < kV; ++v) {
            const std::int64_t j = column + v * kLanes;
            from[v] = job.b.data + 2 * (j / kPairedLanes * job.b.block + j % kPairedLanes);
        }
        const BF16* a = job.a + row * job.a_stride;
        const BF16* ahead = kAhead ? job.ahead + 2 * column * job.pairs : nullptr;
        for (std::int64_t p = 0; p < job.pairs; ++p) {
            U words[kV];
            for (int v = 0; v < kV; ++v) words[v] = V::template load_as<U>(from[v] + 2 * p * job.b.step);
            if constexpr (kAhead) {
                for (int v = 0; v < kV; ++v) __builtin_prefetch(ahead + 2 * (p * kV + v) * kLanes, 0, 2);
            }
#pragma GCC unroll 16
            for (int r = 0; r < kR; ++r) {
                const U x = V::all_bits(pair(a + r * job.a_stride + 2 * p));
#pragma GCC unroll 4
                for (int v = 0; v < kV; ++v) sum[r][v] = V::dot2_bf16(sum[r][v], words[v], x);
            }
        }
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < kV; ++v) {
                float* to = job.c + (row + r) * job.c_stride + column + v * kLanes;
                V::store(to, job.accumulate ? V::load(to) + sum[r][v] : sum[r][v]);
            }
        }
    }

    static void product(const BF16* a, std::int64_t a_stride, std::int64_t rows, const PairedMatrix& b,
                        std::int64_t pairs, std::int64_t columns, float* c, std::int64_t c_stride, bool accumulate,
                        const void* ahead) {
        const Job job{a, a_stride, b, pairs, c, c_stride, accumulate, static_cast<const BF16*>(ahead)};
        Strips<Paired, V, kRows>::run(job, rows, columns);
    }

    // ---- The softmax ----

    static float softmax(const float* scores, std::int64_t valid, std::int64_t n, float* max, BF16* weights) {
        const F lowest = V::all(-__builtin_inff());
        F largest = lowest;
        std::int64_t i = 0;
        for (; i + kLanes <= valid; i += kLanes) largest = V::max(V::load(scores + i), largest);
        if (i < valid) largest = V::max(V::lanes_below(valid - i, V::load(scores + i), lowest), largest);
        const float found = V::max_lanes(largest);
        const float m = found > *max ? found : *max;
        *max = m;
        F sum = {};
        for (i = 0; i < n; i += kLanes) {
            F y = {};
            if (i < valid) y = Math<V>::exp(V::load(scores + i) - m);
            if (i < valid && valid - i < kLanes) y = V::lanes_below(valid - i, y, F{});
            sum += y;
            const H bits = V::narrow_bf16(y);
            __builtin_memcpy(weights + i, &bits, sizeof(bits));
        }
        return V::sum_lanes(sum);
    }
};

}  // namespace cria
