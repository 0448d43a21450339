// The plain twin of every kernel: the formula as a loop, in the order of the indices. It runs on any
// processor and is what the fast tables are tested against; nobody should wait for it.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "base/assert.h"
#include "kernels/cpu/tables.h"

namespace cria {
namespace {

float element(Transpose transpose, const Matrix<const float>& m, std::int64_t i, std::int64_t j) {
    return transpose == Transpose::yes ? m.data[j * m.stride + i] : m.data[i * m.stride + j];
}

void gemm(ThreadPool& pool, Transpose transpose_a, Matrix<const float> a, Transpose transpose_b, Matrix<const float> b,
          Matrix<float> c, bool accumulate) {
    const std::int64_t k = transpose_a == Transpose::yes ? a.rows : a.columns;
    pool.parallel(static_cast<int>(c.rows), [&](int i) {
        float* row = c.data + i * c.stride;
        if (!accumulate) std::fill(row, row + c.columns, 0.0f);
        for (std::int64_t p = 0; p < k; ++p) {
            const float x = element(transpose_a, a, i, p);
            for (std::int64_t j = 0; j < c.columns; ++j) row[j] += x * element(transpose_b, b, p, j);
        }
    });
}

float load(float value) { return value; }
float load(BF16 value) { return to_f32(value); }
float load(F16 value) { return to_f32(value); }

template <class T>
void dense_of(Matrix<const float> x, const WeightRows& w, std::int64_t first, std::int64_t last, Matrix<float> y,
              bool accumulate) {
    for (std::int64_t j = first; j < last; ++j) {
        const T* weight = static_cast<const T*>(w.data) + j * w.columns;
        for (std::int64_t r = 0; r < x.rows; ++r) {
            float sum = 0.0f;
            for (std::int64_t i = 0; i < w.columns; ++i) sum += x.data[r * x.stride + i] * load(weight[i]);
            float& to = y.data[r * y.stride + j];
            to = accumulate ? to + sum : sum;
        }
    }
}

void dense(Matrix<const float> x, WeightRows w, std::int64_t first, std::int64_t last, Matrix<float> y,
           bool accumulate) {
    switch (w.type) {
        case DType::f32: return dense_of<float>(x, w, first, last, y, accumulate);
        case DType::bf16: return dense_of<BF16>(x, w, first, last, y, accumulate);
        case DType::f16: return dense_of<F16>(x, w, first, last, y, accumulate);
        default: CRIA_ASSERT(false);
    }
}

// Row r of x with a row of a weight, block after block.
template <class T>
float laid_dot(const LaidRows& x, std::int64_t r, std::int64_t depth, const std::vector<float>& weight) {
    float sum = 0.0f;
    for (std::int64_t first = 0; first < x.columns; first += depth) {
        const auto* numbers = reinterpret_cast<const T*>(laid_block(x, r, first / depth));
        const std::int64_t end = std::min(depth, x.columns - first);
        for (std::int64_t i = 0; i < end; ++i) sum += load(numbers[i]) * weight[static_cast<std::size_t>(first + i)];
    }
    return sum;
}

void tiled_product(const LaidRows& x, const TiledRows& w, std::int64_t first_tile, std::int64_t last_tile, float* y,
                   std::int64_t y_stride, bool accumulate) {
    const std::int64_t depth = block_steps(x.steps()) * (x.pairs ? 2 : 1);
    std::vector<float> weight(static_cast<std::size_t>(w.columns));
    for (std::int64_t j = first_tile * w.lanes; j < std::min(last_tile * w.lanes, w.rows); ++j) {
        untile_row(w, j, weight.data());
        for (std::int64_t r = 0; r < x.rows; ++r) {
            const float sum = x.pairs ? laid_dot<BF16>(x, r, depth, weight) : laid_dot<float>(x, r, depth, weight);
            float& to = y[r * y_stride + j];
            to = accumulate ? to + sum : sum;
        }
    }
}

float rms_norm(const float* x, const float* weight, std::int64_t n, float epsilon, float* y) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < n; ++i) sum += double{x[i]} * x[i];
    const auto inverse_root = static_cast<float>(1.0 / std::sqrt(sum / static_cast<double>(n) + epsilon));
    for (std::int64_t i = 0; i < n; ++i) y[i] = x[i] * inverse_root * weight[i];
    return inverse_root;
}

