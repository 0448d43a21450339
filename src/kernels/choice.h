// Which table of kernels this machine computes with: not the one with the widest vectors, but the one that a short
// measurement finds quickest. Wider ones lose on processors that lower their clock for them, or have an instruction in
// name only (bf16 products at half the rate of f32 on some).
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace cria {

// Of one thread, in 10^9 operations a second; the best of several times.
struct TableSpeed {
    std::string_view name;
    double quantised, bf16;  // of products with a weight in Q4_0, and in bf16
};

// Of all available tables but the plain one, plainest first; some milliseconds in all.
std::vector<TableSpeed> measure_tables();

// The last of them, unless another one takes less than nine tenths of its time for both products together; then the
// quickest. So noise does not change the choice between equals. Empty for none.
std::string_view quickest(std::span<const TableSpeed> speeds);

}  // namespace cria
