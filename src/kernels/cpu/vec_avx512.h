// Sixteen floats in a 512-bit register (AVX-512 F, BW, DQ, VL).
#pragma once

#include <immintrin.h>

#include "kernels/cpu/vec.h"

namespace cria {
namespace {

struct Avx512 : VecBase<Avx512, 16> {
    static constexpr int kTileRows = 14;  // 28 sums of 32 registers
    static constexpr int kTileVectors = 2;
    static constexpr int kPanelRows = 6;  // 12 sums of products and 12 sums of groups
    static constexpr int kPanelTiles = 2;

    CRIA_INLINE __mmask16 below(std::int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }
    CRIA_INLINE F load_part(const float* from, std::int64_t n) { return _mm512_maskz_loadu_ps(below(n), from); }
    CRIA_INLINE void store_part(float* to, F v, std::int64_t n) { _mm512_mask_storeu_ps(to, below(n), v); }
    CRIA_INLINE F lanes_below(std::int64_t n, F v, F other) { return _mm512_mask_blend_ps(below(n), other, v); }
    // With a full mask: g++ 12 warns about the plain forms, whose headers read an uninitialised value.
    static constexpr __mmask16 kFull = 0xffff;
    CRIA_INLINE U in_register(U v) {
        __asm__("" : "+v"(v));
        return v;
    }
    CRIA_INLINE F add_product(F sum, F a, F b) { return _mm512_fmadd_ps(a, b, sum); }
    CRIA_INLINE F sqrt(F v) { return _mm512_maskz_sqrt_ps(kFull, v); }
    CRIA_INLINE U widen_bits(H h) { return (U)_mm512_maskz_cvtepu16_epi32(kFull, (__m256i)h); }
    CRIA_INLINE H narrow_bits(U u) { return (H)_mm512_maskz_cvtepi32_epi16(kFull, (__m512i)u); }
    CRIA_INLINE F widen_f16(H h) { return _mm512_maskz_cvtph_ps(kFull, (__m256i)h); }
    CRIA_INLINE H narrow_f16(F v) {
        return (H)_mm512_maskz_cvtps_ph(kFull, v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    }

    CRIA_INLINE I widen_unsigned(const void* from) {
        return (I)_mm512_maskz_cvtepu8_epi32(kFull, _mm_loadu_si128(static_cast<const __m128i*>(from)));
    }
    CRIA_INLINE I widen_signed(const void* from) {
        return (I)_mm512_maskz_cvtepi8_epi32(kFull, _mm_loadu_si128(static_cast<const __m128i*>(from)));
    }
    CRIA_INLINE void store_bytes(std::int8_t* to, I v) { _mm512_mask_cvtepi32_storeu_epi8(to, kFull, (__m512i)v); }
    // |w| times x with the sign of w: at most 2 x 128 x 127, which fits 16 bits.
    static constexpr bool kSignedBytes = true;
    CRIA_INLINE I dot4_signed(I sum, U w, U x) {
        const __mmask64 negative = _mm512_movepi8_mask((__m512i)w);
        const __m512i signed_x = _mm512_mask_sub_epi8((__m512i)x, negative, _mm512_setzero_si512(), (__m512i)x);
        return widen_pairs(sum, pairs((U)_mm512_abs_epi8((__m512i)w), (U)signed_x));
    }
    static constexpr bool kSumsIn16Bits = true;
    CRIA_INLINE U pairs(U w, U x) { return (U)_mm512_maddubs_epi16((__m512i)w, (__m512i)x); }
    CRIA_INLINE U add_pairs(U a, U b) { return (U)_mm512_add_epi16((__m512i)a, (__m512i)b); }
    CRIA_INLINE I widen_pairs(I sum, U pairs) {
        return sum + (I)_mm512_madd_epi16((__m512i)pairs, _mm512_set1_epi16(1));
    }
    CRIA_INLINE U look_up(const std::uint8_t* table, U bytes) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
        return (U)_mm512_shuffle_epi8(_mm512_maskz_broadcast_i32x4(kFull, sixteen), (__m512i)bytes);
    }
};

}  // namespace
}  // namespace cria
