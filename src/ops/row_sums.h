// Sums over the rows of a batch, for the gradients of vectors (a norm's scale and bias).
#pragma once

#include <cstring>

#include "ops/parallel.h"

namespace cria {

// The rows are cut in the same parts whatever the number of threads; each part sums for itself, and the
// sums are added in order.
class RowSums {
public:
    // Scratch from the pass's arena, alive as long as this object; nothing else may be allocated meanwhile.
    RowSums(const Pass& pass, std::int64_t rows, std::int64_t columns)
        : pass_(pass), mark_(pass.arena().mark()), rows_(rows), sums_(pass.allocate(Shape{kParts, columns})) {}
    RowSums(const RowSums&) = delete;
    RowSums& operator=(const RowSums&) = delete;
    ~RowSums() { pass_.arena().rewind(mark_); }

    // Calls body(first_row, last_row, sum) for each part, in parallel; `sum` [columns] starts at zero.
    template <class Body>
    void run(Body&& body) {
        pass_.pool().parallel(kParts, [&](int part) {
            float* sum = sums_.f32() + part * sums_.columns();
            std::memset(sum, 0, static_cast<std::size_t>(sums_.columns()) * sizeof(float));
            body(rows_ * part / kParts, rows_ * (part + 1) / kParts, sum);
        });
    }

    // into [count] += columns [offset, offset + count) of the sums.
    void add_to(const Tensor& into, std::int64_t offset = 0) const {
        for (int part = 0; part < kParts; ++part)
            pass_.kernels().add(into.f32(), sums_.f32() + part * sums_.columns() + offset, into.elements(), into.f32());
    }

private:
    static constexpr int kParts = 16;

    const Pass& pass_;
    Arena::Mark mark_;
    std::int64_t rows_;
    Tensor sums_;
};

}  // namespace cria