// With r the inverse root: dx_i = r w_i dy_i - x_i r^3 / n * sum_j w_j dy_j x_j.
void rms_norm_gradient(const float* x, const float* weight, const float* dy, std::int64_t n, float inverse_root,
                       float* dx, float* dweight) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < n; ++i) sum += double{weight[i]} * dy[i] * x[i];
    const double r = inverse_root;
    const auto pull = static_cast<float>(sum * r * r * r / static_cast<double>(n));
    for (std::int64_t i = 0; i < n; ++i) {
        dx[i] = inverse_root * weight[i] * dy[i] - x[i] * pull;
        dweight[i] += dy[i] * x[i] * inverse_root;
    }
}

void rope(float* head, std::int64_t n, const float* cosine, const float* sine, float direction) {
    const std::int64_t half = n / 2;
    for (std::int64_t i = 0; i < half; ++i) {
        const float first = head[i];
        const float second = head[i + half];
        const float turn = direction * sine[i];
        head[i] = first * cosine[i] - second * turn;
        head[i + half] = second * cosine[i] + first * turn;
    }
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

void swiglu(const float* gate, const float* up, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = gate[i] * sigmoid(gate[i]) * up[i];
}

// silu'(g) = s (1 + g (1 - s)), s = sigmoid(g).
void swiglu_gradient(const float* gate, const float* up, const float* dy, std::int64_t n, float* dgate, float* dup) {
    for (std::int64_t i = 0; i < n; ++i) {
        const float s = sigmoid(gate[i]);
        const float slope = s * (1.0f + gate[i] * (1.0f - s));
        const float d = dy[i];
        dup[i] = d * gate[i] * s;
        dgate[i] = d * up[i] * slope;
    }
}

constexpr float kInverseRoot2 = static_cast<float>(1.0 / std::numbers::sqrt2);

void gelu(const float* x, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = 0.5f * x[i] * std::erfc(-x[i] * kInverseRoot2);
}

// d/dx x Phi(x) = Phi(x) + x phi(x), of the normal distribution.
void gelu_gradient(const float* x, const float* dy, std::int64_t n, float* dx) {
    constexpr auto kDensity = static_cast<float>(std::numbers::inv_sqrtpi / std::numbers::sqrt2);
    for (std::int64_t i = 0; i < n; ++i) {
        const float below = 0.5f * std::erfc(-x[i] * kInverseRoot2);
        dx[i] = dy[i] * (below + x[i] * kDensity * std::exp(-0.5f * x[i] * x[i]));
    }
}

float exp_sum(float* x, std::int64_t n, float* max) {
    for (std::int64_t i = 0; i < n; ++i) *max = std::max(*max, x[i]);
    float sum = 0.0f;
    for (std::int64_t i = 0; i < n; ++i) {
        x[i] = std::exp(x[i] - *max);
        sum += x[i];
    }
    return sum;
}

void softmax_gradient(float* p, float* ds, std::int64_t n, float log_sum, float row_dot) {
    for (std::int64_t i = 0; i < n; ++i) {
        p[i] = std::exp(p[i] - log_sum);
        ds[i] = p[i] * (ds[i] - row_dot);
    }
}

float dot(const float* a, const float* b, std::int64_t n) {
    float sum = 0.0f;
    for (std::int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

void axpy(float a, const float* x, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

void add(const float* a, const float* b, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

void scale(float a, float* x, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) x[i] *= a;
}

double sum_squares(const float* x, std::int64_t n) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < n; ++i) sum += double{x[i]} * x[i];
    return sum;
}

void adamw(const Kernels::AdamStep& step, const float* gradient, std::int64_t n, float* weight, float* m, float* v) {
    for (std::int64_t i = 0; i < n; ++i) {
        const float g = gradient[i] * step.gradient_scale;
        m[i] = step.beta1 * m[i] + (1.0f - step.beta1) * g;
        v[i] = step.beta2 * v[i] + (1.0f - step.beta2) * g * g;
        const float direction = m[i] / step.correction1 / (std::sqrt(v[i] / step.correction2) + step.epsilon);
        weight[i] -= step.learning_rate * (direction + step.weight_decay * weight[i]);
    }
}

void bf16_to_f32(const BF16* x, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = to_f32(x[i]);
}
void f32_to_bf16(const float* x, std::int64_t n, BF16* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = to_bf16(x[i]);
}
void f16_to_f32(const F16* x, std::int64_t n, float* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = to_f32(x[i]);
}
void f32_to_f16(const float* x, std::int64_t n, F16* y) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = to_f16(x[i]);
}
bool are_bf16(const F16* x, std::int64_t n) {
    return std::all_of(x, x + n, [](F16 value) { return to_f32(to_bf16(to_f32(value))) == to_f32(value); });
}

void quantize_row(const float* x, std::int64_t columns, std::int64_t beside, std::int8_t* numbers, SliceScale* scales) {
    for (std::int64_t i = 0; i < columns; i += kSlice, numbers += beside * kSlice, scales += beside) {
        float largest = 0, poison = 0;
        for (std::int64_t j = i; j < i + kSlice; ++j) {
            largest = std::max(largest, std::abs(x[j]));
            poison += x[j] * 0.0f;
        }
        const float scale = largest / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
        *scales = {.scale = scale + poison, .scaled_sum = 0, .sum = 0, .sums = {0, 0}};
        for (std::int64_t j = 0; j < kSlice; ++j) {
            const float whole = poison == 0 ? std::nearbyint(x[i + j] * inverse) : 0.0f;
            numbers[j] = static_cast<std::int8_t>(whole);
            scales->sums[j / 16] -= numbers[j];
        }
        scales->sum = scales->sums[0] + scales->sums[1];
        scales->scaled_sum = scales->scale * static_cast<float>(scales->sum);
    }
}

// One row of a panel with one row of the weight; `x` and `xs` are the row's own within the panel of `beside` rows.
float packed_dot(const std::int8_t* x, const SliceScale* xs, std::int64_t beside, const PackedRows& w, std::int64_t j) {
    const NumberRange range = *number_range(w.type);
    float sum = 0;
    for (std::int64_t first = 0; first < w.columns; first += range.group) {
        const std::int64_t slice = first / kSlice, half = first % kSlice;
        const PackedScale scale = packed_scale(w, j, first);
        const SliceScale& mine = xs[slice * beside];
        std::int32_t dot = 0;
        for (std::int64_t i = 0; i < range.group; ++i)
            dot += (packed_number(w, j, first + i) - range.zero) * x[slice * beside * kSlice + half + i];
        sum += static_cast<float>(dot) * scale.scale * mine.scale;
        if (range.group == kSlice) sum += scale.minimum * mine.scaled_sum;
    }
    return sum;
}

void packed_product(const QuantizedRows& x, const PackedRows& w, std::int64_t first_tile, std::int64_t last_tile,
                    float* y, std::int64_t y_stride, bool accumulate) {
    for (std::int64_t row = 0; row < x.rows;) {
        const std::int64_t count = panel_rows(x.rows, row, x.panel);
        for (std::int64_t r = 0; r < count; ++r) {
            const std::int8_t* numbers = x.numbers + row * x.columns + r * kSlice;
            const SliceScale* scales = x.scales + row * x.columns / kSlice + r;
            for (std::int64_t j = first_tile * w.lanes; j < std::min(last_tile * w.lanes, w.rows); ++j) {
                float& to = y[(row + r) * y_stride + j];
                to = (accumulate ? to : 0.0f) + packed_dot(numbers, scales, count, w, j);
            }
        }
        row += count;
    }
}

template <class T>
void word_product(const T* a, std::int64_t a_stride, std::int64_t rows, const WordMatrix<T>& b, std::int64_t steps,
                  std::int64_t columns, float* c, std::int64_t c_stride, bool accumulate, const void*) {
    constexpr std::int64_t kN = 4 / sizeof(T);  // numbers of a word
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t j = 0; j < columns; ++j) {
            const T* column = b.data + kN * (j / kPairedLanes * b.block + j % kPairedLanes);
            float sum = 0.0f;
            for (std::int64_t i = 0; i < kN * steps; ++i)
                sum += load(a[r * a_stride + i]) * load(column[i / kN * kN * b.step + i % kN]);
            float& to = c[r * c_stride + j];
            to = accumulate ? to + sum : sum;
        }
}

