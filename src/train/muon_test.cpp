#include "train/muon.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"
#include "base/os.h"

namespace cria {
namespace {

std::vector<float> noise(std::int64_t n) {
    std::vector<float> values(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(0.7f * static_cast<float>(i * i % 1009));
    return values;
}

// x <- a x + b (x x^T) x + c (x x^T)^2 x, five times, in double and element by element.
std::vector<double> plain_iteration(const std::vector<float>& start, std::int64_t rows, std::int64_t columns) {
    const auto at = [columns](std::int64_t i, std::int64_t j) { return static_cast<std::size_t>(i * columns + j); };
    std::vector<double> x(start.begin(), start.end());
    double squares = 0;
    for (const double value : x) squares += value * value;
    for (double& value : x) value /= std::sqrt(squares);
    const auto gram_times = [&](const std::vector<double>& y) {  // x x^T y
        std::vector<double> out(y.size(), 0.0);
        for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t k = 0; k < rows; ++k) {
                double gram = 0;
                for (std::int64_t j = 0; j < columns; ++j) gram += x[at(i, j)] * x[at(k, j)];
                for (std::int64_t j = 0; j < columns; ++j) out[at(i, j)] += gram * y[at(k, j)];
            }
        return out;
    };
    for (int step = 0; step < 5; ++step) {
        const std::vector<double> cube = gram_times(x), fifth = gram_times(cube);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = 3.4445 * x[i] - 4.7750 * cube[i] + 2.0315 * fifth[i];
    }
    return x;
}

class Orthogonalize : public testing::TestWithParam<std::pair<std::int64_t, std::int64_t>> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Orthogonalize,
                         testing::Values(std::pair(24, 40), std::pair(40, 24), std::pair(32, 32), std::pair(1, 7)));

TEST_P(Orthogonalize, IsThePlainIterationOnAnyThreads) {
    const auto [rows, columns] = GetParam();
    const std::vector<float> start = noise(rows * columns);
    const std::vector<double> wanted = plain_iteration(start, rows, columns);
    ThreadPool one(1), two(2);
    std::vector<float> got = start, again = start;
    orthogonalize({one, best_kernels()}, {got.data(), rows, columns, columns});
    orthogonalize({two, best_kernels()}, {again.data(), rows, columns, columns});
    EXPECT_EQ(got, again);
    // Each iteration may amplify a rounding error by its slope at 0, 3.4; entries are below 1.
    const double tolerance = std::pow(3.4445, 5) * 40 * 0x1p-24;
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(static_cast<double>(got[i]), wanted[i], tolerance);
}

TEST(Orthogonalize, OfNothingIsNothing) {
    ThreadPool pool(1);
    std::vector<float> zeros(12, 0.0f);
    orthogonalize({pool, best_kernels()}, {zeros.data(), 3, 4, 4});
    EXPECT_EQ(zeros, std::vector<float>(12, 0.0f));
}

TEST(Muon, StepsAsPyTorchDoes) {
    const Path path = Path(CRIA_SOURCE_DIR) / "tests/golden/train/muon.json";
    const Json golden = *parse_json(*read_text(real_os(), path, 1 << 20), path.string());
    const Json& recipe = golden["recipe"];
    const MuonStep step{recipe["learning_rate"], recipe["momentum"], recipe["weight_decay"], 1.0f};
    ThreadPool pool(2);
    ASSERT_EQ(golden["cases"].size(), 2u);
    for (const Json& item : golden["cases"]) {
        const std::int64_t rows = item["shape"][0], columns = item["shape"][1];
        auto weight = item["first"].get<std::vector<float>>();
        const auto first = weight, last = item["last"].get<std::vector<float>>();
        std::vector<float> momentum(weight.size(), 0.0f);
        for (const Json& gradient : item["gradients"])
            muon_step({pool, best_kernels()}, step, rows, columns, gradient.get<std::vector<float>>().data(),
                      weight.data(), momentum.data());
        double error = 0, moved = 0;
        for (std::size_t i = 0; i < weight.size(); ++i) {
            error += std::pow(static_cast<double>(weight[i] - last[i]), 2);
            moved += std::pow(static_cast<double>(last[i] - first[i]), 2);
        }
        EXPECT_GT(moved, 0.1);
        EXPECT_LT(std::sqrt(error / moved), 0.03);  // PyTorch's own is in bf16: 8 bits, through five iterations
    }
}

}  // namespace
}  // namespace cria
