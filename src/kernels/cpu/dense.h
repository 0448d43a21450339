// Products y = x W^T with a weight as it is stored, its rows one after the other in f32, bf16 or f16, for any vector
// vocabulary V. One thread.
//
// The lanes of a vector are rows of W. Each element is summed over the columns in order within a block of depth
// (block_steps), and the blocks in order, as in Gemm; how the columns are cut depends on their number alone. So a
// result depends on its row of x and its row of W, however many are beside it.
//
// A few rows of x are limited by reading W: squares of it are transposed in registers and used at once, while the
// memory behind them is on its way. More rows: W is packed into panels beside the stack of work, and multiplied by the
// register tile of Gemm.
#pragma once

#include "kernels/cpu/convert.h"
#include "kernels/cpu/gemm.h"
#include "kernels/tiled.h"

namespace cria {

template <class V>
struct Dense {
    using F = typename V::F;
    using U = typename V::U;
    static constexpr int kLanes = V::kLanes;
    static constexpr int kTall = 16;  // rows of W that a few rows of x meet at once
    static constexpr int kSquares = kTall / kLanes;
    static constexpr std::int64_t kLine = 64;  // bytes that memory gives at once

    CRIA_INLINE std::int64_t smaller(std::int64_t x, std::int64_t y) { return x < y ? x : y; }
    CRIA_INLINE std::int64_t parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

    // ---- What W is made of ----
    // A square is kLanes rows of as many 32-bit words. kWord: numbers of W in a word.

    // One number a word, widened.
    template <class T>
    struct Each {
        using Number = T;
        using Packed = Each;
        static constexpr int kWord = 1;
        CRIA_INLINE F load(const T* from) { return Convert<V>::widen(from); }
        CRIA_INLINE F load_part(const T* from, std::int64_t n) { return Convert<V>::widen_part(from, n); }
        CRIA_INLINE F add(F sum, F words, const float* x) { return V::add_product(sum, words, V::all(x[0])); }
    };
    // Two bf16 numbers a word: a square of twice the columns for the same shuffles. They are multiplied one after the
    // other. Packed, they are what Each makes of them.
    struct Halves {
        using Number = BF16;
        using Packed = Each<BF16>;
        static constexpr int kWord = 2;
        CRIA_INLINE F load(const BF16* from) { return V::template load_as<F>(from); }
        CRIA_INLINE F load_part(const BF16* from, std::int64_t n) {
            BF16 whole[2 * kLanes] = {};
            for (std::int64_t i = 0; i < n; ++i) whole[i] = from[i];
            return load(whole);
        }
        CRIA_INLINE F add(F sum, F words, const float* x) {
            const U bits = V::template cast<U>(words);
            sum = V::add_product(sum, V::template cast<F>(bits << 16), V::all(x[0]));
            return V::add_product(sum, V::template cast<F>(bits & 0xffff0000u), V::all(x[1]));
        }
    };
    template <class Form>
    struct Job {
        Matrix<const float> x;
        const typename Form::Number* w;
        std::int64_t columns;
        Matrix<float> y;
        bool accumulate;
    };

    // ---- A few rows of x ----

    // `words` words of kTall rows of W, those at w[...] + i, with kR rows of x.
    template <class Form, int kR, class Load>
    CRIA_INLINE void add_squares(Load load, std::int64_t words, const float* x, std::int64_t x_stride,
                                 F (&sum)[kR][kSquares]) {
#pragma GCC unroll 4
        for (int s = 0; s < kSquares; ++s) {
            F square[kLanes];
            for (int l = 0; l < kLanes; ++l) square[l] = load(s * kLanes + l);
            V::transpose(square);
#pragma GCC unroll 16
            for (int l = 0; l < words; ++l)
#pragma GCC unroll 8
                for (int r = 0; r < kR; ++r)
                    sum[r][s] = Form::add(sum[r][s], square[l], x + r * x_stride + l * Form::kWord);
        }
    }

