#include "ops/parallel.h"

#include "tensor/tensor.h"

namespace cria {

float* thread_scratch(std::int64_t floats) {
    thread_local Tensor scratch;
    if (scratch.empty() || scratch.elements() < floats) scratch = Tensor::zeros(DType::f32, Shape{floats});
    return scratch.f32();
}

}  // namespace cria
