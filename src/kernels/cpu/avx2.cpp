#include "kernels/cpu/vec_avx2.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const Kernels kAvx2Kernels = kernel_table<Avx2>("avx2");

}  // namespace cria
