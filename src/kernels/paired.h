// Products of attention, and keys and values in the order in which they read them.
//
// Products of bf16 numbers are summed in f32, two numbers at a time where the processor can (vdpbf16ps), so that the
// two stand side by side in 32 bits. A query meets a key over the features, the weights meet the values over the
// positions:
//
//     keys    [positions / 16][head_dim / 2][16][2]  16 positions side by side, pairs of features
//     values  [positions / 2][head_dim][2]           all features side by side, pairs of positions
//
// Those in f32 stand one by one:
//
//     keys    [positions / 16][head_dim][16]
//     values  [positions][head_dim]
//
// head_dim is a multiple of 16, and so is the room for positions.
#pragma once

#include <cstdint>

#include "kernels/matrix.h"

namespace cria {

inline constexpr std::int64_t kPairedLanes = 16;

constexpr std::int64_t paired_key_place(std::int64_t position, std::int64_t feature, std::int64_t head_dim) {
    return position / kPairedLanes * kPairedLanes * head_dim + feature / 2 * 2 * kPairedLanes +
           position % kPairedLanes * 2 + feature % 2;
}
constexpr std::int64_t paired_value_place(std::int64_t position, std::int64_t feature, std::int64_t head_dim) {
    return position / 2 * 2 * head_dim + feature * 2 + position % 2;
}

constexpr std::int64_t number_key_place(std::int64_t position, std::int64_t feature, std::int64_t head_dim) {
    return (position / kPairedLanes * head_dim + feature) * kPairedLanes + position % kPairedLanes;
}

// The right side of a product, columns in blocks of 16: step p of column j, a pair or a number, stands in the 32-bit
// word (j / 16) * block + p * step + j % 16.
template <class T>
struct WordMatrix {
    const T* data;
    std::int64_t step, block;  // words
};
using PairedMatrix = WordMatrix<BF16>;
using NumberMatrix = WordMatrix<float>;
// Columns: the positions from `first` on, a multiple of 16. Pairs: of features.
inline PairedMatrix paired_keys(const BF16* keys, std::int64_t first, std::int64_t head_dim) {
    return {keys + first * head_dim, kPairedLanes, kPairedLanes * head_dim / 2};
}
// Columns: the features. Pairs: of the positions from `first` on, an even number.
inline PairedMatrix paired_values(const BF16* values, std::int64_t first, std::int64_t head_dim) {
    return {values + first * head_dim, head_dim, kPairedLanes};
}

inline NumberMatrix number_keys(const float* keys, std::int64_t first, std::int64_t head_dim) {
    return {keys + first * head_dim, kPairedLanes, kPairedLanes * head_dim};
}
inline NumberMatrix number_values(const float* values, std::int64_t first, std::int64_t head_dim) {
    return {values + first * head_dim, head_dim, kPairedLanes};
}

struct PairedKernels {
    bool fast;  // the processor multiplies pairs in one step: faster than f32 numbers
    // c[r, j] = sum over i < 2 pairs of a[r, i] B[i, j], or c += it. a: rows of bf16, a_stride apart, an even number;
    // `columns`: a multiple of 16. A result depends on nothing but its row, its column and `pairs`. `ahead`: as many
    // bytes as B has, which will be read next and are asked for meanwhile, or null.
    void (*product)(const BF16* a, std::int64_t a_stride, std::int64_t rows, const PairedMatrix& b, std::int64_t pairs,
                    std::int64_t columns, float* c, std::int64_t c_stride, bool accumulate, const void* ahead);
    // A step of a running softmax (Milakov & Gimelshein 2018): *max becomes m, the maximum of itself and of the first
    // `valid` of n scores (valid >= 1, n a multiple of 16); weights[i] = exp(scores[i] - m), and 0 from `valid` on.
    // Returns the sum of the weights before they were rounded.
    float (*softmax)(const float* scores, std::int64_t valid, std::int64_t n, float* max, BF16* weights);
};

}  // namespace cria
