// All kernels of one vector vocabulary as a table.
#pragma once

#include "kernels/cpu/convert.h"
#include "kernels/cpu/dense.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/packed.h"
#include "kernels/cpu/paired.h"
#include "kernels/cpu/quads.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/tiled.h"

namespace cria {

template <class V>
constexpr PackedKernels packed_kernels() {
    return {V::kLanes, V::kPanelRows, Packed<V>::quantize_row, Packed<V>::product};
}

template <class V>
constexpr QuadKernels quad_kernels() {
    return {Quads<V>::split, Quads<V>::softmax, Quads<V>::product};
}

template <class V>
constexpr IntegerKernels integer_kernels() {
    return {packed_kernels<V>(), quad_kernels<V>()};
}

template <class V>
constexpr TiledKernels tiled_kernels() {
    return {Gemm<V>::kColumns, V::kTileRows, Tiled<V>::product};
}

template <class V>
constexpr PairedKernels paired_kernels() {
    return {V::kPairsInOneStep, Paired<V>::template product<BF16>, Paired<V>::softmax};
}

template <class V>
constexpr PairKernels pair_kernels() {
    return {tiled_kernels<V>(), paired_kernels<V>()};
}

template <class V>
constexpr Kernels kernel_table(std::string_view name) {
    return {
        .name = name,
        .gemm = Gemm<V>::run,
        .number_product = Paired<V>::template product<float>,
        .dense = Dense<V>::run,
        .tiled = tiled_kernels<V>(),
        .packed = packed_kernels<V>(),
        .paired = paired_kernels<V>(),
        .quads = quad_kernels<V>(),
        .rms_norm = Rows<V>::rms_norm,
        .rms_norm_gradient = Rows<V>::rms_norm_gradient,
        .rope = Rows<V>::rope,
        .swiglu = Rows<V>::swiglu,
        .swiglu_gradient = Rows<V>::swiglu_gradient,
        .gelu = Rows<V>::gelu,
        .gelu_gradient = Rows<V>::gelu_gradient,
        .exp_sum = Rows<V>::exp_sum,
        .softmax_gradient = Rows<V>::softmax_gradient,
        .dot = Rows<V>::dot,
        .axpy = Rows<V>::axpy,
        .add = Rows<V>::add,
        .scale = Rows<V>::scale,
        .sum_squares = Rows<V>::sum_squares,
        .adamw = Rows<V>::adamw,
        .bf16_to_f32 = Convert<V>::template to_f32<BF16>,
        .f32_to_bf16 = Convert<V>::template from_f32<BF16>,
        .f16_to_f32 = Convert<V>::template to_f32<F16>,
        .f32_to_f16 = Convert<V>::template from_f32<F16>,
        .are_bf16 = Convert<V>::are_bf16,
    };
}

}  // namespace cria
