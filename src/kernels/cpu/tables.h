// The kernel tables that may be in this binary; each is one file of this folder, compiled for its
// instruction set. Which of them exist is decided by cmake/Kernels.cmake.
#pragma once

#include "kernels/kernels.h"

namespace cria {

extern const Kernels kScalarKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
extern const Kernels kNeonKernels;
// For tables that are otherwise kAvx2Kernels, kAvx512Kernels and kNeonKernels.
extern const IntegerKernels kAvxVnniInteger;
extern const IntegerKernels kAvx512VnniInteger;
extern const PairKernels kAvx512Bf16Pairs;
extern const IntegerKernels kNeonDotprodInteger;
extern const IntegerKernels kNeonI8mmInteger;

}  // namespace cria