    // Columns from `i` on, fewer than a square has: beside them zeros.
    template <class Form, int kR>
    static void add_last(const Job<Form>& job, const typename Form::Number* const (&w)[kTall], std::int64_t i,
                         F (&sum)[kR][kSquares]) {
        constexpr std::int64_t kColumns = kLanes * Form::kWord;
        const std::int64_t left = job.columns - i;
        float x[kR * kColumns] = {};
        for (int r = 0; r < kR; ++r)
            for (std::int64_t c = 0; c < left; ++c) x[r * kColumns + c] = job.x.data[r * job.x.stride + i + c];
        add_squares<Form, kR>([&](int row) { return Form::load_part(w[row] + i, left); }, parts(left, Form::kWord), x,
                              kColumns, sum);
    }

    // All kR rows of x with the rows [first, first + count) of W, count <= kTall. `ahead`: what will be read next.
    template <class Form, int kR>
    static void few(const Job<Form>& job, std::int64_t first, std::int64_t count, const typename Form::Number* ahead) {
        using Number = typename Form::Number;
        constexpr std::int64_t kColumns = kLanes * Form::kWord;
        constexpr auto kBytes = static_cast<std::int64_t>(kTall * kColumns * sizeof(Number));
        const Number* w[kTall];  // the last row again where there are no more
        for (int i = 0; i < kTall; ++i) w[i] = job.w + (first + smaller(i, count - 1)) * job.columns;
        F total[kR][kSquares];
        move_results<kR>(job.y, first, count, [&](int r, int s, float* y, std::int64_t n) {
            if (job.accumulate) total[r][s] = n < kLanes ? V::load_part(y, n) : V::load(y);
        });
        const std::int64_t depth = block_steps(job.columns);
        for (std::int64_t begin = 0; begin < job.columns; begin += depth) {
            const std::int64_t end = smaller(begin + depth, job.columns);
            F sum[kR][kSquares] = {};
            std::int64_t i = begin;
            for (; i + kColumns <= end; i += kColumns) {
                const auto* next = reinterpret_cast<const char*>(ahead + i * kTall);
                for (std::int64_t at = 0; at < kBytes; at += kLine) __builtin_prefetch(next + at, 0, 2);
                add_squares<Form, kR>([&](int row) { return Form::load(w[row] + i); }, kLanes, job.x.data + i,
                                      job.x.stride, sum);
            }
            if (i < end) add_last<Form, kR>(job, w, i, sum);
            for (int r = 0; r < kR; ++r)
                for (int s = 0; s < kSquares; ++s)
                    total[r][s] = job.accumulate || begin > 0 ? total[r][s] + sum[r][s] : sum[r][s];
        }
        move_results<kR>(job.y, first, count, [&](int r, int s, float* y, std::int64_t n) {
            n < kLanes ? V::store_part(y, total[r][s], n) : V::store(y, total[r][s]);
        });
    }
    // move(r, s, y, n) for each vector s of each row r of the results, of which n lanes are there.
    template <int kR, class Move>
    CRIA_INLINE void move_results(const Matrix<float>& y, std::int64_t first, std::int64_t count, Move move) {
        for (int r = 0; r < kR; ++r)
            for (int s = 0; s < kSquares && s * kLanes < count; ++s)
                move(r, s, y.data + r * y.stride + first + s * kLanes, smaller(kLanes, count - s * kLanes));
    }

    template <class Form, int kR>
    static void few_rows(const Job<Form>& job, std::int64_t first, std::int64_t last) {
        if constexpr (kR > 1) {
            if (job.x.rows < kR) return few_rows<Form, kR - 1>(job, first, last);
        }
        for (std::int64_t j = first; j < last; j += kTall)
            few<Form, kR>(job, j, smaller(kTall, last - j), job.w + (j + kTall < last ? j + kTall : j) * job.columns);
    }

    // ---- More rows ----

