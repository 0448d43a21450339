// The kernels over one row of numbers, for any vector vocabulary V. See kernels/kernels.h for what each
// computes, and scalar.cpp for the same in plain loops.
#pragma once

#include "kernels/cpu/math.h"
#include "kernels/kernels.h"

namespace cria {

template <class V>
struct Rows {
    using F = typename V::F;
    using D = typename V::D;
    using Math = cria::Math<V>;
    static constexpr std::int64_t kLanes = V::kLanes;

    // Where a loop is: at `i`, with a whole vector or with the last `n` elements.
    struct Whole {
        std::int64_t i;
        [[gnu::always_inline]] F load(const float* x) const { return V::load(x + i); }
        [[gnu::always_inline]] void store(float* y, F v) const { V::store(y + i, v); }
        [[gnu::always_inline]] F valid(F v, F) const { return v; }
    };
    struct Part {
        std::int64_t i, n;
        [[gnu::always_inline]] F load(const float* x) const { return V::load_part(x + i, n); }
        [[gnu::always_inline]] void store(float* y, F v) const { V::store_part(y + i, v, n); }
        [[gnu::always_inline]] F valid(F v, F other) const { return V::lanes_below(n, v, other); }
    };
    template <class Body>
    CRIA_INLINE void each(std::int64_t n, Body body) {
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) body(Whole{i});
        if (i < n) body(Part{i, n - i});
    }

    // sum of f(i) over the vectors, in two chains. Missing elements are loaded as zeros and must add zero.
    template <class Term>
    CRIA_INLINE float sum_of(std::int64_t n, Term term) {
        F even = {};
        F odd = {};
        std::int64_t i = 0;
        for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
            even += term(Whole{i});
            odd += term(Whole{i + kLanes});
        }
        if (i + kLanes <= n) {
            even += term(Whole{i});
            i += kLanes;
        }
        if (i < n) odd += term(Part{i, n - i});
        return V::sum_lanes(even + odd);
    }

    static float rms_norm(const float* x, const float* weight, std::int64_t n, float epsilon, float* y) {
        const float squares = sum_of(n, [=](auto at) { return at.load(x) * at.load(x); });
        const float inverse_root = 1.0f / __builtin_sqrtf(squares / static_cast<float>(n) + epsilon);
        each(n, [=](auto at) { at.store(y, at.load(x) * inverse_root * at.load(weight)); });
        return inverse_root;
    }

    static void rms_norm_gradient(const float* x, const float* weight, const float* dy, std::int64_t n,
                                  float inverse_root, float* dx, float* dweight) {
        const float sum = sum_of(n, [=](auto at) { return at.load(weight) * at.load(dy) * at.load(x); });
        const float pull = sum * inverse_root * inverse_root * inverse_root / static_cast<float>(n);
        each(n, [=](auto at) {
            const F scaled_dy = at.load(dy) * inverse_root;
            const F value = at.load(x);
            at.store(dx, scaled_dy * at.load(weight) - value * pull);
            at.store(dweight, at.load(dweight) + scaled_dy * value);
        });
    }

    static void rope(float* head, std::int64_t n, const float* cosine, const float* sine, float direction) {
        float* second_half = head + n / 2;
        each(n / 2, [=](auto at) {
            const F first = at.load(head);
            const F second = at.load(second_half);
            const F turn = at.load(sine) * direction;
            at.store(head, first * at.load(cosine) - second * turn);
            at.store(second_half, second * at.load(cosine) + first * turn);
        });
    }

    static void swiglu(const float* gate, const float* up, std::int64_t n, float* y) {
        each(n, [=](auto at) { at.store(y, at.load(gate) * Math::sigmoid(at.load(gate)) * at.load(up)); });
    }
    static void swiglu_gradient(const float* gate, const float* up, const float* dy, std::int64_t n, float* dgate,
                                float* dup) {
        each(n, [=](auto at) {
            const F g = at.load(gate);
            const F d = at.load(dy);
            const F s = Math::sigmoid(g);
            const F slope = s * (1.0f + g * (1.0f - s));
            const F d_gate = d * at.load(up) * slope;
            at.store(dup, d * g * s);
            at.store(dgate, d_gate);
        });
    }

    static void gelu(const float* x, std::int64_t n, float* y) {
        each(n, [=](auto at) { at.store(y, at.load(x) * Math::normal(at.load(x)).below); });
    }
    static void gelu_gradient(const float* x, const float* dy, std::int64_t n, float* dx) {
        each(n, [=](auto at) {
            const F value = at.load(x);
            const auto normal = Math::normal(value);
            at.store(dx, at.load(dy) * (normal.below + value * normal.bell * 0.398942280f));  // 1 / sqrt(2 pi)
        });
    }

    static float exp_sum(float* x, std::int64_t n, float* max_in_out) {
        const F least = V::all(*max_in_out);
        F largest = least;
        each(n, [&](auto at) { largest = V::max(at.valid(at.load(x), least), largest); });
        const float max = V::max_lanes(largest);
        *max_in_out = max;
        return sum_of(n, [=](auto at) {
            const F y = at.valid(Math::exp_below(at.load(x) - max), F{});
            at.store(x, y);
            return y;
        });
    }

    static void softmax_gradient(float* p, float* ds, std::int64_t n, float log_sum, float row_dot) {
        each(n, [=](auto at) {
            const F y = Math::exp(at.load(p) - log_sum);
            at.store(p, y);
            at.store(ds, y * (at.load(ds) - row_dot));
        });
    }

    static float dot(const float* a, const float* b, std::int64_t n) {
        return sum_of(n, [=](auto at) { return at.load(a) * at.load(b); });
    }
    static void axpy(float a, const float* x, std::int64_t n, float* y) {
        each(n, [=](auto at) { at.store(y, at.load(y) + at.load(x) * a); });
    }
    static void add(const float* a, const float* b, std::int64_t n, float* y) {
        each(n, [=](auto at) { at.store(y, at.load(a) + at.load(b)); });
    }
    static void scale(float a, float* x, std::int64_t n) {
        each(n, [=](auto at) { at.store(x, at.load(x) * a); });
    }
    static double sum_squares(const float* x, std::int64_t n) {
        D sum = {};
        each(n, [&](auto at) {
            const D wide = V::template convert<D>(at.load(x));
            sum += wide * wide;
        });
        return V::sum_lanes(sum);
    }

    static void adamw(const Kernels::AdamStep& step, const float* gradient, std::int64_t n, float* weight, float* m,
                      float* v) {
        const Kernels::AdamStep s = step;
        const float scale1 = 1.0f / s.correction1;
        const float scale2 = 1.0f / s.correction2;
        each(n, [=](auto at) {
            const F g = at.load(gradient) * s.gradient_scale;
            const F mean = at.load(m) * s.beta1 + g * (1.0f - s.beta1);
            const F square = at.load(v) * s.beta2 + g * g * (1.0f - s.beta2);
            const F direction = mean * scale1 / (V::sqrt(square * scale2) + s.epsilon);
            const F w = at.load(weight);
            at.store(m, mean);
            at.store(v, square);
            at.store(weight, w - (direction + w * s.weight_decay) * s.learning_rate);
        });
    }
};

}  // namespace cria
