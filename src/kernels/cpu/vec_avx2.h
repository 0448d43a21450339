// Eight floats in a 256-bit register (AVX2, FMA, F16C).
#pragma once

#include <immintrin.h>

#include "kernels/cpu/vec.h"

namespace cria {
namespace {

struct Avx2 : VecBase<Avx2, 8> {
    static constexpr int kTileRows = 6;  // 12 sums of 16 registers
    static constexpr int kTileVectors = 2;

    CRIA_INLINE __m256i below(std::int64_t n) {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    CRIA_INLINE F load_part(const float* from, std::int64_t n) { return _mm256_maskload_ps(from, below(n)); }
    CRIA_INLINE void store_part(float* to, F v, std::int64_t n) { _mm256_maskstore_ps(to, below(n), v); }
    CRIA_INLINE F lanes_below(std::int64_t n, F v, F other) {
        return _mm256_blendv_ps(other, v, _mm256_castsi256_ps(below(n)));
    }
    CRIA_INLINE F sqrt(F v) { return _mm256_sqrt_ps(v); }
    CRIA_INLINE U widen_bits(H h) { return (U)_mm256_cvtepu16_epi32((__m128i)h); }
    CRIA_INLINE F widen_f16(H h) { return _mm256_cvtph_ps((__m128i)h); }
    CRIA_INLINE H narrow_f16(F v) { return (H)_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
};

}  // namespace
}  // namespace cria
