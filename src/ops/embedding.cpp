// Embedding: rows of a table.
#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/product.h"
#include "ops/tape.h"

namespace cria {
namespace {

// A row of the table belongs to one task, which adds in the order of the batch: the sums do not depend
// on the number of threads.
constexpr int kOwners = 16;

void add_rows(const Pass& pass, const Tensor& dy, std::span<const std::int32_t> ids, float* gradient) {
    const std::int64_t width = dy.columns();
    const float* from = dy.f32();
    pass.pool().parallel(kOwners, [&](int owner) {
        for (std::size_t row = 0; row < ids.size(); ++row) {
            if (ids[row] % kOwners != owner) continue;
            float* into = gradient + ids[row] * width;
            pass.kernels().add(into, from + static_cast<std::int64_t>(row) * width, width, into);
        }
    });
}

// Row `id` of the table in f32.
void read_row(const Kernels& kernels, const Weight& table, std::int64_t id, float* to) {
    for (const PackedPart& part : table.packed) {
        if (id < part.rows) return part.read_row(id, to);
        id -= part.rows;
    }
    const std::int64_t row_bytes = table.columns() * static_cast<std::int64_t>(bytes_of(table.value.dtype()));
    const auto* bytes = static_cast<const std::byte*>(table.value.raw());
    widen(kernels, bytes + id * row_bytes, table.value.dtype(), table.columns(), to);
}

}  // namespace

Value embedding(Pass& pass, std::span<const std::int32_t> ids, const Weight& table) {
    const std::int64_t rows = static_cast<std::int64_t>(ids.size()), width = table.columns();
    for (const std::int32_t id : ids) CRIA_ASSERT(id >= 0 && id < table.rows());
    const Tensor y = pass.allocate(Shape{rows, width});
    parallel_rows(pass, rows, width, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t row = first; row < last; ++row)
            read_row(pass.kernels(), table, ids[static_cast<std::size_t>(row)], y.f32() + row * width);
    });
    if (!pass.training() || !table.trainable()) return {y};
    return pass.tape()->record(y, [kept = std::vector(ids.begin(), ids.end()), &table](Pass& back, int node) {
        add_rows(back, back.tape()->gradient(node), kept, table.gradient.f32());
    });
}

}  // namespace cria
