// Four floats in a 128-bit register (Armv8-A Advanced SIMD).
#pragma once

#include <arm_neon.h>

#include "kernels/cpu/vec.h"

namespace cria {
namespace {

struct Neon : VecBase<Neon, 4> {
    static constexpr int kTileRows = 8;  // 24 sums of 32 registers
    static constexpr int kTileVectors = 3;
    static constexpr int kPanelRows = 4;
    static constexpr int kPanelTiles = 2;

    CRIA_INLINE F add_product(F sum, F a, F b) {
        return (F)vfmaq_f32((float32x4_t)sum, (float32x4_t)a, (float32x4_t)b);
    }
    CRIA_INLINE F sqrt(F v) { return (F)vsqrtq_f32((float32x4_t)v); }
    CRIA_INLINE F widen_f16(H h) { return (F)vcvt_f32_f16((float16x4_t)h); }
    CRIA_INLINE H narrow_f16(F v) { return (H)vcvt_f16_f32((float32x4_t)v); }
};

}  // namespace
}  // namespace cria
