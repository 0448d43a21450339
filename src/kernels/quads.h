// Products of eight-bit numbers in quads, for keys and values of attention that are stored in eight bits.
//
// Whole numbers are summed, four products a lane and step (vpdpbusd). What is stored has a scale for each position and
// is never widened; what it is multiplied with, queries and weights, is rounded to fifteen bits and multiplied in two
// halves of eight, so that the stored numbers are the only ones with an error to speak of.
//
//     keys    [positions / 16][head_dim / 4][16][4]  16 positions side by side, quads of features
//     values  [positions / 4][head_dim][4]           all features side by side, quads of positions
//
// Numbers are -127 to 127, stored with 128 added. head_dim is a multiple of 16, and so is the room for positions.
#pragma once

#include <cstdint>

namespace cria {

inline constexpr std::int64_t kQuadLanes = 16;

constexpr std::int64_t quad_key_place(std::int64_t position, std::int64_t feature, std::int64_t head_dim) {
    return position / kQuadLanes * kQuadLanes * head_dim + feature / 4 * 4 * kQuadLanes + position % kQuadLanes * 4 +
           feature % 4;
}
constexpr std::int64_t quad_value_place(std::int64_t position, std::int64_t feature, std::int64_t head_dim) {
    return position / 4 * 4 * head_dim + feature * 4 + position % 4;
}

// The right side of a product, columns in blocks of 16: quad q of column j stands in the 32-bit word
// (j / 16) * block + q * step + j % 16. Column j is multiplied with scales[j], or by none where that is null.
struct QuadMatrix {
    const std::uint8_t* data;
    std::int64_t step, block;  // words
    const float* scales;
};
// Columns: the positions. Quads: of features.
inline QuadMatrix quad_keys(const std::uint8_t* keys, std::int64_t head_dim, const float* scales) {
    return {keys, kQuadLanes, kQuadLanes * head_dim / 4, scales};
}
// Columns: the features. Quads: of the positions.
inline QuadMatrix quad_values(const std::uint8_t* values, std::int64_t head_dim) {
    return {values, head_dim, kQuadLanes, nullptr};
}

// A row in fifteen bits: number i is about scale * (255 high[i] + low[i]), each half -127 to 127.
struct SplitScale {
    float scale;
    std::int32_t sum;  // of the 255 high[i] + low[i]
};

struct QuadKernels {
    // Splits a row of n numbers, a multiple of 16, at most 512. A number that is none makes the scale none.
    SplitScale (*split)(const float* x, std::int64_t n, std::int8_t* high, std::int8_t* low);
    // As PairedKernels::softmax, of n <= 128 scores, whose weights are multiplied by factors >= 0 and split. Returns
    // the sum of the weights before that.
    float (*softmax)(const float* scores, const float* factors, std::int64_t valid, std::int64_t n, float* max,
                     std::int8_t* high, std::int8_t* low, SplitScale* split);
    // c[r, j] = sum over i < 4 quads of a[r, i] B[i, j], or c += it; at most 512 numbers. Row r of a: halves at
    // a + 2 r a_stride and a_stride further, split with scales[r]; what is beyond 4 quads is zero. `columns`: a
    // multiple of 16. Any order of the sums gives the same. `ahead`: as many bytes as B has, which will be read next
    // and are asked for meanwhile, or null.
    void (*product)(const std::int8_t* a, std::int64_t a_stride, const SplitScale* scales, std::int64_t rows,
                    const QuadMatrix& b, std::int64_t quads, std::int64_t columns, float* c, std::int64_t c_stride,
                    bool accumulate, const void* ahead);
};

}  // namespace cria
