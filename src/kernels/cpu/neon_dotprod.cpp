#include "kernels/cpu/vec_neon_dotprod.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const PackedKernels kNeonDotprodPacked = packed_kernels<NeonDotprod>();

}  // namespace cria