float paired_softmax(const float* scores, std::int64_t valid, std::int64_t n, float* max, BF16* weights) {
    *max = std::max(*max, *std::max_element(scores, scores + valid));
    float sum = 0.0f;
    for (std::int64_t i = 0; i < n; ++i) {
        const float weight = i < valid ? std::exp(scores[i] - *max) : 0.0f;
        sum += weight;
        weights[i] = to_bf16(weight);
    }
    return sum;
}

SplitScale quad_split(const float* x, std::int64_t n, std::int8_t* high, std::int8_t* low) {
    float largest = 0, poison = 0;
    for (std::int64_t i = 0; i < n; ++i) {
        largest = std::max(largest, std::abs(x[i]));
        poison += x[i] * 0.0f;
    }
    SplitScale out{largest / 32512.0f, 0};
    const float inverse = out.scale > 1e-37f ? 1.0f / out.scale : 0.0f;
    for (std::int64_t i = 0; i < n; ++i) {
        const float whole = poison == 0 ? std::nearbyint(x[i] * inverse) : 0.0f;
        high[i] = static_cast<std::int8_t>(std::nearbyint(whole * (1.0f / 255.0f)));
        low[i] = static_cast<std::int8_t>(whole - 255.0f * static_cast<float>(high[i]));
        out.sum += 255 * high[i] + low[i];
    }
    out.scale += poison;
    return out;
}

