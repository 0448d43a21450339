// How operations spread over threads, and memory that each thread keeps for its own scratch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "ops/pass.h"

namespace cria {

// About the work (elements read, or products) that is worth handing to another thread: some microseconds.
inline constexpr std::int64_t kWorthAThread = 24 * 1024;

// Calls body(first, last) for ranges that cover [0, count), on several threads when the whole work,
// count * work_each, is worth it. Each range starts at a multiple of `align` and has about `most` at most. Where the
// cuts fall depends on the number of threads: the body's results must not depend on them.
template <class Body>
void parallel_ranges(const Pass& pass, std::int64_t count, std::int64_t work_each, Body&& body,
                     std::int64_t align = 16, std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
    const std::int64_t threads = pass.pool().threads();
    const std::int64_t worthwhile = count * work_each / kWorthAThread;
    const std::int64_t pieces = threads == 1 ? 1 : std::min({worthwhile, std::max(4 * threads, count / most), count});
    if (pieces <= 1) return count > 0 ? body(std::int64_t{0}, count) : void();
    const std::int64_t units = (count + align - 1) / align;
    pass.pool().parallel(static_cast<int>(pieces), [&](int piece) {
        const std::int64_t first = std::min(count, units * piece / pieces * align);
        const std::int64_t last = std::min(count, units * (piece + 1) / pieces * align);
        if (first < last) body(first, last);
    });
}

// The same for rows: any cut.
template <class Body>
void parallel_rows(const Pass& pass, std::int64_t rows, std::int64_t work_each, Body&& body) {
    parallel_ranges(pass, rows, work_each, body, 1);
}

// Memory of the calling thread for at least `floats`, 64-byte aligned, until its next call on this thread.
float* thread_scratch(std::int64_t floats);

}  // namespace cria
