#include "ops/product.h"

#include <algorithm>
#include <cstring>

#include "ops/parallel.h"

namespace cria {
namespace {

// Floats of a widened panel: fits the second-level caches of a few cores.
constexpr std::int64_t kPanelFloats = 512 * 1024;

// Calls use(first_row, panel) with f32 panels that cover the rows of the weight.
template <class Use>
void for_panels(const Pass& pass, const Tensor& weight, Use&& use) {
    if (weight.dtype() == DType::f32) return use(std::int64_t{0}, matrix(weight));
    const std::int64_t columns = weight.columns();
    const std::int64_t panel_rows = std::min(weight.rows(), std::max<std::int64_t>(16, kPanelFloats / columns));
    const Arena::Mark mark = pass.arena().mark();
    float* panel = pass.allocate(Shape{panel_rows, columns}).f32();
    const auto* bytes = static_cast<const std::byte*>(weight.raw());
    for (std::int64_t first = 0; first < weight.rows(); first += panel_rows) {
        const std::int64_t count = std::min(panel_rows, weight.rows() - first);
        parallel_rows(pass, count, columns, [&](std::int64_t begin, std::int64_t end) {
            const std::int64_t offset = (first + begin) * columns * static_cast<std::int64_t>(bytes_of(weight.dtype()));
            widen(pass.kernels(), bytes + offset, weight.dtype(), (end - begin) * columns, panel + begin * columns);
        });
        use(first, Matrix<const float>{panel, count, columns, columns});
    }
    pass.arena().rewind(mark);
}

// A weight of bf16 numbers this large is multiplied as pairs, with x rounded to bf16; smaller ones gain nothing.
constexpr std::int64_t kWorthPairing = 1 << 20;
// Rows of a weight that a task has at most: beside them others stay in step.
constexpr std::int64_t kMostOutputs = 256;

// The ways of a product.
enum class Way { packed, dense, paired, panels };
Way way_of(const Kernels& kernels, const WeightForm& form, bool training) {
    if (form.packed) return Way::packed;
    if (training) return Way::panels;
    const bool pairs = form.of_bf16 && form.rows * form.columns >= kWorthPairing;
    return pairs && kernels.paired.fast ? Way::paired : Way::dense;
}

// Calls use(first, last) for ranges of the weight's rows.
template <class Use>
void for_outputs(const Pass& pass, const Tensor& weight, std::int64_t rows, Use&& use) {
    parallel_ranges(pass, weight.rows(), rows * weight.columns(), use, 16, kMostOutputs);
}

WeightRows rows_of(const Tensor& weight) { return {weight.raw(), weight.dtype(), weight.rows(), weight.columns()}; }

void dense_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    for_outputs(pass, weight, x.rows(), [&](std::int64_t first, std::int64_t last) {
        pass.kernels().dense(matrix(x), rows_of(weight), first, last, mutable_matrix(y), accumulate);
    });
}

// From one row of x in bf16 to the next: each begins on a word of 32 bits.
std::int64_t rounded_stride(std::int64_t columns) { return columns + columns % 2; }

void paired_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    const Arena::Mark mark = pass.arena().mark();
    const std::int64_t n = weight.columns(), rows = x.rows(), stride = rounded_stride(n);
    BF16* rounded = pass.arena().tensor(DType::bf16, Shape{rows, stride}).data<BF16>();
    parallel_rows(pass, rows, n, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) {
            pass.kernels().f32_to_bf16(x.f32() + row * n, n, rounded + row * stride);
            if (stride > n) rounded[row * stride + n] = {};
        }
    });
    for_outputs(pass, weight, rows, [&](std::int64_t first, std::int64_t last) {
        pass.kernels().paired.dense({rounded, rows, n, stride}, rows_of(weight), first, last, mutable_matrix(y),
                                    accumulate);
    });
    pass.arena().rewind(mark);
}

void panel_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    for_panels(pass, weight, [&](std::int64_t first, Matrix<const float> panel) {
        const Matrix<float> out{y.f32() + first, y.rows(), panel.rows, y.columns()};
        pass.kernels().gemm(pass.pool(), Transpose::no, matrix(x), Transpose::yes, panel, out, accumulate);
    });
}

// A row of x in eight bits, at its place among those of its panel.
void quantize_row(const PackedKernels& kernels, const float* x, std::int64_t row, const QuantizedRows& out) {
    const std::int64_t slices = out.columns / kSlice;
    std::int64_t first = row / out.panel * out.panel, beside = panel_rows(out.rows, first, out.panel);
    while (first + beside <= row) {
        first += beside;
        beside = panel_rows(out.rows, first, out.panel);
    }
    kernels.quantize_row(x, out.columns, beside, out.numbers + first * out.columns + (row - first) * kSlice,
                         out.scales + first * slices + row - first);
}

// All rows of x in eight bits, in memory of the pass. row_of(row): where the row is.
template <class RowOf>
QuantizedRows quantize(const Pass& pass, std::int64_t rows, std::int64_t columns, const RowOf& row_of) {
    const PackedKernels& kernels = pass.kernels().packed;
    const auto scale_bytes = static_cast<std::int64_t>(sizeof(SliceScale));
    const QuantizedRows out{
        rows, columns, kernels.panel, pass.arena().tensor(DType::i8, Shape{rows, columns}).data<std::int8_t>(),
        static_cast<SliceScale*>(pass.arena().tensor(DType::i8, Shape{rows * columns / kSlice * scale_bytes}).raw())};
    parallel_rows(pass, rows, columns, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) quantize_row(kernels, row_of(row), row, out);
    });
    return out;
}

