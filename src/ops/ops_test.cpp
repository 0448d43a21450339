// Each operation against its formula in double, forward and backward.
#include <numeric>

#include "ops/gradient_check.h"
#include "ops/product.h"

namespace cria {
namespace {

using Values = std::vector<Value>;
using Weights = std::vector<Weight>;
using Inputs = std::vector<Doubles>;

// x [rows, in] times w [out, in] transposed.
Doubles product_of(const Doubles& x, const Doubles& w, std::size_t in) {
    const std::size_t rows = x.size() / in, out = w.size() / in;
    Doubles y(rows * out);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t o = 0; o < out; ++o)
            y[r * out + o] = std::inner_product(&x[r * in], &x[r * in] + in, &w[o * in], 0.0);
    return y;
}

Doubles sum_of(const Doubles& a, const Doubles& b) {
    Doubles y(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) y[i] = a[i] + b[i % b.size()];
    return y;
}

TEST(Linear, FewAndManyRows) {
    for (const std::int64_t rows : {1, 2, 16, 17, 33})
        GradientCheck(
            {activation(rows, 19, 1), weight({35, 19}, 2)},
            [](Pass& p, const Values& x, const Weights& w) { return linear(p, x[0], w[0]); },
            [](const Inputs& in) { return product_of(in[0], in[1], 19); })
            .run();
}

TEST(Linear, Bias) {
    GradientCheck(
        {activation(11, 7, 1), weight({5, 7}, 2), weight({5}, 3)},
        [](Pass& p, const Values& x, const Weights& w) { return linear(p, x[0], w[0], w[1]); },
        [](const Inputs& in) { return sum_of(product_of(in[0], in[1], 7), in[2]); })
        .run();
}

TEST(Linear, AddedToAResidual) {
    for (const std::int64_t rows : {3, 20})
        GradientCheck(
            {activation(rows, 5, 4), activation(rows, 7, 1), weight({5, 7}, 2)},
            [](Pass& p, const Values& x, const Weights& w) { return linear_add(p, x[0], x[1], w[0]); },
            [](const Inputs& in) { return sum_of(in[0], product_of(in[1], in[2], 7)); })
            .run();
}

TEST(RmsNorm, Formula) {
    GradientCheck(
        {activation(20, 13, 1), weight({13}, 2)},
        [](Pass& p, const Values& x, const Weights& w) { return rms_norm(p, x[0], w[0], 1e-2f); },
        [](const Inputs& in) {
            Doubles y = in[0];
            for (std::size_t r = 0; r < y.size(); r += 13) {
                const double squares = std::inner_product(&in[0][r], &in[0][r] + 13, &in[0][r], 0.0);
                const double root = std::sqrt(squares / 13 + double{1e-2f});
                for (std::size_t i = 0; i < 13; ++i) y[r + i] *= in[1][i] / root;
            }
            return y;
        })
        .run();
}

TEST(LayerNorm, Formula) {
    GradientCheck(
        {activation(20, 13, 1), weight({13}, 2), weight({13}, 3)},
        [](Pass& p, const Values& x, const Weights& w) { return layer_norm(p, x[0], w[0], w[1], 1e-2f); },
        [](const Inputs& in) {
            Doubles y = in[0];
            for (std::size_t r = 0; r < y.size(); r += 13) {
                const double mean = std::accumulate(&in[0][r], &in[0][r] + 13, 0.0) / 13;
                double variance = 0;
                for (std::size_t i = 0; i < 13; ++i) variance += std::pow(in[0][r + i] - mean, 2) / 13;
                for (std::size_t i = 0; i < 13; ++i)
                    y[r + i] = (y[r + i] - mean) / std::sqrt(variance + double{1e-2f}) * in[1][i] + in[2][i];
            }
            return y;
        })
        .run();
}

TEST(Swiglu, Formula) {
    GradientCheck(
        {activation(9, 34, 1)}, [](Pass& p, const Values& x, const Weights&) { return swiglu(p, x[0]); },
        [](const Inputs& in) {
            Doubles y;
            for (std::size_t r = 0; r < 9; ++r)
                for (std::size_t i = 0; i < 17; ++i) {
                    const double gate = in[0][r * 34 + i];
                    y.push_back(gate / (1 + std::exp(-gate)) * in[0][r * 34 + 17 + i]);
                }
            return y;
        })
        .run();
}

TEST(Gelu, Formula) {
    GradientCheck(
        {activation(9, 23, 1)}, [](Pass& p, const Values& x, const Weights&) { return gelu(p, x[0]); },
        [](const Inputs& in) {
            Doubles y = in[0];
            for (double& v : y) v = v * 0.5 * (1 + std::erf(v / std::sqrt(2.0)));
            return y;
        })
        .run();
}

TEST(Hadamard, Formula) {
    GradientCheck(
        {activation(9, 32, 1)}, [](Pass& p, const Values& x, const Weights&) { return hadamard(p, x[0]); },
        [](const Inputs& in) {
            Doubles y(in[0].size());
            for (std::size_t i = 0; i < y.size(); ++i) {
                for (std::size_t j = 0; j < 32; ++j) {
                    const double sign = std::popcount(i % 32 & j) % 2 == 0 ? 1 : -1;
                    y[i] += sign * in[0][i / 32 * 32 + j] / std::sqrt(32.0);
                }
            }
            return y;
        })
        .run();
}

// Used twice, so that its gradient is added to one that is there.
TEST(Hadamard, OfASum) {
    GradientCheck(
        {activation(5, 4, 1)}, [](Pass& p, const Values& x, const Weights&) { return add(p, x[0], hadamard(p, x[0])); },
        [](const Inputs& in) {
            Doubles y = in[0];
            for (std::size_t i = 0; i < y.size(); ++i)
                for (std::size_t j = 0; j < 4; ++j)
                    y[i] += (std::popcount(i % 4 & j) % 2 == 0 ? 0.5 : -0.5) * in[0][i / 4 * 4 + j];
            return y;
        })
        .run();
}

TEST(Add, Formula) {
    GradientCheck(
        {activation(9, 23, 1), activation(9, 23, 2)},
        [](Pass& p, const Values& x, const Weights&) { return add(p, x[0], x[1]); },
        [](const Inputs& in) { return sum_of(in[0], in[1]); })
        .run();
}

TEST(Add, ToItself) {
    GradientCheck(
        {activation(9, 23, 1)},
        [](Pass& p, const Values& x, const Weights&) { return add(p, add(p, x[0], x[0]), x[0]); },
        [](const Inputs& in) { return sum_of(sum_of(in[0], in[0]), in[0]); })
        .run();
}

TEST(Softmax, Formula) {
    GradientCheck(
        {activation(7, 31, 1)}, [](Pass& p, const Values& x, const Weights&) { return softmax(p, x[0]); },
        [](const Inputs& in) {
            Doubles y = in[0];
            for (std::size_t r = 0; r < y.size(); r += 31) {
                double sum = 0;
                for (std::size_t i = 0; i < 31; ++i) sum += y[r + i] = std::exp(y[r + i]);
                for (std::size_t i = 0; i < 31; ++i) y[r + i] /= sum;
            }
            return y;
        })
        .run();
}

TEST(GatherRows, Formula) {
    const std::vector<std::int64_t> rows{4, 0, 6};
    GradientCheck(
        {activation(7, 3, 1)}, [&](Pass& p, const Values& x, const Weights&) { return gather_rows(p, x[0], rows); },
        [&](const Inputs& in) {
            Doubles y;
            for (const std::int64_t r : rows)
                for (int i = 0; i < 3; ++i) y.push_back(in[0][static_cast<std::size_t>(r * 3 + i)]);
            return y;
        })
        .run();
}

TEST(Embedding, Formula) {
    const std::vector<std::int32_t> ids{3, 17, 3, 0, 19, 3};
    GradientCheck(
        {weight({20, 5}, 1)}, [&](Pass& p, const Values&, const Weights& w) { return embedding(p, ids, w[0]); },
        [&](const Inputs& in) {
            Doubles y;
            for (const std::int32_t id : ids)
                for (int i = 0; i < 5; ++i) y.push_back(in[0][static_cast<std::size_t>(id * 5 + i)]);
            return y;
        })
        .run();
}

// Weights in 16 bits are widened exactly: the product of the widened ones is expected.
TEST(Linear, SixteenBitWeights) {
    const std::int64_t in = 70, out = 130;
    const Doubles w = random_numbers(in * out, 5);
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels())
        for (const DType type : {DType::bf16, DType::f16})
            for (const std::int64_t rows : {1, 5, 40}) {
                Weight weight{Tensor::zeros(type, {out, in}), {}};
                Doubles widened;
                for (std::size_t i = 0; i < w.size(); ++i) {
                    const auto value = static_cast<float>(w[i]);
                    if (type == DType::bf16) weight.value.data<BF16>()[i] = to_bf16(value);
                    if (type == DType::f16) weight.value.data<F16>()[i] = to_f16(value);
                    widened.push_back(
                        static_cast<double>(type == DType::bf16 ? to_f32(to_bf16(value)) : to_f32(to_f16(value))));
                }
                const Doubles x = random_numbers(rows * in, 6);
                Arena arena;
                Pass pass({pool, *kernels}, arena);
                const Value y = linear(pass, {tensor_of(x, {rows, in})}, weight);
                EXPECT_LE(relative_distance(doubles_of(y.tensor), product_of(x, widened, in)), 1e-6);
            }
}