float quad_softmax(const float* scores, const float* factors, std::int64_t valid, std::int64_t n, float* max,
                   std::int8_t* high, std::int8_t* low, SplitScale* split) {
    std::vector<float> weights(scores, scores + n);
    const float sum = exp_sum(weights.data(), valid, max);
    for (std::int64_t i = 0; i < valid; ++i) weights[static_cast<std::size_t>(i)] *= factors[i];
    std::fill(weights.begin() + valid, weights.end(), 0.0f);
    *split = quad_split(weights.data(), n, high, low);
    return sum;
}

void quad_product(const std::int8_t* a, std::int64_t a_stride, const SplitScale* scales, std::int64_t rows,
                  const QuadMatrix& b, std::int64_t quads, std::int64_t columns, float* c, std::int64_t c_stride,
                  bool accumulate, const void*) {
    for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t j = 0; j < columns; ++j) {
            const std::uint8_t* column = b.data + 4 * (j / kQuadLanes * b.block + j % kQuadLanes);
            const std::int8_t *high = a + 2 * r * a_stride, *low = high + a_stride;
            std::int32_t sum = 0;
            for (std::int64_t i = 0; i < 4 * quads; ++i)
                sum += (255 * high[i] + low[i]) * (column[i / 4 * 4 * b.step + i % 4] - 128);
            const float y = static_cast<float>(sum) * (scales[r].scale * (b.scales != nullptr ? b.scales[j] : 1.0f));
            float& to = c[r * c_stride + j];
            to = accumulate ? to + y : y;
        }
}

}  // namespace

const Kernels kScalarKernels = {
    .name = "scalar",
    .gemm = gemm,
    .number_product = word_product<float>,
    .dense = dense,
    .tiled = {2, 4, tiled_product},
    .packed = {1, 8, quantize_row, packed_product},
    .paired = {false, word_product<BF16>, paired_softmax},
    .quads = {quad_split, quad_softmax, quad_product},
    .rms_norm = rms_norm,
    .rms_norm_gradient = rms_norm_gradient,
    .rope = rope,
    .swiglu = swiglu,
    .swiglu_gradient = swiglu_gradient,
    .gelu = gelu,
    .gelu_gradient = gelu_gradient,
    .exp_sum = exp_sum,
    .softmax_gradient = softmax_gradient,
    .dot = dot,
    .axpy = axpy,
    .add = add,
    .scale = scale,
    .sum_squares = sum_squares,
    .adamw = adamw,
    .bf16_to_f32 = bf16_to_f32,
    .f32_to_bf16 = f32_to_bf16,
    .f16_to_f32 = f16_to_f32,
    .f32_to_f16 = f32_to_f16,
    .are_bf16 = are_bf16,
};

}  // namespace cria