// The tiles of all parts are dealt out together: one barrier, whatever the parts.
void packed_product(const Pass& pass, const QuantizedRows& x, const Weight& weight, const Tensor& y, bool accumulate) {
    std::int64_t tiles = 0;
    for (const PackedPart& part : weight.packed) tiles += part.view().tiles();
    const std::int64_t lanes = weight.packed.front().lanes;
    parallel_rows(pass, tiles, lanes * x.columns * x.rows / 8, [&](std::int64_t first, std::int64_t last) {
        std::int64_t begin = 0, row = 0;
        for (const PackedPart& part : weight.packed) {
            const PackedRows rows = part.view();
            const std::int64_t from = std::max(first - begin, std::int64_t{0}),
                               to = std::min(last - begin, rows.tiles());
            if (from < to) pass.kernels().packed.product(x, rows, from, to, y.f32() + row, y.columns(), accumulate);
            begin += rows.tiles();
            row += part.rows;
        }
    });
}

template <class RowOf>
void packed_product(const Pass& pass, std::int64_t rows, const RowOf& row_of, const Weight& weight, const Tensor& y,
                    bool accumulate) {
    const Arena::Mark mark = pass.arena().mark();
    packed_product(pass, quantize(pass, rows, weight.columns(), row_of), weight, y, accumulate);
    pass.arena().rewind(mark);
}

}  // namespace

std::int64_t Weight::rows() const {
    if (packed.empty()) return value.rows();
    std::int64_t sum = 0;
    for (const PackedPart& part : packed) sum += part.rows;
    return sum;
}

WeightForm form_of(const Weight& weight) {
    const bool packed = !weight.packed.empty();
    const bool of_bf16 = !packed && (weight.of_bf16 || weight.value.dtype() == DType::bf16);
    return {packed, of_bf16, weight.rows(), weight.columns()};
}

std::size_t product_scratch(const Kernels& kernels, const WeightForm& form, std::int64_t rows) {
    const auto bytes = [](std::int64_t count, std::size_t each) {
        return Arena::padded(static_cast<std::size_t>(count) * each);
    };
    switch (way_of(kernels, form, false)) {
        case Way::packed:
            return bytes(rows * form.columns, 1) + bytes(rows * form.columns / kSlice, sizeof(SliceScale));
        case Way::paired: return bytes(rows * rounded_stride(form.columns), sizeof(BF16));
        case Way::dense:
        case Way::panels: return 0;
    }
    return 0;
}

void product(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate) {
    CRIA_ASSERT(x.columns() == weight.columns() && y.columns() == weight.rows() && y.rows() == x.rows());
    switch (way_of(pass.kernels(), form_of(weight), pass.rounds_as_training())) {
        case Way::packed: {
            const float* rows = x.f32();
            const auto row_of = [&](std::int64_t row) { return rows + row * x.columns(); };
            return packed_product(pass, x.rows(), row_of, weight, y, accumulate);
        }
        case Way::dense: return dense_product(pass, x, weight.value, y, accumulate);
        case Way::paired: return paired_product(pass, x, weight.value, y, accumulate);
        case Way::panels: return panel_product(pass, x, weight.value, y, accumulate);
    }
}

bool takes_made_rows(const Weight& weight) { return !weight.packed.empty() && weight.low_rank == nullptr; }

void product(const Pass& pass, const MadeRows& x, const Weight& weight, const Tensor& y, bool accumulate) {
    CRIA_ASSERT(takes_made_rows(weight) && !pass.rounds_as_training());
    CRIA_ASSERT(y.columns() == weight.rows() && y.rows() == x.rows);
    const auto row_of = [&](std::int64_t row) {
        float* made = thread_scratch(weight.columns());
        x.make(row, made);
        return made;
    };
    packed_product(pass, x.rows, row_of, weight, y, accumulate);
}

Matrix<const float> matrix(const Tensor& tensor) {
    return {tensor.f32(), tensor.rows(), tensor.columns(), tensor.columns()};
}

Matrix<float> mutable_matrix(const Tensor& tensor) {
    return {tensor.f32(), tensor.rows(), tensor.columns(), tensor.columns()};
}

void widen(const Kernels& kernels, const void* from, DType type, std::int64_t n, float* to) {
    switch (type) {
        case DType::f32: std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float)); return;
        case DType::bf16: kernels.bf16_to_f32(static_cast<const BF16*>(from), n, to); return;
        case DType::f16: kernels.f16_to_f32(static_cast<const F16*>(from), n, to); return;
        case DType::i8:
        case DType::i32: break;
    }
    CRIA_ASSERT(false);  // not a weight's type
}

void product_gradient_x(const Pass& pass, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
    for_panels(pass, weight, [&](std::int64_t first, Matrix<const float> panel) {
        const Matrix<const float> part{dy.f32() + first, dy.rows(), panel.rows, dy.columns()};
        pass.kernels().gemm(pass.pool(), Transpose::no, part, Transpose::no, panel, mutable_matrix(dx),
                            accumulate || first > 0);
    });
}

void product_gradient_weight(const Pass& pass, const Tensor& dy, const Tensor& x, const Tensor& dweight) {
    pass.kernels().gemm(pass.pool(), Transpose::yes, matrix(dy), Transpose::no, matrix(x), mutable_matrix(dweight),
                        true);
}

}  // namespace cria