// The gradient of activations through a frozen 16-bit weight: several panels, added up.
TEST(Linear, GradientThroughFrozenSixteenBitWeight) {
    const std::int64_t in = 4096, out = 300, rows = 20;  // more than one panel
    const Doubles w = random_numbers(in * out, 5, 0.02), dy = random_numbers(rows * out, 7);
    Weight weight{Tensor::zeros(DType::bf16, {out, in}), {}};
    Doubles transposed(w.size());
    for (std::int64_t o = 0; o < out; ++o)
        for (std::int64_t i = 0; i < in; ++i) {
            const BF16 value = to_bf16(static_cast<float>(w[static_cast<std::size_t>(o * in + i)]));
            weight.value.data<BF16>()[o * in + i] = value;
            transposed[static_cast<std::size_t>(i * out + o)] = static_cast<double>(to_f32(value));
        }
    ThreadPool pool(2);
    Arena arena;
    Tape tape;
    Pass pass({pool, best_kernels()}, arena, &tape);
    const Tensor dx = Tensor::zeros(DType::f32, {rows, in});
    const Value x = tape.leaf(tensor_of(random_numbers(rows * in, 8), {rows, in}), {dx, false});
    const Tensor seed = tensor_of(dy, {rows, out});
    tape.seed(linear(pass, x, weight), seed);
    backward(pass);
    EXPECT_LE(relative_distance(doubles_of(dx), product_of(dy, transposed, static_cast<std::size_t>(out))), 1e-6);
}

