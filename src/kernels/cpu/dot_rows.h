// Products of a few rows of x with many rows of a weight, for any vector vocabulary V: the weight is read
// once for up to four rows of x, and widened in registers.
//
// Every result is summed in one chain per lane over the columns and then over the lanes in the order of
// V::sum_lanes, however many rows of x and of the weight are taken together.
#pragma once

#include "base/assert.h"
#include "kernels/cpu/convert.h"
#include "kernels/kernels.h"

namespace cria {

template <class V>
struct DotRows {
    using F = typename V::F;
    static constexpr std::int64_t kLanes = V::kLanes;

    struct Job {
        const float* x;
        std::int64_t columns;
        float* y;
        std::int64_t y_stride;
    };

    // kX rows of x from `row` on with kW rows of the weight from `j` on.
    template <int kX, int kW, class T>
    CRIA_INLINE void block(const Job& job, const T* weight, std::int64_t row, std::int64_t j) {
        const std::int64_t n = job.columns;
        const float* x = job.x + row * n;
        const T* w = weight + j * n;
        F sum[kX][kW] = {};
        const auto add = [&](const F(&from_x)[kX], const F(&from_w)[kW]) {
            for (int r = 0; r < kX; ++r)
                for (int c = 0; c < kW; ++c) sum[r][c] += from_x[r] * from_w[c];
        };
        F from_x[kX];
        F from_w[kW];
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) {
            for (int r = 0; r < kX; ++r) from_x[r] = V::load(x + r * n + i);
            // The same columns of the next rows: reading many short rows side by side is hard to foresee.
            for (int c = 0; c < kW; ++c) __builtin_prefetch(w + (c + kW) * n + i);
            for (int c = 0; c < kW; ++c) from_w[c] = Convert<V>::widen(w + c * n + i);
            add(from_x, from_w);
        }
        if (i < n) {
            for (int r = 0; r < kX; ++r) from_x[r] = V::load_part(x + r * n + i, n - i);
            for (int c = 0; c < kW; ++c) from_w[c] = Convert<V>::widen_part(w + c * n + i, n - i);
            add(from_x, from_w);
        }
        for (int r = 0; r < kX; ++r) {
            float* y = job.y + (row + r) * job.y_stride + j;
            if constexpr (kW == 4) {
                const auto four = V::sum_lanes_of_4(sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
                __builtin_memcpy(y, &four, sizeof(four));
            } else {
                static_assert(kW == 1);
                *y = V::sum_lanes(sum[r][0]);
            }
        }
    }

    template <int kX, class T>
    static void rows(const Job& job, const T* weight, std::int64_t row, std::int64_t first, std::int64_t last) {
        std::int64_t j = first;
        for (; j + 4 <= last; j += 4) block<kX, 4>(job, weight, row, j);
        for (; j < last; ++j) block<kX, 1>(job, weight, row, j);
    }

    template <class T>
    static void all(const Job& job, std::int64_t count, const void* data, std::int64_t first, std::int64_t last) {
        const T* weight = static_cast<const T*>(data);
        // Rows of the weight that stay in the first-level cache while all rows of x meet them.
        const std::int64_t few = 4;
        for (std::int64_t j = first; j < last; j += few) {
            const std::int64_t end = count <= 4 || j + few > last ? last : j + few;
            std::int64_t row = 0;
            for (; row + 4 <= count; row += 4) rows<4>(job, weight, row, j, end);
            switch (count - row) {
                case 3: rows<3>(job, weight, row, j, end); break;
                case 2: rows<2>(job, weight, row, j, end); break;
                case 1: rows<1>(job, weight, row, j, end); break;
                default: break;
            }
            if (end == last) break;
        }
    }

    static void run(const float* x, std::int64_t count, WeightRows w, std::int64_t first, std::int64_t last, float* y) {
        const Job job{x, w.columns, y, w.rows};
        switch (w.type) {
            case DType::f32: return all<float>(job, count, w.data, first, last);
            case DType::bf16: return all<BF16>(job, count, w.data, first, last);
            case DType::f16: return all<F16>(job, count, w.data, first, last);
            default: CRIA_ASSERT(false);
        }
    }
};

}  // namespace cria
