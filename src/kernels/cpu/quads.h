// The products and the softmax of attention over keys and values in eight bits (kernels/quads.h), for any vector
// vocabulary V.
//
// The register tile is that of the f32 product, a row in it being one half of a row of a: V::kTileRows / 2 rows,
// V::kTileVectors vectors of columns.
#pragma once

#include "kernels/cpu/math.h"
#include "kernels/cpu/strips.h"
#include "kernels/kernels.h"

namespace cria {

template <class V>
struct Quads {
    using F = typename V::F;
    using U = typename V::U;
    using I = typename V::I;
    static constexpr int kLanes = V::kLanes;
    static constexpr int kRows = V::kTileRows / 2;

    // ---- The product ----

    struct Job {
        const std::int8_t* a;
        std::int64_t a_stride;
        const SplitScale* scales;
        QuadMatrix b;
        std::int64_t quads;
        float* c;
        std::int64_t c_stride;
        bool accumulate;
        const std::uint8_t* ahead;
    };

    CRIA_INLINE U four(const std::int8_t* from) {
        std::uint32_t word;
        __builtin_memcpy(&word, from, sizeof(word));
        return V::all_bits(word);
    }
    // Stored numbers have 128 added: it is taken off again byte by byte, or once from the sum.
    CRIA_INLINE U stored(const std::uint8_t* from) {
        const U words = V::template load_as<U>(from);
        if constexpr (V::kSignedBytes) return words ^ 0x80808080u;
        return words;
    }
    CRIA_INLINE I excess(std::int32_t sum) {
        if constexpr (V::kSignedBytes) return I{};
        return I{} + 128 * sum;
    }
    CRIA_INLINE I dot(I sum, U w, U x) {
        if constexpr (V::kSignedBytes)
            return V::dot4_signed(sum, w, x);
        else
            return V::dot4(sum, w, x);
    }

    // Rows from `row` on, columns from `column` on. See cpu/paired.h for what is asked for ahead.
    template <int kR, int kV, bool kAhead>
    static void tile(const Job& job, std::int64_t row, std::int64_t column) {
        I sum[2 * kR][kV] = {};
        const std::uint8_t* from[kV];
        for (int v = 0; v < kV; ++v) {
            const std::int64_t j = column + v * kLanes;
            from[v] = job.b.data + 4 * (j / kQuadLanes * job.b.block + j % kQuadLanes);
        }
        const std::int8_t* a = job.a + 2 * row * job.a_stride;
        const std::uint8_t* ahead = kAhead ? job.ahead + 4 * column * job.quads : nullptr;
        for (std::int64_t q = 0; q < job.quads; ++q) {
            U words[kV];
            for (int v = 0; v < kV; ++v) words[v] = stored(from[v] + 4 * q * job.b.step);
            if constexpr (kAhead) {
                for (int v = 0; v < kV; ++v) __builtin_prefetch(ahead + 4 * (q * kV + v) * kLanes, 0, 2);
            }
#pragma GCC unroll 16
            for (int r = 0; r < 2 * kR; ++r) {
                const U x = four(a + r * job.a_stride + 4 * q);
#pragma GCC unroll 4
                for (int v = 0; v < kV; ++v) sum[r][v] = dot(sum[r][v], words[v], x);
            }
        }
#pragma GCC unroll 16
        for (int r = 0; r < kR; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < kV; ++v) write(job, row + r, column + v * kLanes, sum[2 * r][v], sum[2 * r + 1][v]);
        }
    }

    CRIA_INLINE void write(const Job& job, std::int64_t row, std::int64_t column, I high, I low) {
        const SplitScale& split = job.scales[row];
        const F whole = V::template convert<F>((high << 8) - high + low - excess(split.sum));
        F scale = V::all(split.scale);
        if (job.b.scales != nullptr) scale *= V::load(job.b.scales + column);
        float* to = job.c + row * job.c_stride + column;
        V::store(to, job.accumulate ? V::add_product(V::load(to), whole, scale) : whole * scale);
    }

