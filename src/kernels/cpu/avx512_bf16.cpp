#include "kernels/cpu/vec_avx512_bf16.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const PairedKernels kAvx512Bf16Paired = paired_kernels<Avx512Bf16>();

}  // namespace cria
