// Each kernel over one row against its formula in double precision. Bounds are units in the last place of the
// terms that are added, times the number of roundings.
#include <algorithm>
#include <numbers>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

using testing::kUnit;
using testing::numbers;
CRIA_EACH_TABLE(RowsTest);

constexpr std::int64_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 67, 256, 1000};

// numbers() times `scale`, one element off any alignment, with a guard behind: vectors must not write past the end.
struct Row {
    std::vector<float> memory;
    std::int64_t n;
    Row(std::int64_t n_, std::uint32_t stream, float scale = 1.0f) : memory(numbers(n_ + 2, stream)), n(n_) {
        for (float& v : memory) v *= scale;
        memory.back() = 123.0f;
    }
    float* data() { return memory.data() + 1; }
    float& operator[](std::int64_t i) { return memory[static_cast<std::size_t>(i + 1)]; }
    ~Row() { EXPECT_EQ(memory.back(), 123.0f) << "wrote past the end"; }
};

void expect_near(float got, double wanted, double bound, std::int64_t i) {
    ASSERT_LE(std::abs(got - wanted), bound + 1e-37) << "got " << got << ", wanted " << wanted << " at " << i;
}

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

TEST_P(RowsTest, RmsNormAndGradient) {
    for (const std::int64_t n : kSizes) {
        Row x(n, 1, 3.0f), w(n, 2), dy(n, 3), y(n, 4), dx(n, 5), dw(n, 6);
        const float epsilon = 1e-5f;
        const Row dw_before = dw;
        double squares = 0;
        for (std::int64_t i = 0; i < n; ++i) squares += double{x[i]} * x[i];
        const double r = 1.0 / std::sqrt(squares / static_cast<double>(n) + epsilon);
        const double summed = static_cast<double>(n + 8) * kUnit;  // relative, of a sum of n terms and a few steps
        const float returned = k().rms_norm(x.data(), w.data(), n, epsilon, y.data());
        expect_near(returned, r, r * summed, -1);
        double pull = 0;
        double sizes = 0;
        for (std::int64_t i = 0; i < n; ++i) {
            expect_near(y[i], x[i] * r * w[i], std::abs(x[i] * r * w[i]) * summed, i);
            pull += double{w[i]} * dy[i] * x[i];
            sizes += std::abs(double{w[i]} * dy[i] * x[i]);
        }
        k().rms_norm_gradient(x.data(), w.data(), dy.data(), n, returned, dx.data(), dw.data());
        const double cube = r * r * r / static_cast<double>(n);
        for (std::int64_t i = 0; i < n; ++i) {
            const double direct = r * w[i] * dy[i];
            expect_near(dx[i], direct - x[i] * cube * pull,
                        4 * summed * (std::abs(direct) + std::abs(x[i]) * cube * sizes), i);
            const double before = dw_before.memory[static_cast<std::size_t>(i + 1)];
            const double added = double{dy[i]} * x[i] * r;
            expect_near(dw[i], before + added, 4 * summed * (std::abs(before) + std::abs(added)), i);
        }
    }
}

TEST_P(RowsTest, RopeTurnsAndTurnsBack) {
    for (const std::int64_t half : kSizes) {
        Row head(2 * half, 1), cosine(half, 2), sine(half, 3);
        for (std::int64_t i = 0; i < half; ++i) {
            const double angle = sine[i] * std::numbers::pi;
            cosine[i] = static_cast<float>(std::cos(angle));
            sine[i] = static_cast<float>(std::sin(angle));
        }
        Row before = head;
        k().rope(head.data(), 2 * half, cosine.data(), sine.data(), 1.0f);
        for (std::int64_t i = 0; i < half; ++i) {
            const double a = before[i];
            const double b = before[i + half];
            expect_near(head[i], a * cosine[i] - b * sine[i], 4 * kUnit * (std::abs(a) + std::abs(b)), i);
            expect_near(head[i + half], b * cosine[i] + a * sine[i], 4 * kUnit * (std::abs(a) + std::abs(b)), i);
        }
        k().rope(head.data(), 2 * half, cosine.data(), sine.data(), -1.0f);
        for (std::int64_t i = 0; i < 2 * half; ++i) expect_near(head[i], before[i], 16 * kUnit, i);
    }
}

