// Products with weights, shared by the operations that have one. All of them spread over the pool.
//
// Packed weights are multiplied in whole numbers where they are quantised (kernels/packed.h), else as 16-bit numbers
// (kernels/tiled.h): bf16, where the processor has an instruction for it, in pairs, with x rounded to bf16 as the
// weight is; else in f32. Others are multiplied in f32 as they are stored (Kernels::dense). In each of these a row of
// the result depends on that row of x alone, bit for bit, never on how many rows are beside it. Training multiplies by
// Kernels::gemm, for which 16-bit weights are widened panel by panel.
#pragma once

#include <cstdint>
#include <optional>

#include "base/function_ref.h"
#include "ops/pass.h"

namespace cria {

// What a weight's matrix is to a product.
struct WeightForm {
    std::optional<ElementType> packed{};
    std::int64_t rows = 0, columns = 0;
};
WeightForm form_of(const Weight& weight);
// Bytes of the arena that product() uses in inference while it runs over `rows` rows of x.
std::size_t product_scratch(const Kernels& kernels, const WeightForm& form, std::int64_t rows);

// y = x W^T (or y += x W^T), x [rows, in], W [out, in], y [rows, out].
void product(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate = false);

// Rows of x [rows, in] that are made where they are rounded: they stay in the cache, and need no memory together.
struct MadeRows {
    std::int64_t rows;
    FunctionRef<void(std::int64_t row, float* to)> make;  // on any thread; must not use thread_scratch()
};
// Whether the product with a weight can take them, in inference.
bool takes_made_rows(const Weight& weight);
void product(const Pass& pass, const MadeRows& x, const Weight& weight, const Tensor& y, bool accumulate = false);

// dx = dy W (or dx += dy W).
void product_gradient_x(const Pass& pass, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate);
// dW += dy^T x.
void product_gradient_weight(const Pass& pass, const Tensor& dy, const Tensor& x, const Tensor& dweight);

// Elements of f32, bf16 or f16 as f32.
void widen(const Kernels& kernels, const void* from, DType type, std::int64_t n, float* to);

// A [rows, columns] tensor as a kernel sees it.
Matrix<const float> matrix(const Tensor& tensor);
Matrix<float> mutable_matrix(const Tensor& tensor);

}  // namespace cria
