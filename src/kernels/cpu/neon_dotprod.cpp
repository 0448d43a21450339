#include "kernels/cpu/vec_neon_dotprod.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const IntegerKernels kNeonDotprodInteger = integer_kernels<NeonDotprod>();

}  // namespace cria