    // Columns [begin, end) of up to a panel's rows of W, as Gemm's panel; missing rows are the last one again.
    template <class Form>
    static void pack_panel(const typename Form::Number* w, std::int64_t stride, std::int64_t rows, std::int64_t begin,
                           std::int64_t end, float* to) {
        constexpr std::int64_t kColumns = kLanes * Form::kWord;
        for (std::int64_t j = 0; j < rows; j += kLanes) {
            const typename Form::Number* from[kLanes];
            for (int l = 0; l < kLanes; ++l) from[l] = w + smaller(j + l, rows - 1) * stride;
            F square[kLanes];
            const auto put = [&](std::int64_t i, std::int64_t words) {
                V::transpose(square);
#pragma GCC unroll 16
                for (int l = 0; l < words; ++l)
                    V::store(to + ((i - begin) / Form::kWord + l) * Gemm<V>::kColumns + j, square[l]);
            };
            std::int64_t i = begin;
            for (; i + kColumns <= end; i += kColumns) {
                for (int l = 0; l < kLanes; ++l) {
                    square[l] = Form::load(from[l] + i);
                    __builtin_prefetch(from[l] + i + (end - begin), 0, 1);  // of the next block
                }
                put(i, kLanes);
            }
            if (i == end) continue;
            for (int l = 0; l < kLanes; ++l) square[l] = Form::load_part(from[l] + i, end - i);
            put(i, parts(end - i, Form::kWord));
        }
    }

    template <class Form>
    static void many_rows(const Job<Form>& job, std::int64_t first, std::int64_t last) {
        using G = Gemm<V>;
        const std::int64_t depth = block_steps(job.columns), m = job.x.rows;
        const typename G::Problem problem{Transpose::no, Transpose::yes, job.x, {}, job.y, m, last, job.columns, false};
        const std::int64_t width = G::kBlockFloats / depth / G::kColumns * G::kColumns;
        const std::int64_t tile_rows = parts(m, G::kRows);
        float* packed = gemm_workspace(G::kBlockFloats);
        for (std::int64_t row = first; row < last; row += width) {
            for (std::int64_t step = 0; step < job.columns; step += depth) {
                const typename G::Block block{row,    smaller(width, last - row),
                                              step,   smaller(depth, job.columns - step),
                                              packed, job.accumulate || step > 0};
                for (std::int64_t j = 0; j < block.columns; j += G::kColumns)
                    pack_panel<typename Form::Packed>(job.w + (row + j) * job.columns, job.columns,
                                                      smaller(G::kColumns, block.columns - j), step,
                                                      smaller(step + depth, job.columns), packed + j * block.depth);
                for (std::int64_t i = 0; i < tile_rows; ++i) {
                    const std::int64_t begin = i * m / tile_rows, end = (i + 1) * m / tile_rows;
                    G::multiply(problem, block, begin, static_cast<int>(end - begin), 0,
                                parts(block.columns, G::kColumns));
                }
            }
        }
    }

    template <class Form>
    CRIA_INLINE void all(Matrix<const float> x, const WeightRows& w, std::int64_t first, std::int64_t last,
                         Matrix<float> y, bool accumulate) {
        CRIA_ASSERT(x.columns == w.columns && w.columns > 0 && y.rows == x.rows);
        const Job<Form> job{x, static_cast<const typename Form::Number*>(w.data), w.columns, y, accumulate};
        if (x.rows == 0) return;
        x.rows <= V::kFewRows ? few_rows<Form, V::kFewRows>(job, first, last) : many_rows<Form>(job, first, last);
    }

    static void run(Matrix<const float> x, WeightRows w, std::int64_t first, std::int64_t last, Matrix<float> y,
                    bool accumulate) {
        switch (w.type) {
            case DType::f32: return all<Each<float>>(x, w, first, last, y, accumulate);
            case DType::bf16: return all<Halves>(x, w, first, last, y, accumulate);
            case DType::f16: return all<Each<F16>>(x, w, first, last, y, accumulate);
            default: CRIA_ASSERT(false);
        }
    }
};

}  // namespace cria
