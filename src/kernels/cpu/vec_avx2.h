// Eight floats in a 256-bit register (AVX2, FMA, F16C).
#pragma once

#include <immintrin.h>

#include "kernels/cpu/vec.h"

namespace cria {
namespace {

struct Avx2 : VecBase<Avx2, 8> {
    static constexpr int kTileRows = 6;  // 12 sums of 16 registers
    static constexpr int kTileVectors = 2;
    static constexpr int kPanelRows = 4;
    static constexpr int kPanelTiles = 1;

    CRIA_INLINE U in_register(U v) {
        __asm__("" : "+x"(v));
        return v;
    }
    CRIA_INLINE __m256i below(std::int64_t n) {
        return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    }
    CRIA_INLINE F load_part(const float* from, std::int64_t n) { return _mm256_maskload_ps(from, below(n)); }
    CRIA_INLINE void store_part(float* to, F v, std::int64_t n) { _mm256_maskstore_ps(to, below(n), v); }
    CRIA_INLINE F lanes_below(std::int64_t n, F v, F other) {
        return _mm256_blendv_ps(other, v, _mm256_castsi256_ps(below(n)));
    }
    CRIA_INLINE F add_product(F sum, F a, F b) { return _mm256_fmadd_ps(a, b, sum); }
    CRIA_INLINE F sqrt(F v) { return _mm256_sqrt_ps(v); }
    CRIA_INLINE U widen_bits(H h) { return (U)_mm256_cvtepu16_epi32((__m128i)h); }
    CRIA_INLINE F widen_f16(H h) { return _mm256_cvtph_ps((__m128i)h); }
    CRIA_INLINE H narrow_f16(F v) { return (H)_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

    CRIA_INLINE I widen_unsigned(const void* from) {
        return (I)_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from)));
    }
    CRIA_INLINE I widen_signed(const void* from) {
        return (I)_mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(from)));
    }
    // |w| times x with the sign of w: at most 2 x 128 x 127, which fits 16 bits.
    static constexpr bool kSignedBytes = true;
    CRIA_INLINE I dot4_signed(I sum, U w, U x) {
        return widen_pairs(sum, pairs((U)_mm256_abs_epi8((__m256i)w), (U)_mm256_sign_epi8((__m256i)x, (__m256i)w)));
    }
    static constexpr bool kSumsIn16Bits = true;
    CRIA_INLINE U pairs(U w, U x) { return (U)_mm256_maddubs_epi16((__m256i)w, (__m256i)x); }
    CRIA_INLINE U add_pairs(U a, U b) { return (U)_mm256_add_epi16((__m256i)a, (__m256i)b); }
    CRIA_INLINE I widen_pairs(I sum, U pairs) {
        return sum + (I)_mm256_madd_epi16((__m256i)pairs, _mm256_set1_epi16(1));
    }
    CRIA_INLINE U look_up(const std::uint8_t* table, U bytes) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
        return (U)_mm256_shuffle_epi8(_mm256_broadcastsi128_si256(sixteen), (__m256i)bytes);
    }
};

}  // namespace
}  // namespace cria
