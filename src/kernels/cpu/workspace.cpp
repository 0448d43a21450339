#include "kernels/cpu/workspace.h"

#include "tensor/tensor.h"

namespace cria {

float* gemm_workspace(std::int64_t floats) {
    thread_local std::shared_ptr<Storage> memory;
    const std::size_t bytes = static_cast<std::size_t>(floats) * sizeof(float);
    if (memory == nullptr || memory->bytes() < bytes) memory = Storage::allocate(bytes);
    return reinterpret_cast<float*>(memory->data());
}

}  // namespace cria
