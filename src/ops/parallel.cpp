#include "ops/parallel.h"

#include <bit>

#include "tensor/tensor.h"

namespace cria {

float* thread_scratch(std::int64_t floats) {
    thread_local Tensor scratch;
    // By powers of two: a cache that grows by a position a time must not bring a new block each time.
    if (scratch.empty() || scratch.elements() < floats)
        scratch = Tensor::zeros(DType::f32,
                                Shape{static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(floats)))});
    return scratch.f32();
}

}  // namespace cria
