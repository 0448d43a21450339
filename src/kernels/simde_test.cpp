// Instructions that few processors have, through SIMDe (github.com/simd-everywhere/simde): their tables' own code runs
// where AVX2 does.
#include <immintrin.h>
#include <simde/x86/avx512/dpbusd.h>

#undef _mm256_dpbusd_avx_epi32
#define _mm256_dpbusd_avx_epi32 simde_mm256_dpbusd_epi32

#include "kernels/cpu/table.h"
#include "kernels/cpu/vec_avx_vnni.h"
#include "kernels/simde_tables.h"

namespace cria::testing {

constinit const IntegerKernels kAvxVnniThroughSimde = integer_kernels<AvxVnni>();

}  // namespace cria::testing
