#include <array>
#include <cstring>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::numbers;
CRIA_EACH_TABLE(GemmTest);

// A product with its operands stored as asked, rows `slack` longer than needed and not aligned.
struct Product {
    std::int64_t m, n, k;
    Transpose ta, tb;
    std::int64_t slack;
    std::vector<float> a, b, c;

    Product(std::int64_t m_, std::int64_t n_, std::int64_t k_, Transpose ta_, Transpose tb_, std::int64_t slack_)
        : m(m_), n(n_), k(k_), ta(ta_), tb(tb_), slack(slack_) {
        a = numbers(1 + matrix_a().rows * matrix_a().stride, 1);
        b = numbers(1 + matrix_b().rows * matrix_b().stride, 2);
        c = numbers(1 + m * (n + slack), 3);
    }
    Matrix<const float> matrix_a() const { return stored(a, m, k, ta); }
    Matrix<const float> matrix_b() const { return stored(b, k, n, tb); }
    Matrix<float> matrix_c() { return {c.data() + 1, m, n, n + slack}; }
    Matrix<const float> stored(const std::vector<float>& data, std::int64_t rows, std::int64_t columns,
                               Transpose t) const {
        if (t == Transpose::yes) std::swap(rows, columns);
        return {data.data() + 1, rows, columns, columns + slack};
    }
    double a_at(std::int64_t i, std::int64_t p) const { return at(matrix_a(), i, p, ta); }
    double b_at(std::int64_t p, std::int64_t j) const { return at(matrix_b(), p, j, tb); }
    static double at(Matrix<const float> x, std::int64_t i, std::int64_t j, Transpose t) {
        return t == Transpose::yes ? x.data[j * x.stride + i] : x.data[i * x.stride + j];
    }
    void run(const Kernels& kernels, ThreadPool& pool, bool accumulate) {
        kernels.gemm(pool, ta, matrix_a(), tb, matrix_b(), matrix_c(), accumulate);
    }
    // Compares with the product in double; `before` is C as it was. Elements outside C must be untouched.
    void check(const std::vector<float>& before, bool accumulate) const {
        for (std::int64_t i = 0; i < m; ++i) {
            for (std::int64_t j = 0; j < n + slack; ++j) {
                const auto index = static_cast<std::size_t>(1 + i * (n + slack) + j);
                if (j >= n) {
                    ASSERT_EQ(c[index], before[index]) << "outside, row " << i << " column " << j;
                    continue;
                }
                double sum = accumulate ? before[index] : 0.0;
                double sizes = std::abs(sum);
                for (std::int64_t p = 0; p < k; ++p) {
                    sum += a_at(i, p) * b_at(p, j);
                    sizes += std::abs(a_at(i, p) * b_at(p, j));
                }
                ASSERT_NEAR(c[index], sum, testing::sum_bound(k + 1, sizes))
                    << m << "x" << n << "x" << k << " row " << i << " column " << j;
            }
        }
    }
};

constexpr std::array kBoth = {Transpose::no, Transpose::yes};

void check_shape(const Kernels& kernels, ThreadPool& pool, std::int64_t m, std::int64_t n, std::int64_t k) {
    for (const Transpose ta : kBoth) {
        for (const Transpose tb : kBoth) {
            for (const bool accumulate : {false, true}) {
                Product product(m, n, k, ta, tb, (m + n + k) % 4);
                const std::vector<float> before = product.c;
                product.run(kernels, pool, accumulate);
                product.check(before, accumulate);
            }
        }
    }
}

TEST_P(GemmTest, OddShapes) {
    ThreadPool pool(2);
    const std::int64_t sizes[] = {1, 2, 3, 7, 13, 17, 31, 33, 67};
    for (const std::int64_t m : sizes)
        for (const std::int64_t n : sizes)
            for (const std::int64_t depth : {1, 5, 16, 37}) check_shape(k(), pool, m, n, depth);
}

TEST_P(GemmTest, SeveralBlocks) {  // deeper and wider than one block of B
    ThreadPool pool(2);
    check_shape(k(), pool, 5, 3, 1000);
    check_shape(k(), pool, 30, 700, 389);
}

TEST_P(GemmTest, Empty) {
    ThreadPool pool(2);
    check_shape(k(), pool, 0, 5, 3);
    check_shape(k(), pool, 5, 0, 3);
    check_shape(k(), pool, 5, 70, 0);
}

// One result whatever the threads, and a row alone, or a column alone, equals the same in a larger product.
TEST_P(GemmTest, SameBitsForAnyThreadsAndBatch) {
    constexpr std::int64_t kM = 45, kN = 203, kK = 801;
    for (const Transpose ta : kBoth) {
        for (const Transpose tb : kBoth) {
            ThreadPool one(1);
            ThreadPool five(5);
            Product whole(kM, kN, kK, ta, tb, 0);
            Product threaded = whole;
            whole.run(k(), one, false);
            threaded.run(k(), five, false);
            ASSERT_EQ(whole.c, threaded.c);
            for (const std::int64_t i : {std::int64_t{0}, std::int64_t{20}, kM - 1}) {
                std::vector<float> row(kN);
                Matrix<const float> a = whole.matrix_a();
                a.data += ta == Transpose::yes ? i : i * a.stride;
                (ta == Transpose::yes ? a.columns : a.rows) = 1;
                k().gemm(one, ta, a, tb, whole.matrix_b(), {row.data(), 1, kN, kN}, false);
                ASSERT_EQ(std::memcmp(row.data(), whole.matrix_c().data + i * kN, kN * sizeof(float)), 0) << i;
            }
        }
    }
}

}  // namespace
}  // namespace cria
