// What simde_test.cpp makes, for processors with AVX2.
#pragma once

#include "kernels/kernels.h"

namespace cria::testing {

extern const IntegerKernels kAvxVnniThroughSimde;

}  // namespace cria::testing
