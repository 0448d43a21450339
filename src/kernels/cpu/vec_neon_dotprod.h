// Neon on processors that add four products of signed bytes to 32 bits in one instruction (FEAT_DotProd).
#pragma once

#include "kernels/cpu/vec_neon.h"

namespace cria {
namespace {

struct NeonDotprod : Neon {
    CRIA_INLINE I dot4_small(I sum, U w, U x) { return (I)vdotq_s32((int32x4_t)sum, (int8x16_t)w, (int8x16_t)x); }
    static constexpr bool kSignedBytes = true;
    CRIA_INLINE I dot4_signed(I sum, U w, U x) { return dot4_small(sum, w, x); }
    CRIA_INLINE U look_up(const std::uint8_t* table, U bytes) {
        return (U)vqtbl1q_u8(vld1q_u8(table), (uint8x16_t)bytes);
    }
};

}  // namespace
}  // namespace cria
