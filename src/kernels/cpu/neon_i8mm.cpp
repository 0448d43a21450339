#include "kernels/cpu/vec_neon_i8mm.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const PackedKernels kNeonI8mmPacked = packed_kernels<NeonI8mm>();

}  // namespace cria