    static void product(const std::int8_t* a, std::int64_t a_stride, const SplitScale* scales, std::int64_t rows,
                        const QuadMatrix& b, std::int64_t quads, std::int64_t columns, float* c, std::int64_t c_stride,
                        bool accumulate, const void* ahead) {
        const Job job{a, a_stride, scales, b, quads, c, c_stride, accumulate, static_cast<const std::uint8_t*>(ahead)};
        Strips<Quads, V, kRows>::run(job, rows, columns);
    }

    // ---- Rows in two halves ----

    CRIA_INLINE I whole_bits(F shifted) { return V::template cast<I>(shifted) - 0x4b400000; }

    // Of at(i) for i = 0, kLanes, ... below n, whose sizes are at most those of `largest`.
    template <class At>
    CRIA_INLINE SplitScale put_halves(F largest, std::int64_t n, At at, std::int8_t* high, std::int8_t* low) {
        const float scale = V::max_lanes(largest) / 32512.0f;  // 255 * 127 + 127
        const F inverse = V::all(scale > 1e-37f ? 1.0f / scale : 0.0f);
        const F magic = V::all(12582912.0f);  // 1.5 * 2^23: the nearest whole number, ties to even, in the lowest bits
        F sum = {};                           // exact, and none if there is anything but numbers
        for (std::int64_t i = 0; i < n; i += kLanes) {
            const F shifted = at(i) * inverse + magic, whole = shifted - magic;
            const I upper = whole_bits(whole * (1.0f / 255.0f) + magic);
            V::store_bytes(high + i, upper);
            V::store_bytes(low + i, whole_bits(shifted) - (upper << 8) + upper);
            sum += whole;
        }
        const float total = V::sum_lanes(sum);
        if (total != total) return {total, 0};
        return {scale, static_cast<std::int32_t>(total)};
    }

    static SplitScale split(const float* x, std::int64_t n, std::int8_t* high, std::int8_t* low) {
        F largest = {};
        for (std::int64_t i = 0; i < n; i += kLanes) {
            const F v = V::load(x + i);
            largest = V::max(largest, V::max(v, -v));
        }
        return put_halves(largest, n, [x](std::int64_t i) { return V::load(x + i); }, high, low);
    }

    static float softmax(const float* scores, const float* factors, std::int64_t valid, std::int64_t n, float* max,
                         std::int8_t* high, std::int8_t* low, SplitScale* split) {
        const F lowest = V::all(-__builtin_inff());
        const auto seen = [valid](std::int64_t i, F v, F other) {
            return valid - i < kLanes ? V::lanes_below(valid - i, v, other) : v;
        };
        F largest = lowest;
        for (std::int64_t i = 0; i < valid; i += kLanes)
            largest = V::max(seen(i, V::load(scores + i), lowest), largest);
        const float found = V::max_lanes(largest);
        const float m = found > *max ? found : *max;
        *max = m;
        CRIA_ASSERT(n <= 128);
        alignas(64) float weights[128];
        F sum = {};
        largest = F{};
        const auto weigh = [&](std::int64_t i, auto lanes) {
            const F y = lanes(Math<V>::exp_below(V::load(scores + i) - m));
            sum += y;
            const F weight = lanes(y * V::load(factors + i));
            largest = V::max(largest, weight);
            V::store(weights + i, weight);
        };
        const std::int64_t whole = valid / kLanes * kLanes;
        for (std::int64_t i = 0; i < whole; i += kLanes) weigh(i, [](F v) { return v; });
        if (whole < valid) weigh(whole, [=](F v) { return V::lanes_below(valid - whole, v, F{}); });
        for (std::int64_t i = (valid + kLanes - 1) / kLanes * kLanes; i < n; i += kLanes) V::store(weights + i, F{});
        *split = put_halves(largest, n, [&weights](std::int64_t i) { return V::load(weights + i); }, high, low);
        return V::sum_lanes(sum);
    }
};

}  // namespace cria
