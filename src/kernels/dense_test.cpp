// Products with weights as they are stored, against double precision; and that a row of them is the same, bit for bit,
// however many are beside it.
#include <algorithm>
#include <cstddef>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;
CRIA_EACH_TABLE(DenseTest);

// A product's weight and x, as they are stored and what they are worth. Both stand one element off any alignment.
struct Product {
    DType type;
    std::int64_t rows, outputs, columns, stride;
    std::vector<std::byte> stored;
    std::vector<float> w, x;

    Product(DType type_, std::int64_t rows_, std::int64_t outputs_, std::int64_t columns_)
        : type(type_),
          rows(rows_),
          outputs(outputs_),
          columns(columns_),
          stride(columns_ + 3),
          stored(static_cast<std::size_t>(outputs * columns + 1) * bytes_of(type)),
          w(numbers(outputs * columns, 5)),
          x(numbers(rows * stride + 1, 6)) {
        for (std::size_t i = 0; i < w.size(); ++i)
            w[i] = testing::store_number(type, w[i], stored.data() + (i + 1) * bytes_of(type));
    }

    // y [rows, outputs + 1] of rows [first, last) of x and outputs [begin, end).
    void run(const Kernels& kernels, std::int64_t first, std::int64_t last, std::int64_t begin, std::int64_t end,
             std::vector<float>& y, bool accumulate) const {
        const WeightRows weight{stored.data() + bytes_of(type), type, outputs, columns};
        const Matrix<float> to{y.data(), last - first, outputs, outputs + 1};
        kernels.dense({x.data() + 1 + first * stride, last - first, columns, stride}, weight, begin, end, to,
                      accumulate);
    }
    std::vector<float> results(std::int64_t count) const {
        return std::vector<float>(static_cast<std::size_t>(count * (outputs + 1)), 7.0f);
    }
};

void check_values(const Product& p, const std::vector<float>& y, double before) {
    for (std::int64_t r = 0; r < p.rows; ++r) {
        for (std::int64_t j = 0; j < p.outputs; ++j) {
            double sum = before, sizes = std::abs(before);
            for (std::int64_t i = 0; i < p.columns; ++i) {
                const double term = double{p.x[static_cast<std::size_t>(1 + r * p.stride + i)]} *
                                    p.w[static_cast<std::size_t>(j * p.columns + i)];
                sum += term;
                sizes += std::abs(term);
            }
            ASSERT_NEAR(y[static_cast<std::size_t>(r * (p.outputs + 1) + j)], sum,
                        testing::sum_bound(p.columns + 1, sizes))
                << p.rows << "x" << p.outputs << "x" << p.columns << " row " << r << " column " << j;
        }
        ASSERT_EQ(y[static_cast<std::size_t>(r * (p.outputs + 1) + p.outputs)], 7.0f) << "wrote beside the result";
    }
}

// The whole product, cut at an odd output; then each row alone.
void check(const Kernels& kernels, DType type, std::int64_t rows, std::int64_t outputs, std::int64_t columns) {
    const Product p(type, rows, outputs, columns);
    for (const bool accumulate : {false, true}) {
        std::vector<float> y = p.results(rows);
        p.run(kernels, 0, rows, 0, outputs / 3, y, accumulate);
        p.run(kernels, 0, rows, outputs / 3, outputs, y, accumulate);
        ASSERT_NO_FATAL_FAILURE(check_values(p, y, accumulate ? 7.0 : 0.0));
        for (std::int64_t r = 0; r < rows; ++r) {
            std::vector<float> alone = p.results(1);
            p.run(kernels, r, r + 1, 0, outputs, alone, accumulate);
            const float* row = y.data() + r * (outputs + 1);
            ASSERT_TRUE(std::equal(row, row + outputs, alone.begin()))
                << "row " << r << " of " << rows << ", " << outputs << "x" << columns << " " << name_of(type);
        }
    }
}

void check_all_types(const Kernels& kernels, std::int64_t rows, std::int64_t outputs, std::int64_t columns) {
    for (const DType type : {DType::f32, DType::bf16, DType::f16})
        ASSERT_NO_FATAL_FAILURE(check(kernels, type, rows, outputs, columns));
}

TEST_P(DenseTest, OddShapes) {
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 8, 9, 15, 33})
        for (const std::int64_t outputs : {1, 3, 16, 31, 33, 50})
            for (const std::int64_t columns : {1, 2, 15, 16, 33, 67})
                ASSERT_NO_FATAL_FAILURE(check_all_types(k(), rows, outputs, columns));
}

TEST_P(DenseTest, SeveralBlocks) {  // deeper than one block, and wider
    for (const std::int64_t rows : {1, 6, 20})
        for (const std::int64_t columns : {384, 389, 801, 1570})
            ASSERT_NO_FATAL_FAILURE(check_all_types(k(), rows, 37, columns));
    ASSERT_NO_FATAL_FAILURE(check_all_types(k(), 10, 500, 389));
}

TEST_P(DenseTest, ARowIsTheSameAmongAnyNumber) {
    for (std::int64_t rows = 1; rows <= 40; ++rows) ASSERT_NO_FATAL_FAILURE(check_all_types(k(), rows, 19, 403));
}

TEST_P(DenseTest, NoRows) { check_all_types(k(), 0, 5, 8); }

}  // namespace
}  // namespace cria
