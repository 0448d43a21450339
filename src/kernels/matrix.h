// Matrices as the kernels see them.
#pragma once

#include <cstdint>

#include "tensor/dtype.h"

namespace cria {

// A matrix in memory: element (i, j) at data[i * stride + j].
template <class T>
struct Matrix {
    T* data;
    std::int64_t rows;
    std::int64_t columns;
    std::int64_t stride;
};

// Rows of a weight in one of the types it can be stored in: f32, bf16 or f16.
struct WeightRows {
    const void* data;
    DType type;
    std::int64_t rows;     // outputs
    std::int64_t columns;  // inputs, contiguous
};

}  // namespace cria
