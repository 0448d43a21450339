#include "train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cria {
namespace {

OptimizerRecipe recipe() {
    OptimizerRecipe recipe;
    recipe.learning_rate = 0.01;
    recipe.warmup = 10;
    recipe.min_ratio = 0.1;
    return recipe;
}

TEST(LearningRate, WarmsUpAndFalls) {
    OptimizerRecipe r = recipe();
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 0, 110), 0.001);
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 9, 110), 0.01);
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 10, 110), 0.01);
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 109, 110), 0.001);
    EXPECT_NEAR(learning_rate_at(r, 10 + 33, 110), 0.001 + 0.009 * 0.75, 1e-12);  // cos(pi/3) = 1/2
    r.schedule = Schedule::linear;
    EXPECT_NEAR(learning_rate_at(r, 10 + 33, 110), 0.001 + 0.009 * 2 / 3, 1e-12);
    r.schedule = Schedule::constant;
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 109, 110), 0.01);
    r.warmup = 0;
    EXPECT_DOUBLE_EQ(learning_rate_at(r, 0, 1), 0.01);
}

// A matrix that decays and a norm that does not, with fixed gradients.
struct Toy {
    Weight matrix{Tensor::zeros(DType::f32, {300, 200}), Tensor::zeros(DType::f32, {300, 200})};
    Weight norm{Tensor::zeros(DType::f32, {200}), Tensor::zeros(DType::f32, {200})};
    Toy() {
        for (std::int64_t i = 0; i < 60000; ++i) {
            matrix.value.f32()[i] = std::sin(static_cast<float>(i));
            matrix.gradient.f32()[i] = std::cos(static_cast<float>(3 * i));
        }
        for (std::int64_t i = 0; i < 200; ++i) norm.value.f32()[i] = 1, norm.gradient.f32()[i] = 0.5f;
    }
    std::vector<Parameter> parameters() {
        return {{{"m"}, {300}, &matrix, true, {300, 200}}, {{"n"}, {200}, &norm, false, {200}}};
    }
};

TEST(Optimizer, FollowsTheFormulaInDouble) {
    Toy toy, kept;
    ThreadPool pool(2);
    Optimizer optimizer(toy.parameters(), recipe(), DType::f32);
    const Compute compute{pool, best_kernels()};
    for (int t = 1; t <= 3; ++t) optimizer.step(compute, t, 0.01, 0.5);
    for (const std::int64_t i : {0, 1, 777, 59999}) {
        const double g = 0.5 * static_cast<double>(kept.matrix.gradient.f32()[i]);
        double w = static_cast<double>(kept.matrix.value.f32()[i]), m = 0, v = 0;
        for (int t = 1; t <= 3; ++t) {
            m = 0.9 * m + 0.1 * g;
            v = 0.95 * v + 0.05 * g * g;
            w -= 0.01 * (m / (1 - std::pow(0.9, t)) / (std::sqrt(v / (1 - std::pow(0.95, t))) + 1e-8) + 0.1 * w);
        }
        EXPECT_NEAR(static_cast<double>(toy.matrix.value.f32()[i]), w, 3e-6);  // a few f32 roundings of values near 1
    }
    // The same gradient every step: the norm moves by the learning rate, and does not decay.
    EXPECT_NEAR(static_cast<double>(toy.norm.value.f32()[0]), 1 - 3 * 0.01, 1e-6);
}

TEST(Optimizer, NormIsThatOfAllGradientsOnAnyThreads) {
    Toy toy;
    Optimizer optimizer(toy.parameters(), recipe(), DType::f32);
    double sum = 200 * 0.25;
    for (const float g : toy.matrix.gradient.f32_span()) sum += static_cast<double>(g) * static_cast<double>(g);
    ThreadPool one(1), two(2);
    const double norm = optimizer.gradient_norm({one, best_kernels()});
    EXPECT_NEAR(norm, std::sqrt(sum), 1e-9 * norm);
    EXPECT_EQ(norm, optimizer.gradient_norm({two, best_kernels()}));
    optimizer.zero_gradients({two, best_kernels()});
    EXPECT_EQ(optimizer.gradient_norm({two, best_kernels()}), 0);
}

TEST(Optimizer, Bf16WeightsFollowTheirMasters) {
    Toy toy, exact;
    ThreadPool pool(2);
    const Compute compute{pool, best_kernels()};
    Optimizer rounded(toy.parameters(), recipe(), DType::bf16), full(exact.parameters(), recipe(), DType::f32);
    // Steps far below the spacing of bf16: they would be lost without the masters.
    for (int t = 1; t <= 50; ++t) rounded.step(compute, t, 1e-5, 1), full.step(compute, t, 1e-5, 1);
    ASSERT_EQ(toy.matrix.value.dtype(), DType::bf16);
    ASSERT_EQ(toy.norm.value.dtype(), DType::f32);
    for (const std::int64_t i : {0, 5, 40000})
        EXPECT_EQ(toy.matrix.value.data<BF16>()[i].bits, to_bf16(exact.matrix.value.f32()[i]).bits);
}

}  // namespace
}  // namespace cria
