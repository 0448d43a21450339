#include "kernels/cpu/vec_avx_vnni.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const IntegerKernels kAvxVnniInteger = integer_kernels<AvxVnni>();

}  // namespace cria
