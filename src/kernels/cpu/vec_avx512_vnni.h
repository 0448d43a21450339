// Avx512 on processors that add four products of bytes to 32 bits in one instruction (AVX-512 VNNI).
#pragma once

#include "kernels/cpu/vec_avx512.h"

namespace cria {
namespace {

struct Avx512Vnni : Avx512 {
    CRIA_INLINE I dot4(I sum, U w, U x) { return (I)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)w, (__m512i)x); }
    CRIA_INLINE I dot4_small(I sum, U w, U x) { return dot4(sum, w, x); }
    static constexpr bool kSignedBytes = false, kSumsIn16Bits = false;
};

}  // namespace
}  // namespace cria