TEST_P(RowsTest, SwiGlu) {
    for (const float scale : {1.0f, 20.0f, 200.0f}) {
        for (const std::int64_t n : kSizes) {
            Row gate(n, 1, scale), up(n, 2), dy(n, 3), y(n, 4), dgate(n, 5), dup(n, 6);
            k().swiglu(gate.data(), up.data(), n, y.data());
            k().swiglu_gradient(gate.data(), up.data(), dy.data(), n, dgate.data(), dup.data());
            for (std::int64_t i = 0; i < n; ++i) {
                const double g = gate[i];
                const double s = sigmoid(g);
                // exp(-g) carries a unit or two; subnormal results may be flushed.
                const double bound = 8 * kUnit * std::abs(g * s);
                expect_near(y[i], g * s * up[i], bound * std::abs(up[i]) + 1e-35, i);
                expect_near(dup[i], dy[i] * g * s, bound * std::abs(dy[i]) + 1e-35, i);
                const double slope = s * (1 + g * (1 - s));
                const double terms = s * (1 + std::abs(g) * (1 - s)) + s * std::abs(g) * kUnit;
                expect_near(dgate[i], dy[i] * up[i] * slope,
                            16 * kUnit * std::abs(dy[i] * up[i]) * (terms + std::abs(g) * s) + 1e-35, i);
            }
        }
    }
}

TEST_P(RowsTest, Gelu) {
    for (const float scale : {1.0f, 4.0f, 30.0f}) {
        for (const std::int64_t n : kSizes) {
            Row x(n, 1, scale), dy(n, 2), y(n, 3), dx(n, 4);
            k().gelu(x.data(), n, y.data());
            k().gelu_gradient(x.data(), dy.data(), n, dx.data());
            for (std::int64_t i = 0; i < n; ++i) {
                const double v = x[i];
                const double below = 0.5 * std::erfc(-v / std::numbers::sqrt2);
                const double bell = std::exp(-v * v / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
                expect_near(y[i], v * below, 8 * kUnit * std::abs(v), i);
                expect_near(dx[i], dy[i] * (below + v * bell), 16 * kUnit * std::abs(dy[i]), i);
            }
        }
    }
}

// The relative error of exp over its whole range, and its ends.
TEST_P(RowsTest, ExpSum) {
    for (const std::int64_t n : kSizes) {
        Row x(n, 1, 40.0f);
        Row before = x;
        const float own_max = *std::max_element(before.data(), before.data() + n);
        const float least = n % 2 == 0 ? own_max + 1.5f : -std::numeric_limits<float>::infinity();
        float max = least;
        const float sum = k().exp_sum(x.data(), n, &max);
        EXPECT_EQ(max, std::max(own_max, least));
        double wanted = 0;
        for (std::int64_t i = 0; i < n; ++i) {
            const double e = std::exp(double{before[i] - max});
            expect_near(x[i], e, 4 * kUnit * e, i);
            wanted += e;
        }
        expect_near(sum, wanted, static_cast<double>(n + 8) * kUnit * wanted, -1);
    }
    const float infinity = std::numeric_limits<float>::infinity();
    std::vector<float> masked = {1.0f, -infinity, 0.0f, -1e30f, 1.0f, -87.0f, -500.0f};
    float max = -infinity;
    const float sum = k().exp_sum(masked.data(), static_cast<std::int64_t>(masked.size()), &max);
    EXPECT_EQ(max, 1.0f);
    EXPECT_EQ(masked[1], 0.0f);
    EXPECT_EQ(masked[3], 0.0f);
    EXPECT_NEAR(sum, 2.0 + std::exp(-1.0), 8 * kUnit);
}

TEST_P(RowsTest, SoftmaxGradient) {
    constexpr float kLogSum = 41.5f, kRowDot = 0.3f;
    for (const std::int64_t n : kSizes) {
        Row p(n, 1, 40.0f), ds(n, 2);
        Row scores = p, dp = ds;
        k().softmax_gradient(p.data(), ds.data(), n, kLogSum, kRowDot);
        for (std::int64_t i = 0; i < n; ++i) {
            const double wanted = std::exp(double{scores[i] - kLogSum});
            expect_near(p[i], wanted, 4 * kUnit * wanted, i);
            expect_near(ds[i], wanted * (double{dp[i]} - kRowDot), 8 * kUnit * wanted * (std::abs(dp[i]) + kRowDot), i);
        }
    }
}

TEST_P(RowsTest, SumsAndSimpleOnes) {
    for (const std::int64_t n : kSizes) {
        Row a(n, 1), b(n, 2), y(n, 3);
        double sum = 0;
        double sizes = 0;
        double squares = 0;
        for (std::int64_t i = 0; i < n; ++i) {
            sum += double{a[i]} * b[i];
            sizes += std::abs(double{a[i]} * b[i]);
            squares += double{a[i]} * a[i];
        }
        expect_near(k().dot(a.data(), b.data(), n), sum, testing::sum_bound(n, sizes), -1);
        ASSERT_NEAR(k().sum_squares(a.data(), n), squares, squares * 1e-13);
        Row before = y;
        k().axpy(0.75f, a.data(), n, y.data());
        for (std::int64_t i = 0; i < n; ++i)
            expect_near(y[i], before[i] + 0.75 * a[i], 2 * kUnit * (std::abs(before[i]) + std::abs(a[i])), i);
        k().add(a.data(), b.data(), n, y.data());
        for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], a[i] + b[i]);
        before = y;
        k().scale(-1.7f, y.data(), n);
        for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(y[i], before[i] * -1.7f);
    }
}

