// Sixteen floats in a 512-bit register (AVX-512 F, BW, DQ, VL).
#pragma once

#include <immintrin.h>

#include "kernels/cpu/vec.h"

namespace cria {
namespace {

struct Avx512 : VecBase<Avx512, 16> {
    static constexpr int kTileRows = 14;  // 28 sums of 32 registers
    static constexpr int kTileVectors = 2;

    CRIA_INLINE __mmask16 below(std::int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
    CRIA_INLINE F load_part(const float* from, std::int64_t n) { return _mm512_maskz_loadu_ps(below(n), from); }
    CRIA_INLINE void store_part(float* to, F v, std::int64_t n) { _mm512_mask_storeu_ps(to, below(n), v); }
    CRIA_INLINE F lanes_below(std::int64_t n, F v, F other) { return _mm512_mask_blend_ps(below(n), other, v); }
    // With a full mask: g++ 12 warns about the plain forms, whose headers read an uninitialised value.
    static constexpr __mmask16 kFull = 0xffff;
    CRIA_INLINE F sqrt(F v) { return _mm512_maskz_sqrt_ps(kFull, v); }
    CRIA_INLINE U widen_bits(H h) { return (U)_mm512_maskz_cvtepu16_epi32(kFull, (__m256i)h); }
    CRIA_INLINE H narrow_bits(U u) { return (H)_mm512_maskz_cvtepi32_epi16(kFull, (__m512i)u); }
    CRIA_INLINE F widen_f16(H h) { return _mm512_maskz_cvtph_ps(kFull, (__m256i)h); }
    CRIA_INLINE H narrow_f16(F v) {
        return (H)_mm512_maskz_cvtps_ph(kFull, v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }
};

}  // namespace
}  // namespace cria
