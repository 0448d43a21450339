// Rows of sixteen-bit floats to and from f32, for any vector vocabulary V.
#pragma once

#include "kernels/cpu/vec.h"
#include "tensor/dtype.h"

namespace cria {

template <class V>
struct Convert {
    using F = typename V::F;
    using H = typename V::H;
    using U = typename V::U;
    static constexpr std::int64_t kLanes = V::kLanes;

    CRIA_INLINE F widen(const float* from) { return V::load(from); }
    CRIA_INLINE F widen(const BF16* from) { return V::widen_bf16(V::template load_as<H>(from)); }
    CRIA_INLINE F widen(const F16* from) { return V::widen_f16(V::template load_as<H>(from)); }

    // The first n < kLanes elements; the other lanes are zero.
    CRIA_INLINE F widen_part(const float* from, std::int64_t n) { return V::load_part(from, n); }
    template <class T>
    CRIA_INLINE F widen_part(const T* from, std::int64_t n) {
        T whole[kLanes] = {};
        for (std::int64_t i = 0; i < n; ++i) whole[i] = from[i];
        return widen(whole);
    }

    template <class T>
    static void to_f32(const T* x, std::int64_t n, float* y) {
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) V::store(y + i, widen(x + i));
        if (i < n) V::store_part(y + i, widen_part(x + i, n - i), n - i);
    }

    static bool are_bf16(const F16* x, std::int64_t n) {
        U lower = {};
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) lower |= V::template cast<U>(widen(x + i));
        if (i < n) lower |= V::template cast<U>(widen_part(x + i, n - i));
        std::uint32_t all = 0;
        for (int lane = 0; lane < kLanes; ++lane) all |= lower[lane];
        return (all & 0xffffu) == 0;
    }

    CRIA_INLINE void narrow(F v, BF16* to) {
        const H h = V::narrow_bf16(v);
        __builtin_memcpy(to, &h, sizeof(H));
    }
    CRIA_INLINE void narrow(F v, F16* to) {
        const H h = V::narrow_f16(v);
        __builtin_memcpy(to, &h, sizeof(H));
    }
    template <class T>
    static void from_f32(const float* x, std::int64_t n, T* y) {
        std::int64_t i = 0;
        for (; i + kLanes <= n; i += kLanes) narrow(V::load(x + i), y + i);
        if (i == n) return;
        T whole[kLanes];
        narrow(V::load_part(x + i, n - i), whole);
        for (std::int64_t j = 0; i + j < n; ++j) y[i + j] = whole[j];
    }
};

}  // namespace cria
