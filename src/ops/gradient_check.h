// Checks an operation against a plain formula in double: its result, and its gradients against central
// differences of that formula.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"
#include "ops/ops.h"
#include "ops/tape.h"

namespace cria {

using Doubles = std::vector<double>;

// One input of an operation: an activation [rows, columns], or a weight.
struct Input {
    Shape shape;
    Doubles numbers;
    bool is_weight = false;
};

// Numbers that f32 holds exactly, so that both sides start from the same.
inline Doubles random_numbers(std::int64_t count, std::uint64_t seed, double deviation = 1.0) {
    Random random(seed);
    Doubles numbers;
    for (std::int64_t i = 0; i < count; ++i)
        numbers.push_back(static_cast<double>(static_cast<float>(deviation * random.normal())));
    return numbers;
}

inline Input activation(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
    return {{rows, columns}, random_numbers(rows * columns, seed)};
}
inline Input weight(Shape shape, std::uint64_t seed) { return {shape, random_numbers(shape.elements(), seed), true}; }

inline Tensor tensor_of(const Doubles& numbers, Shape shape) {
    Tensor tensor = Tensor::zeros(DType::f32, shape);
    for (std::size_t i = 0; i < numbers.size(); ++i) tensor.f32()[i] = static_cast<float>(numbers[i]);
    return tensor;
}

inline Doubles doubles_of(const Tensor& tensor) {
    const auto span = tensor.f32_span();
    return {span.begin(), span.end()};
}

// |a - b| / |b|, of the vectors' lengths.
inline double relative_distance(const Doubles& a, const Doubles& b) {
    EXPECT_EQ(a.size(), b.size());
    double difference = 0, length = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        length += b[i] * b[i];
    }
    return std::sqrt(difference) / std::max(std::sqrt(length), 1e-30);
}

// Activations and weights in the order of the inputs.
using Operation = std::function<Value(Pass&, const std::vector<Value>&, const std::vector<Weight>&)>;
using Formula = std::function<Doubles(const std::vector<Doubles>&)>;

// Some hundred elements of an input, spread over all.
inline std::vector<std::size_t> sampled(std::size_t count) {
    constexpr std::size_t kMost = 160;
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < std::min(count, kMost); ++i)
        chosen.push_back(count <= kMost ? i : i * count / kMost + i % (count / kMost));
    return chosen;
}

// Of sum(direction * formula(inputs)) by element `index` of input `which`.
inline double difference_quotient(const Formula& formula, std::vector<Doubles> inputs, const Doubles& direction,
                                  std::size_t which, std::size_t index) {
    constexpr double kStep = 1e-5;
    double sums[2];
    for (int side = 0; side < 2; ++side) {
        inputs[which][index] += side == 0 ? kStep : -2 * kStep;
        const Doubles y = formula(inputs);
        sums[side] = 0;
        for (std::size_t i = 0; i < y.size(); ++i) sums[side] += direction[i] * y[i];
    }
    return (sums[0] - sums[1]) / (2 * kStep);
}

class GradientCheck {
public:
    // f32 sums of some hundred terms of either sign lose about a digit against the rounding of 6e-8.
    static constexpr double kTolerance = 3e-6;

    GradientCheck(std::vector<Input> inputs, Operation operation, Formula formula)
        : inputs_(std::move(inputs)), operation_(std::move(operation)), formula_(std::move(formula)) {
        for (const Input& input : inputs_) numbers_.push_back(input.numbers);
        expected_ = formula_(numbers_);
        direction_ = random_numbers(std::ssize(expected_), 99);
        for (std::size_t which = 0; which < inputs_.size(); ++which) {
            Doubles slopes;
            for (const std::size_t i : sampled(numbers_[which].size()))
                slopes.push_back(difference_quotient(formula_, numbers_, direction_, which, i));
            slopes_.push_back(std::move(slopes));
        }
    }

    // On every kernel table, with gradients that start empty and with gradients that hold something already.
    void run() const {
        ThreadPool pool(2);
        for (const Kernels* kernels : available_kernels())
            for (const bool filled : {false, true}) {
                SCOPED_TRACE(testing::Message() << kernels->name << (filled ? ", adding" : ", fresh"));
                run_on({pool, *kernels}, filled);
            }
    }

private:
    void run_on(const Compute& compute, bool filled) const {
        constexpr float kBefore = 0.5f;
        Arena arena;
        Tape tape;
        Pass pass(compute, arena, &tape);
        std::vector<Value> values;
        std::vector<Weight> weights;
        std::vector<Tensor> gradients;
        for (const Input& input : inputs_) {
            Tensor gradient = Tensor::zeros(DType::f32, input.shape);
            const bool starts_filled = filled || input.is_weight;
            std::ranges::fill(gradient.f32_span(), starts_filled ? kBefore : NAN);
            if (input.is_weight)
                weights.push_back({tensor_of(input.numbers, input.shape), gradient});
            else
                values.push_back(tape.leaf(tensor_of(input.numbers, input.shape), {gradient, filled}));
            gradients.push_back(gradient);
        }
        const Value y = operation_(pass, values, weights);
        EXPECT_LE(relative_distance(doubles_of(y.tensor), expected_), kTolerance);
        const Tensor seed = tensor_of(direction_, y.tensor.shape());
        tape.seed(y, seed);
        backward(pass);
        for (std::size_t which = 0; which < inputs_.size(); ++which)
            compare(gradients[which], which, filled || inputs_[which].is_weight ? double{kBefore} : 0.0);
    }

    void compare(const Tensor& gradient, std::size_t which, double before) const {
        Doubles ours;
        for (const std::size_t i : sampled(numbers_[which].size()))
            ours.push_back(static_cast<double>(gradient.f32()[i]) - before);
        EXPECT_LE(relative_distance(ours, slopes_[which]), kTolerance) << "gradient of input " << which;
    }

    std::vector<Input> inputs_;
    Operation operation_;
    Formula formula_;
    std::vector<Doubles> numbers_;
    Doubles expected_;
    Doubles direction_;
    std::vector<Doubles> slopes_;
};

}  // namespace cria
