#include "kernels/cpu/vec_avx512_bf16.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const PairKernels kAvx512Bf16Pairs = pair_kernels<Avx512Bf16>();

}  // namespace cria
