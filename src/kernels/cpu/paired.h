// The products of attention over bf16 pairs and numbers in f32 (kernels/paired.h), and its softmax in bf16, for any
// vector vocabulary V.
//
// The register tile is that of the f32 product: V::kTileRows rows of a, V::kTileVectors vectors of columns; a step
// takes one word of each row. Keys and values are read where they lie, without packing.
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

    // Of pairs of bf16 numbers, or of numbers in f32.
    template <class T>
    struct Job {
        static constexpr int kNumbers = 4 / sizeof(T);  // of a step
        const T* a;
        std::int64_t a_stride;
        WordMatrix<T> b;
        std::int64_t steps;
        float* c;
        std::int64_t c_stride;
        bool accumulate;
        const T* ahead;
    };

    CRIA_INLINE U broadcast(const BF16* from) {
        std::uint32_t word;
        __builtin_memcpy(&word, from, sizeof(word));
        return V::all_bits(word);
    }
    CRIA_INLINE F broadcast(const float* from) { return V::all(*from); }
    CRIA_INLINE F add(F sum, U words, U x) { return V::dot2_bf16(sum, words, x); }
    CRIA_INLINE F add(F sum, F words, F x) { return V::add_product(sum, words, x); }

    // Rows from `row` on, columns from `column` on. What comes next is asked for in the order of memory, whatever the
    // order of this product, and into the second-level cache, which takes more requests at a time than the first: one
    // row then reads keys and values at nine tenths of the rate of memory, with requests to the first level at seven.
    template <int kR, int kV, bool kAhead, class T>
    static void tile(const Job<T>& job, std::int64_t row, std::int64_t column) {
        using Words = decltype(broadcast(job.a));
        constexpr int kN = Job<T>::kNumbers;
        F sum[kR][kV] = {};
        const T* from[kV];
        for (int v = 0; v < kV; ++v) {
            const std::int64_t j = column + v * kLanes;
            from[v] = job.b.data + kN * (j / kPairedLanes * job.b.block + j % kPairedLanes);
        }
        const T* a = job.a + row * job.a_stride;
        const T* ahead = kAhead ? job.ahead + kN * column * job.steps : nullptr;
        for (std::int64_t p = 0; p < job.steps; ++p) {
            Words words[kV];
            for (int v = 0; v < kV; ++v) words[v] = V::template load_as<Words>(from[v] + kN * p * job.b.step);
            if constexpr (kAhead) {
                for (int v = 0; v < kV; ++v) __builtin_prefetch(ahead + kN * (p * kV + v) * kLanes, 0, 2);
            }
#pragma GCC unroll 16
            for (int r = 0; r < kR; ++r) {
                const Words x = broadcast(a + r * job.a_stride + kN * p);
#pragma GCC unroll 4
                for (int v = 0; v < kV; ++v) sum[r][v] = add(sum[r][v], words[v], x);
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

    template <class T>
    static void product(const T* a, std::int64_t a_stride, std::int64_t rows, const WordMatrix<T>& b,
                        std::int64_t steps, std::int64_t columns, float* c, std::int64_t c_stride, bool accumulate,
                        const void* ahead) {
        const Job<T> job{a, a_stride, b, steps, c, c_stride, accumulate, static_cast<const T*>(ahead)};
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
            if (i < valid) y = Math<V>::exp_below(V::load(scores + i) - m);
            if (i < valid && valid - i < kLanes) y = V::lanes_below(valid - i, y, F{});
            sum += y;
            const H bits = V::narrow_bf16(y);
            __builtin_memcpy(weights + i, &bits, sizeof(bits));
        }
        return V::sum_lanes(sum);
    }
};

}  // namespace cria
