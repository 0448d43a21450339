#include "kernels/cpu/vec_avx512_vnni.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const IntegerKernels kAvx512VnniInteger = integer_kernels<Avx512Vnni>();

}  // namespace cria