TEST_P(RowsTest, AdamWFollowsThePaper) {
    const Kernels::AdamStep step{.learning_rate = 1e-2f,
                                 .beta1 = 0.9f,
                                 .beta2 = 0.95f,
                                 .epsilon = 1e-8f,
                                 .weight_decay = 0.1f,
                                 .correction1 = 1.0f - 0.9f * 0.9f,
                                 .correction2 = 1.0f - 0.95f * 0.95f,
                                 .gradient_scale = 0.5f};
    for (const std::int64_t n : kSizes) {
        Row g(n, 1), w(n, 2), m(n, 3, 0.1f), v(n, 4, 0.1f);
        for (std::int64_t i = 0; i < n; ++i) v[i] = std::abs(v[i]) + 1e-4f;
        Row w0 = w, m0 = m, v0 = v;
        k().adamw(step, g.data(), n, w.data(), m.data(), v.data());
        for (std::int64_t i = 0; i < n; ++i) {
            const double grad = double{g[i]} * step.gradient_scale;
            const double mean = double{step.beta1} * m0[i] + (1.0 - step.beta1) * grad;
            const double square = double{step.beta2} * v0[i] + (1.0 - step.beta2) * grad * grad;
            const double size_m = std::abs(step.beta1 * m0[i]) + std::abs(0.1 * grad);
            expect_near(m[i], mean, 8 * kUnit * size_m, i);
            expect_near(v[i], square, 8 * kUnit * square, i);
            const double root = std::sqrt(square / step.correction2) + step.epsilon;
            const double move =
                step.learning_rate * (mean / step.correction1 / root + step.weight_decay * double{w0[i]});
            const double moved = step.learning_rate * (size_m / step.correction1 / root + std::abs(w0[i]));
            expect_near(w[i], w0[i] - move, 2 * kUnit * std::abs(w0[i]) + 32 * kUnit * moved, i);
        }
    }
}

}  // namespace
}  // namespace cria