Tensor stored(const Doubles& numbers, Shape shape, DType type) {
    Tensor tensor = Tensor::zeros(type, shape);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto value = static_cast<float>(numbers[i]);
        if (type == DType::f32) tensor.f32()[i] = value;
        if (type == DType::bf16) tensor.data<BF16>()[i] = to_bf16(value);
        if (type == DType::f16) tensor.data<F16>()[i] = to_f16(value);
    }
    return tensor;
}

// Rows of a batch do not know how many others there are, on how many threads they are computed, and whether they are
// added to something; in pairs, too, where the weight is large.
TEST(Linear, RowsDoNotDependOnTheBatch) {
    constexpr std::int64_t kRows = 40;
    for (const auto& [type, out, in] : {std::tuple{DType::f32, 300, 203},
                                        {DType::f16, 300, 203},
                                        {DType::bf16, 300, 203},
                                        {DType::bf16, 1050, 1001}}) {
        const Doubles w = random_numbers(out * in, 1);
        const Weight weight{stored(w, {out, in}, type), {}};
        const Tensor x = tensor_of(random_numbers(kRows * in, 2), {kRows, in});
        const Tensor before = tensor_of(random_numbers(kRows * out, 3), {kRows, out});
        for (const Kernels* kernels : available_kernels()) {
            const auto added = [&](std::int64_t first, std::int64_t count, int threads) {
                ThreadPool pool(threads);
                Arena arena;
                Pass pass({pool, *kernels}, arena);
                return doubles_of(
                    linear_add(pass, {before.slice_rows(first, count)}, {x.slice_rows(first, count)}, weight).tensor);
            };
            const Doubles all = added(0, kRows, 3);
            for (const std::int64_t count : {1, 2, 5, 8, 9, 17, 39}) {
                const std::int64_t first = kRows - count;
                ASSERT_EQ(added(first, count, 1), Doubles(all.begin() + first * out, all.end()))
                    << kernels->name << " " << name_of(type) << " " << count;
            }
        }
    }
}

