// What the kernel tests share: the tables under test, numbers, and error bounds.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/kernels.h"

namespace cria::testing {

struct TableUnderTest {
    const Kernels* table;
    bool native;  // false: lowered by the compiler to whatever the tests are compiled for
};

// Every table that this processor runs, and each vector shape once more in lowered form.
const std::vector<TableUnderTest>& tables();

// Runs the tests of a suite once for each table.
class EachTable : public ::testing::TestWithParam<TableUnderTest> {
protected:
    const Kernels& k() const { return *GetParam().table; }
};
inline std::string name_of_table(const ::testing::TestParamInfo<TableUnderTest>& info) {
    return std::string(info.param.table->name) + (info.param.native ? "" : "_lowered");
}
#define CRIA_EACH_TABLE(Suite)                                                              \
    class Suite : public ::cria::testing::EachTable {};                                     \
    INSTANTIATE_TEST_SUITE_P(Tables, Suite, ::testing::ValuesIn(::cria::testing::tables()), \
                             ::cria::testing::name_of_table)

// n numbers in [-1, 1), the same for the same stream.
inline std::vector<float> numbers(std::int64_t n, std::uint32_t stream) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto bits = philox({static_cast<std::uint32_t>(i), stream, 0, 0}, {7, 11})[0];
        values[i] = static_cast<float>(static_cast<std::int32_t>(bits)) * 0x1p-31f;
    }
    return values;
}

// Writes a number in the type of a weight; what it is worth there.
inline float store_number(DType type, float value, std::byte* to) {
    if (type == DType::f32) std::memcpy(to, &value, sizeof(value));
    if (type == DType::bf16) {
        const BF16 half = to_bf16(value);
        std::memcpy(to, &half, sizeof(half));
        return to_f32(half);
    }
    if (type == DType::f16) {
        const F16 half = to_f16(value);
        std::memcpy(to, &half, sizeof(half));
        return to_f32(half);
    }
    return value;
}

constexpr double kUnit = 0x1p-24;  // half a unit in the last place of 1.0f: the relative error of one rounding

// The error of a sum of n rounded products is below (n + 2) units of sum |a||b| in any order (Higham, "Accuracy
// and Stability of Numerical Algorithms", 3.1). The second term allows for sums in the subnormal range.
inline double sum_bound(std::int64_t n, double sum_of_sizes) {
    return static_cast<double>(n + 2) * kUnit * sum_of_sizes + 1e-38;
}

}  // namespace cria::testing
