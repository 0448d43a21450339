#include "kernels/cpu/vec_avx512_vnni.h"

#include "kernels/cpu/table.h"
#include "kernels/cpu/tables.h"

namespace cria {

constinit const PackedKernels kAvx512VnniPacked = packed_kernels<Avx512Vnni>();

}  // namespace cria
