// Avx512 on processors that add two products of bf16 numbers to 32 bits in one instruction (AVX-512 BF16). It takes
// subnormal numbers as zero.
#pragma once

#include "kernels/cpu/vec_avx512.h"

namespace cria {
namespace {

struct Avx512Bf16 : Avx512 {
    static constexpr bool kPairsInOneStep = true;
    CRIA_INLINE F dot2_bf16(F sum, U b, U a) { return _mm512_dpbf16_ps(sum, (__m512bh)b, (__m512bh)a); }
    CRIA_INLINE H narrow_bf16(F v) { return (H)_mm512_cvtneps_pbh(v); }
};

}  // namespace
}  // namespace cria
