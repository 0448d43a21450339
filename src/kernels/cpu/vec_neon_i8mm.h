// NeonDotprod on processors that multiply unsigned with signed bytes (FEAT_I8MM).
#pragma once

#include "kernels/cpu/vec_neon_dotprod.h"

namespace cria {
namespace {

struct NeonI8mm : NeonDotprod {
    static constexpr bool kSignedBytes = false;
    CRIA_INLINE I dot4(I sum, U w, U x) { return (I)vusdotq_s32((int32x4_t)sum, (uint8x16_t)w, (int8x16_t)x); }
};

}  // namespace
}  // namespace cria