TEST(CrossEntropy, LossAndGradients) {
    const std::int64_t rows = 300, width = 6, vocabulary = 40;  // more than one chunk
    std::vector<std::int32_t> targets;
    for (std::int32_t i = 0; i < rows; ++i) targets.push_back(i % 5 == 0 ? kIgnore : i * 7 % 40);
    const double scale = 0.25;
    const auto formula = [&](const Inputs& in) {
        const Doubles logits = product_of(in[0], in[1], static_cast<std::size_t>(width));
        double loss = 0;
        for (std::size_t r = 0; r < targets.size(); ++r) {
            if (targets[r] == kIgnore) continue;
            double sum = 0;
            for (std::size_t i = 0; i < 40; ++i) sum += std::exp(logits[r * 40 + i]);
            loss += std::log(sum) - logits[r * 40 + static_cast<std::size_t>(targets[r])];
        }
        return Doubles{loss};
    };
    const Inputs inputs{random_numbers(rows * width, 1), random_numbers(vocabulary * width, 2)};
    ThreadPool pool(2);
    for (const Kernels* kernels : available_kernels())
        for (const bool trainable : {true, false}) {
            Arena arena;
            Tape tape;
            Pass pass({pool, *kernels}, arena, &tape);
            const Tensor dx = Tensor::zeros(DType::f32, {rows, width});
            const Tensor dw = Tensor::zeros(DType::f32, {vocabulary, width});
            const Value x = tape.leaf(tensor_of(inputs[0], {rows, width}), {dx, false});
            const Weight head{tensor_of(inputs[1], {vocabulary, width}), trainable ? dw : Tensor()};
            const double loss = cross_entropy(pass, x, head, targets, scale);
            backward(pass);
            EXPECT_NEAR(loss, formula(inputs)[0], 1e-6 * loss);
            for (std::size_t which = 0; which < (trainable ? 2u : 1u); ++which) {
                const Tensor& gradient = which == 0 ? dx : dw;
                Doubles ours, expected;
                for (const std::size_t i : sampled(inputs[which].size())) {
                    ours.push_back(static_cast<double>(gradient.f32()[i]));
                    expected.push_back(difference_quotient(formula, inputs, {scale}, which, i));
                }
                EXPECT_LE(relative_distance(ours, expected), 3e-6) << kernels->name << " input " << which;
            }
        }
}

TEST(CrossEntropy, NothingToPredictIsNoLoss) {
    ThreadPool pool(1);
    Arena arena;
    Tape tape;
    Pass pass({pool, best_kernels()}, arena, &tape);
    const Tensor dx = Tensor::zeros(DType::f32, {2, 3});
    const Value x = tape.leaf(tensor_of(random_numbers(6, 1), {2, 3}), {dx, false});
    const Weight head{tensor_of(random_numbers(12, 2), {4, 3}), Tensor::zeros(DType::f32, {4, 3})};
    const std::vector<std::int32_t> targets{kIgnore, kIgnore};
    EXPECT_EQ(cross_entropy(pass, x, head, targets, 1), 0.0);
    backward(pass);
    for (const double d : doubles_of(dx)) EXPECT_EQ(d, 0.0);
}

}  // namespace
}  // namespace cria
