// exp and the normal distribution over a vector vocabulary V. The polynomials are fitted by us
// (reweighted least squares of the relative error); the errors named hold for fused multiply-adds.
#pragma once

#include <cstdint>

#include "kernels/cpu/vec.h"

namespace cria {

template <class V>
struct Math {
    using F = typename V::F;
    using I = typename V::I;

    // e^x within 1.5 units in the last place; 0 below -87.3 (where floats become subnormal), infinity above 88.72.
    CRIA_INLINE F exp(F x) {
        const F lowest = V::all(kLowest);
        const F highest = V::all(88.7228391f);
        F inside = x < lowest ? lowest : x;
        inside = inside > highest ? highest : inside;
        const Power power = power_of(inside);
        // 2^n as 2 * 2^(n-1), since n may be 128.
        F y = power.rest * two_to(power.n, 126) * V::all(2.0f);
        y = x < lowest ? F{} : y;
        return x > highest ? V::all(__builtin_inff()) : y;
    }
    // The same bits for x <= 0, as in a softmax, with fewer steps.
    CRIA_INLINE F exp_below(F x) {
        const F lowest = V::all(kLowest);
        const Power power = power_of(x < lowest ? lowest : x);
        const F y = power.rest * two_to(power.n, 127);
        return x < lowest ? F{} : y;
    }

private:
    static constexpr float kLowest = -87.3365447f;

    // e^x = 2^n * rest, n in the low bits.
    struct Power {
        F n, rest;
    };
    CRIA_INLINE Power power_of(F x) {
        // x = n ln 2 + r, |r| <= ln 2 / 2; ln 2 in two pieces, the first with zeros at its end.
        const F shifted = x * V::all(1.44269504f) + V::all(0x1.8p23f);  // rounds n into the low bits
        const F n = shifted - V::all(0x1.8p23f);
        const F r = (x - n * V::all(0x1.62e4p-1f)) - n * V::all(0x1.7f7d1cp-20f);
        F tail = V::all(0.00139012758f);
        tail = tail * r + V::all(0.00836314633f);
        tail = tail * r + V::all(0.0416668542f);
        tail = tail * r + V::all(0.166665778f);
        tail = tail * r + V::all(0.5f);
        return {shifted, tail * (r * r) + r + V::all(1.0f)};
    }
    CRIA_INLINE F two_to(F n, int bias) {
        return V::template cast<F>((V::template cast<I>(n) << 23) + (I{} + (bias << 23)));
    }

public:
    CRIA_INLINE F sigmoid(F x) { return V::all(1.0f) / (V::all(1.0f) + exp(-x)); }

    // Of the standard normal distribution at x: the probability below x, and e^(-x^2/2).
    struct Normal {
        F below, bell;
    };
    // The tail Q(|x|) = e^(-x^2/2) P(t), t = 1 / (1 + |x| / (3 sqrt 2)): relative error of P under 4e-7.
    CRIA_INLINE Normal normal(F x) {
        const F size = x < F{} ? -x : x;
        const F t = V::all(1.0f) / (V::all(1.0f) + size * V::all(0.235702260f));
        F p = V::all(0.0278678909f);
        p = p * t + V::all(-0.146123618f);
        p = p * t + V::all(0.267981231f);
        p = p * t + V::all(-0.220750809f);
        p = p * t + V::all(0.201899797f);
        p = p * t + V::all(-0.00104722357f);
        p = p * t + V::all(0.0961075127f);
        p = p * t + V::all(0.0857027844f);
        p = p * t + V::all(0.0943446532f);
        p = p * t + V::all(0.0940177664f);
        const F bell = exp(V::all(-0.5f) * x * x);
        const F tail = p * t * bell;
        return {x < F{} ? tail : V::all(1.0f) - tail, bell};
    }
};

}  // namespace cria
