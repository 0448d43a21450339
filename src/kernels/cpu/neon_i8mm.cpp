#include "kernels/cpu/vec_neon_i8mm.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const IntegerKernels kNeonI8mmInteger = integer_kernels<NeonI8mm>();

}  // namespace cria
