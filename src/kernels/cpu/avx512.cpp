#include "kernels/cpu/vec_avx512.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const Kernels kAvx512Kernels = kernel_table<Avx512>("avx512");

}  // namespace cria
