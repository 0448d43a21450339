// Scratch memory of the matrix product.
#pragma once

#include <cstdint>

namespace cria {

// At least `floats` floats, 64-byte aligned, of the calling thread; the same memory at every call, grown when
// needed and kept until the thread ends.
float* gemm_workspace(std::int64_t floats);

}  // namespace cria
