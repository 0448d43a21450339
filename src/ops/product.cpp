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

// Rows of a weight that a task has at most: beside them others stay in step.
constexpr std::int64_t kMostOutputs = 256;

// The ways of a product.
enum class Way { quantised, pairs, tiles, dense, panels };
Way way_of(const Kernels& kernels, const WeightForm& form, bool training) {
    if (!form.packed) return training ? Way::panels : Way::dense;
    if (std::holds_alternative<BlockType>(*form.packed)) return Way::quantised;
    return *form.packed == ElementType(DType::bf16) && kernels.paired.fast ? Way::pairs : Way::tiles;
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

// All rows of x as words, in memory of the pass.
template <class RowOf>
LaidRows lay(const Pass& pass, std::int64_t rows, std::int64_t columns, bool pairs, const RowOf& row_of) {
    const std::int64_t words = laid_words(rows, columns, pairs);
    const LaidRows out{rows, columns, pass.kernels().tiled.strip, pairs, pass.allocate(Shape{words}).f32()};
    parallel_rows(pass, rows, columns, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row) lay_row(pass.kernels(), row_of(row), row, out);
    });
    return out;
}

// multiply(part, first_tile, last_tile, y) for the tiles of all parts, which are dealt out together: one barrier,
// whatever the parts. y: where the part's results begin in the first row.
template <class Multiply>
void for_tiles(const Pass& pass, std::int64_t rows, const Weight& weight, const Tensor& y, const Multiply& multiply) {
    std::int64_t tiles = 0;
    for (const PackedPart& part : weight.packed) tiles += part.tiles();
    const std::int64_t work = weight.packed.front().lanes * weight.columns() * rows;
    parallel_rows(pass, tiles, weight.packed.front().quantised() ? work / 8 : work,
                  [&](std::int64_t first, std::int64_t last) {
                      std::int64_t begin = 0, row = 0;
                      for (const PackedPart& part : weight.packed) {
                          const std::int64_t from = std::max(first - begin, std::int64_t{0}),
                                             to = std::min(last - begin, part.tiles());
                          if (from < to) multiply(part, from, to, y.f32() + row);
                          begin += part.tiles();
                          row += part.rows;
                      }
                  });
}

template <class RowOf>
void packed_product(const Pass& pass, std::int64_t rows, const RowOf& row_of, const Weight& weight, const Tensor& y,
                    bool accumulate) {
    const Arena::Mark mark = pass.arena().mark();
    const Way way = way_of(pass.kernels(), form_of(weight), pass.rounds_as_training());
    const std::int64_t columns = weight.columns();
    if (way == Way::quantised) {
        const QuantizedRows x = quantize(pass, rows, columns, row_of);
        for_tiles(pass, rows, weight, y, [&](const PackedPart& part, std::int64_t first, std::int64_t last, float* to) {
            pass.kernels().packed.product(x, part.blocks(), first, last, to, y.columns(), accumulate);
        });
    } else {
        const LaidRows x = lay(pass, rows, columns, way == Way::pairs, row_of);
        for_tiles(pass, rows, weight, y, [&](const PackedPart& part, std::int64_t first, std::int64_t last, float* to) {
            pass.kernels().tiled.product(x, part.numbers(), first, last, to, y.columns(), accumulate);
        });
    }
    pass.arena().rewind(mark);
}

}  // namespace

std::int64_t Weight::rows() const {
    if (packed.empty()) return value.rows();
    std::int64_t sum = 0;
    for (const PackedPart& part : packed) sum += part.rows;
    return sum;
}

void PackedPart::read_row(std::int64_t row, float* to) const {
    quantised() ? unpack_row(blocks(), row, to) : untile_row(numbers(), row, to);
}

WeightForm form_of(const Weight& weight) {
    WeightForm form{{}, weight.rows(), weight.columns()};
    if (!weight.packed.empty()) form.packed = weight.packed.front().type;
    return form;
}

std::size_t product_scratch(const Kernels& kernels, const WeightForm& form, std::int64_t rows) {
    const auto bytes = [](std::int64_t count, std::size_t each) {
        return Arena::padded(static_cast<std::size_t>(count) * each);
    };
    switch (way_of(kernels, form, false)) {
        case Way::quantised:
            return bytes(rows * form.columns, 1) + bytes(rows * form.columns / kSlice, sizeof(SliceScale));
        case Way::pairs: return bytes(laid_words(rows, form.columns, true), sizeof(float));
        case Way::tiles: return bytes(laid_words(rows, form.columns, false), sizeof(float));
        case Way::dense:
        case Way::panels: return 0;
    }
    return 0;
}

void product(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate) {
    CRIA_ASSERT(x.columns() == weight.columns() && y.columns() == weight.rows() && y.rows() == x.rows());
    switch (way_of(pass.kernels(), form_of(weight), pass.rounds_as_training())) {
        case Way::quantised:
        case Way::pairs:
        case Way::tiles: {
            const float* rows = x.f32();
            const auto row_of = [&](std::int64_t row) { return rows + row * x.columns(); };
            return packed_product(pass, x.rows(), row_of, weight, y, accumulate);
        }
        case Way::dense: return dense_product(pass, x, weight.value, y, accumulate);
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
