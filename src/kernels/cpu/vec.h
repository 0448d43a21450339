// The vocabulary in which every fast kernel is written once: a vector of N floats, in the vector types that
// g++ and clang share. The compiler turns it into the instructions of the flags it is given, and can lower
// it to any narrower ones, which is how the tests run shapes that a processor lacks.
//
// vec_avx2.h, vec_avx512.h and vec_neon.h derive from this and replace the few words that the compiler does
// not find by itself. All is a static member of a class that each translation unit keeps in an unnamed
// namespace: nothing compiled for one instruction set can be linked into another's code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#define CRIA_INLINE [[gnu::always_inline]] static inline

namespace cria {

// Vectors of N elements. (g++ 12 wants the size in vector_size to be a number, not a template's parameter.)
template <int N>
struct VecTypes;
#define CRIA_VEC_TYPES(N)                                              \
    template <>                                                        \
    struct VecTypes<N> {                                               \
        typedef float F __attribute__((vector_size((N) * 4)));         \
        typedef std::int32_t I __attribute__((vector_size((N) * 4)));  \
        typedef std::uint32_t U __attribute__((vector_size((N) * 4))); \
        typedef std::uint16_t H __attribute__((vector_size((N) * 2))); \
        typedef std::uint16_t W __attribute__((vector_size((N) * 4))); \
        typedef double D __attribute__((vector_size((N) * 8)));        \
        typedef std::uint8_t B __attribute__((vector_size(N)));        \
        typedef std::int8_t S __attribute__((vector_size(N)));         \
    };
CRIA_VEC_TYPES(4)
CRIA_VEC_TYPES(8)
CRIA_VEC_TYPES(16)
#undef CRIA_VEC_TYPES

// Self: the class of the unnamed namespace that derives from this, so that each is a class of its own.
template <class Self, int N>
struct VecBase {
    static constexpr int kLanes = N;
    static constexpr int kFewRows = N < 16 ? 4 : 8;  // rows of x whose sums stay beside a square of a weight
    using F = typename VecTypes<N>::F;  // floats
    using I = typename VecTypes<N>::I;  // 32-bit integers
    using U = typename VecTypes<N>::U;
    using H = typename VecTypes<N>::H;  // 16-bit integers, or the bits of 16-bit floats
    using W = typename VecTypes<N>::W;  // twice as many
    using D = typename VecTypes<N>::D;  // doubles
    using B = typename VecTypes<N>::B;  // bytes, signed in S
    using S = typename VecTypes<N>::S;

    template <class To, class From>
    CRIA_INLINE To cast(From from) {  // the same bits
        static_assert(sizeof(To) == sizeof(From));
        return (To)from;
    }
    template <class To, class From>
    CRIA_INLINE To convert(From from) {  // the same values
        return __builtin_convertvector(from, To);
    }

    template <class V, class T>
    CRIA_INLINE V load_as(const T* from) {
        V v;
        __builtin_memcpy(&v, from, sizeof(V));
        return v;
    }
    CRIA_INLINE F load(const float* from) { return load_as<F>(from); }
    CRIA_INLINE void store(float* to, F v) { __builtin_memcpy(to, &v, sizeof(F)); }
    // The first n < N elements; the other lanes are zero.
    CRIA_INLINE F load_part(const float* from, std::int64_t n) {
        F v = {};
        for (std::int64_t i = 0; i < n; ++i) v[i] = from[i];
        return v;
    }
    CRIA_INLINE void store_part(float* to, F v, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i) to[i] = v[i];
    }

