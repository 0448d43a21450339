// Avx2 on processors that add four products of bytes to 32 bits in one instruction (AVX-VNNI).
#pragma once

#include "kernels/cpu/vec_avx2.h"

namespace cria {
namespace {

struct AvxVnni : Avx2 {
    CRIA_INLINE I dot4(I sum, U w, U x) { return (I)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)w, (__m256i)x); }
    CRIA_INLINE I dot4_small(I sum, U w, U x) { return dot4(sum, w, x); }
    static constexpr bool kSignedBytes = false, kSumsIn16Bits = false;
};

}  // namespace
}  // namespace cria
