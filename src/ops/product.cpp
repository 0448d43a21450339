#include "ops/product.h"

#include <algorithm>
#include <cstring>

#include "ops/parallel.h"

namespace cria {
namespace {

// Floats of a widened panel: fits the second-level caches of a few cores.
constexpr std::int64_t kPanelFloats = 512 * 1024;

void product_few_rows(const Pass& pass, const Tensor& x, const Tensor& weight, float* y) {
    const WeightRows rows{weight.raw(), weight.dtype(), weight.rows(), weight.columns()};
    parallel_ranges(pass, weight.rows(), x.rows() * x.columns(), [&](std::int64_t first, std::int64_t last) {
        pass.kernels().dot_rows(x.f32(), x.rows(), rows, first, last, y);
    });
}

std::int64_t widened_rows(std::int64_t rows, std::int64_t columns) {
    return std::min(rows, std::max<std::int64_t>(16, kPanelFloats / columns));
}

// Calls use(first_row, panel) with f32 panels that cover the rows of the weight.
template <class Use>
void for_panels(const Pass& pass, const Tensor& weight, Use&& use) {
    if (weight.dtype() == DType::f32) return use(std::int64_t{0}, matrix(weight));
    const std::int64_t columns = weight.columns();
    const std::int64_t panel_rows = widened_rows(weight.rows(), columns);
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

// A weight in bf16 this large is multiplied as pairs, with x rounded to bf16; smaller ones gain nothing.
constexpr std::int64_t kWorthPairing = 1 << 20;
// Numbers of a weight that a thread packs at once: with the rows of x that it meets they fit the second-level cache.
constexpr std::int64_t kPairedNumbers = 128 * 1024;
// Steps of a sum that is taken at once. A result depends on its row, its column, and this.
constexpr std::int64_t kPairedDepth = 2048;

// The ways of a product.
enum class Way { packed, few_rows, paired, panels };
Way way_of(const Kernels& kernels, const WeightForm& form, std::int64_t rows, bool training) {
    if (form.packed) return Way::packed;
    if (rows <= kFewRows) return Way::few_rows;
    const bool pairs = form.type == DType::bf16 && form.rows * form.columns >= kWorthPairing && form.columns % 2 == 0 &&
                       form.rows % kPairedLanes == 0;
    return pairs && kernels.paired.fast && !training ? Way::paired : Way::panels;
}

void paired_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    const Arena::Mark mark = pass.arena().mark();
    const std::int64_t n = weight.columns(), depth = std::min(n, kPairedDepth), rows = x.rows();
    BF16* rounded = pass.arena().tensor(DType::bf16, x.shape()).data<BF16>();
    parallel_rows(pass, rows, n, [&](std::int64_t first, std::int64_t last) {
        pass.kernels().f32_to_bf16(x.f32() + first * n, (last - first) * n, rounded + first * n);
    });
    const std::int64_t together = std::max<std::int64_t>(2, kPairedNumbers / depth / kPairedLanes);  // blocks of 16
    const std::int64_t blocks = weight.rows() / kPairedLanes, panels = (blocks + together - 1) / together;
    const PairedKernels& kernels = pass.kernels().paired;
    pass.pool().parallel(static_cast<int>(panels), [&](int panel) {
        const std::int64_t first = panel * together, count = std::min(together, blocks - first);
        auto* packed = reinterpret_cast<BF16*>(thread_scratch(together * kPairedLanes * depth / 2));
        for (std::int64_t from = 0; from < n; from += depth) {
            const std::int64_t pairs = std::min(depth, n - from) / 2, block_words = pairs * kPairedLanes;
            for (std::int64_t b = 0; b < count; ++b)
                kernels.pack(weight.data<BF16>() + (first + b) * kPairedLanes * n + from, n, pairs,
                             packed + 2 * b * block_words);
            kernels.product(rounded + from, n, rows, {packed, kPairedLanes, block_words}, pairs, count * kPairedLanes,
                            y.f32() + first * kPairedLanes, y.columns(), accumulate || from > 0);
        }
    });
    pass.arena().rewind(mark);
}

void few_rows_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    if (!accumulate) return product_few_rows(pass, x, weight, y.f32());
    const Arena::Mark mark = pass.arena().mark();
    const Tensor fresh = pass.allocate(y.shape());
    product_few_rows(pass, x, weight, fresh.f32());
    pass.kernels().add(y.f32(), fresh.f32(), y.elements(), y.f32());
    pass.arena().rewind(mark);
}

void panel_product(const Pass& pass, const Tensor& x, const Tensor& weight, const Tensor& y, bool accumulate) {
    for_panels(pass, weight, [&](std::int64_t first, Matrix<const float> panel) {
        const Matrix<float> out{y.f32() + first, y.rows(), panel.rows, y.columns()};
        pass.kernels().gemm(pass.pool(), Transpose::no, matrix(x), Transpose::yes, panel, out, accumulate);
    });
}

// All rows of x in eight bits, in memory of the pass.
QuantizedRows quantize(const Pass& pass, const Tensor& x) {
    const PackedKernels& kernels = pass.kernels().packed;
    const std::int64_t rows = x.rows(), columns = x.columns(), slices = columns / kSlice;
    const auto scale_bytes = static_cast<std::int64_t>(sizeof(SliceScale));
    const QuantizedRows out{
        rows, columns, kernels.panel, pass.arena().tensor(DType::i8, Shape{rows, columns}).data<std::int8_t>(),
        static_cast<SliceScale*>(pass.arena().tensor(DType::i8, Shape{rows * slices * scale_bytes}).raw())};
    // A task has whole panels; the last one also those of fewer rows that the end is made of.
    const std::int64_t groups = (rows + kernels.panel - 1) / kernels.panel;
    parallel_rows(pass, groups, kernels.panel * columns, [&](std::int64_t first_group, std::int64_t last_group) {
        const std::int64_t last = std::min(rows, last_group * kernels.panel);
        for (std::int64_t first = first_group * kernels.panel; first < last;) {
            const std::int64_t count = panel_rows(rows, first, kernels.panel);
            for (std::int64_t r = 0; r < count; ++r)
                kernels.quantize_row(x.f32() + (first + r) * columns, columns, count,
                                     out.numbers + first * columns + r * kSlice, out.scales + first * slices + r);
            first += count;
        }
    });
    return out;
}

// The tiles of all parts are dealt out together: one barrier, whatever the parts.
void packed_product(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate) {
    const Arena::Mark mark = pass.arena().mark();
    const QuantizedRows quantized = quantize(pass, x);
    std::int64_t tiles = 0;
    for (const PackedPart& part : weight.packed) tiles += part.view().tiles();
    const std::int64_t lanes = weight.packed.front().lanes;
    parallel_rows(pass, tiles, lanes * x.columns() * x.rows() / 8, [&](std::int64_t first, std::int64_t last) {
        std::int64_t begin = 0, row = 0;
        for (const PackedPart& part : weight.packed) {
            const PackedRows rows = part.view();
            const std::int64_t from = std::max(first - begin, std::int64_t{0}),
                               to = std::min(last - begin, rows.tiles());
            if (from < to)
                pass.kernels().packed.product(quantized, rows, from, to, y.f32() + row, y.columns(), accumulate);
            begin += rows.tiles();
            row += part.rows;
        }
    });
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
    return {packed, packed ? DType::f32 : weight.value.dtype(), weight.rows(), weight.columns()};
}

std::size_t product_scratch(const Kernels& kernels, const WeightForm& form, std::int64_t rows, bool accumulate) {
    const auto bytes = [](std::int64_t count, std::size_t each) {
        return Arena::padded(static_cast<std::size_t>(count) * each);
    };
    switch (way_of(kernels, form, rows, false)) {
        case Way::packed:
            return bytes(rows * form.columns, 1) + bytes(rows * form.columns / kSlice, sizeof(SliceScale));
        case Way::few_rows: return accumulate ? bytes(rows * form.rows, sizeof(float)) : 0;
        case Way::paired: return bytes(rows * form.columns, sizeof(BF16));
        case Way::panels:
            if (form.type == DType::f32) return 0;
            return bytes(widened_rows(form.rows, form.columns) * form.columns, sizeof(float));
    }
    return 0;
}

void product(const Pass& pass, const Tensor& x, const Weight& weight, const Tensor& y, bool accumulate) {
    CRIA_ASSERT(x.columns() == weight.columns() && y.columns() == weight.rows() && y.rows() == x.rows());
    switch (way_of(pass.kernels(), form_of(weight), x.rows(), pass.training())) {
        case Way::packed: return packed_product(pass, x, weight, y, accumulate);
        case Way::few_rows: return few_rows_product(pass, x, weight.value, y, accumulate);
        case Way::paired: return paired_product(pass, x, weight.value, y, accumulate);
        case Way::panels: return panel_product(pass, x, weight.value, y, accumulate);
    }
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