    CRIA_INLINE F all(float x) { return x - F{}; }  // keeps -0
    CRIA_INLINE U all_bits(std::uint32_t x) { return x | U{}; }
    // v, of which the compiler knows nothing from here on: it neither loads it once more for each use, nor takes a step
    // back to where it was a scalar.
    CRIA_INLINE U in_register(U v) { return v; }
    CRIA_INLINE F lanes_below(std::int64_t n, F v, F other) {  // lanes [0, n) of v, the rest of `other`
        for (std::int64_t i = n; i < N; ++i) v[i] = other[i];
        return v;
    }
    // sum + a b, rounded once where the processor can. Said here, and not left to the compiler from case to case: sums
    // must not depend on which form of a kernel computes them.
    CRIA_INLINE F add_product(F sum, F a, F b) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
        for (int i = 0; i < N; ++i) sum[i] = __builtin_fmaf(a[i], b[i], sum[i]);
        return sum;
#else
        return sum + a * b;
#endif
    }
    CRIA_INLINE F max(F a, F b) { return a > b ? a : b; }
    CRIA_INLINE F sqrt(F v) {
        for (int i = 0; i < N; ++i) v[i] = __builtin_sqrtf(v[i]);
        return v;
    }

    // Sums and maxima over the lanes fold the upper half onto the lower one: a fixed order.
    template <class V, std::size_t... i>
    CRIA_INLINE auto lower_half(V v, std::index_sequence<i...>) {
        return __builtin_shufflevector(v, v, i...);
    }
    template <class V, std::size_t... i>
    CRIA_INLINE auto upper_half(V v, std::index_sequence<i...>) {
        return __builtin_shufflevector(v, v, (i + sizeof...(i))...);
    }
    template <class V>
    CRIA_INLINE auto sum_lanes(V v) {
        constexpr std::size_t lanes = sizeof(V) / sizeof(v[0]);
        if constexpr (lanes == 2) {
            return v[0] + v[1];
        } else {
            using Half = std::make_index_sequence<lanes / 2>;
            return sum_lanes(lower_half(v, Half{}) + upper_half(v, Half{}));
        }
    }
    template <class V>
    CRIA_INLINE float max_lanes(V v) {
        constexpr std::size_t lanes = sizeof(V) / sizeof(v[0]);
        if constexpr (lanes == 2) {
            return v[0] > v[1] ? v[0] : v[1];
        } else {
            using Half = std::make_index_sequence<lanes / 2>;
            const auto low = lower_half(v, Half{});
            const auto high = upper_half(v, Half{});
            return max_lanes(low > high ? low : high);
        }
    }

    // rows[i][j] becomes rows[j][i]: first within blocks of four rows and 128 bits, then the blocks.
    CRIA_INLINE void transpose(F (&rows)[N]) {
        constexpr auto kAll = std::make_index_sequence<N>{};
        for (int i = 0; i < N; i += 4) transpose_blocks(rows + i, kAll);
        for (int i = 0; N > 4 && i < 4; ++i) {
            if constexpr (N == 8) {
                const F first = rows[i];
                rows[i] = even_blocks(first, rows[i + 4], kAll);
                rows[i + 4] = odd_blocks(first, rows[i + 4], kAll);
            } else if constexpr (N == 16) {
                const F even[2] = {even_blocks(rows[i], rows[i + 4], kAll),
                                   even_blocks(rows[i + 8], rows[i + 12], kAll)};
                const F odd[2] = {odd_blocks(rows[i], rows[i + 4], kAll), odd_blocks(rows[i + 8], rows[i + 12], kAll)};
                rows[i] = even_blocks(even[0], even[1], kAll);
                rows[i + 4] = even_blocks(odd[0], odd[1], kAll);
                rows[i + 8] = odd_blocks(even[0], even[1], kAll);
                rows[i + 12] = odd_blocks(odd[0], odd[1], kAll);
            }
        }
    }
    // Four rows, each 128 bits of them by itself: numbers are dealt out in turn, then pairs.
    template <std::size_t... j>
    CRIA_INLINE void transpose_blocks(F* rows, std::index_sequence<j...>) {
        const auto low = [](F a, F b) {
            return __builtin_shufflevector(a, b, (j % 2 * N + j / 4 * 4 + j % 4 / 2)...);
        };
        const auto high = [](F a, F b) {
            return __builtin_shufflevector(a, b, (j % 2 * N + j / 4 * 4 + j % 4 / 2 + 2)...);
        };
        const auto low_pairs = [](F a, F b) {
            return __builtin_shufflevector(a, b, (j % 4 / 2 * N + j / 4 * 4 + j % 2)...);
        };
        const auto high_pairs = [](F a, F b) {
            return __builtin_shufflevector(a, b, (j % 4 / 2 * N + j / 4 * 4 + j % 2 + 2)...);
        };
        const F first_low = low(rows[0], rows[1]), first_high = high(rows[0], rows[1]);
        const F last_low = low(rows[2], rows[3]), last_high = high(rows[2], rows[3]);
        rows[0] = low_pairs(first_low, last_low);
        rows[1] = high_pairs(first_low, last_low);
        rows[2] = low_pairs(first_high, last_high);
        rows[3] = high_pairs(first_high, last_high);
    }
    // The blocks of 128 bits with even numbers of a, then those of b; the same with odd ones.
    template <std::size_t... j>
    CRIA_INLINE F even_blocks(F a, F b, std::index_sequence<j...>) {
        return __builtin_shufflevector(a, b, (j / 4 * 8 + j % 4)...);
    }
    template <std::size_t... j>
    CRIA_INLINE F odd_blocks(F a, F b, std::index_sequence<j...>) {
        return __builtin_shufflevector(a, b, (j / 4 * 8 + 4 + j % 4)...);
    }

    // N bytes and 32-bit integers.
    CRIA_INLINE I widen_unsigned(const void* from) { return convert<I>(load_as<B>(static_cast<const char*>(from))); }
    CRIA_INLINE I widen_signed(const void* from) { return convert<I>(load_as<S>(static_cast<const char*>(from))); }
    CRIA_INLINE void store_bytes(std::int8_t* to, I v) {  // values of -128 to 127
        const S bytes = convert<S>(v);
        __builtin_memcpy(to, &bytes, sizeof(S));
    }
    // sum + the products of the four unsigned bytes of each lane of w and the four signed ones of x, exactly.
    CRIA_INLINE I dot4(I sum, U w, U x) {
        for (int shift = 0; shift < 32; shift += 8)
            sum += cast<I>((w >> shift) & 255u) * (cast<I>(x << (24 - shift)) >> 24);
        return sum;
    }
    // The same for bytes of w up to 127, whose pairs of products fit into 16 bits.
    CRIA_INLINE I dot4_small(I sum, U w, U x) { return Self::dot4(sum, w, x); }
    // Where products of two signed bytes are quicker: dot4_signed(sum, w, x), x above -128.
    static constexpr bool kSignedBytes = false;
    // Where sums of two products fit 16 bits and are quicker added there: pairs(w, x), w below 64; add_pairs(a, b);
    // widen_pairs(sum, pairs).
    static constexpr bool kSumsIn16Bits = false;
    static constexpr bool kPairsInOneStep = false;
    // sum + the two products of the bf16 numbers of each lane of a and b.
    CRIA_INLINE F dot2_bf16(F sum, U a, U b) {
        sum = Self::add_product(sum, cast<F>(a << 16), cast<F>(b << 16));
        return Self::add_product(sum, cast<F>(a & 0xffff0000u), cast<F>(b & 0xffff0000u));
    }
    // Bytes 0 to 15 become those of a table of 16.
    CRIA_INLINE U look_up(const std::uint8_t* table, U bytes) {
        std::uint8_t each[sizeof(U)];
        __builtin_memcpy(each, &bytes, sizeof(U));
        for (std::uint8_t& byte : each) byte = table[byte];
        return load_as<U>(each);
    }

    // Sixteen bits to the low half of 32 and back.
    CRIA_INLINE U widen_bits(H h) { return convert<U>(h); }
    CRIA_INLINE H narrow_bits(U u) { return convert<H>(u); }

    // Sixteen-bit floats, exactly.
    CRIA_INLINE F widen_bf16(H h) { return cast<F>(Self::widen_bits(h) << 16); }
    // To nearest, ties to even; a NaN stays a quiet NaN.
    CRIA_INLINE H narrow_bf16(F v) {
        const U bits = cast<U>(v);
        const U rounded = (bits + (((bits >> 16) & 1u) + 0x7fffu)) >> 16;
        const U quiet = (bits >> 16) | 0x40u;
        return Self::narrow_bits((bits & 0x7fffffffu) > all_bits(0x7f800000u) ? quiet : rounded);
    }
    CRIA_INLINE F widen_f16(H h) {
        const U bits = Self::widen_bits(h);
        const U magnitude = (bits & 0x7fffu) << 13;
        const F scaled = cast<F>(magnitude) * 0x1p112f;  // moves the exponent's bias; subnormals come out right
        const U special = magnitude | 0x7f800000u;       // infinity and NaN
        const U finite = cast<U>(scaled);
        return cast<F>(((bits & 0x8000u) << 16) | (magnitude >= all_bits(0x0f800000u) ? special : finite));
    }
    // As to_f16 of tensor/dtype.h.
    CRIA_INLINE H narrow_f16(F v) {
        const U bits = cast<U>(v);
        const U magnitude = bits & 0x7fffffffu;
        const U subnormal = cast<U>(cast<F>(magnitude) + 0.5f) - 0x3f000000u;  // the addition rounds
        const U normal = (magnitude + (((magnitude >> 13) & 1u) + 0xfffu) - (112u << 23)) >> 13;
        U result = magnitude < all_bits(0x38800000u) ? subnormal : normal;
        result = magnitude >= all_bits(0x477ff000u) ? all_bits(0x7c00u) : result;
        result = magnitude > all_bits(0x7f800000u) ? all_bits(0x7e00u) : result;
        return Self::narrow_bits(result | ((bits >> 16) & 0x8000u));
    }
};

}  // namespace cria
