#include "kernels/cpu/vec_neon.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const Kernels kNeonKernels = kernel_table<Neon>("neon");

}  // namespace cria
