// The roofs: loops that do nothing but multiply-add from registers, or read memory. Each is tried for some
// milliseconds several times and the best counts, since anything else on the machine can only slow it down.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "kernels/cpu/features.h"
#include "kernels/processor.h"
#include "tensor/tensor.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace cria {
namespace {

// Hides a value from the compiler, which would otherwise compute the loops in advance. (A macro, since a
// function would need the instruction set of its caller.)
#if defined(__x86_64__)
#define CRIA_OPAQUE(value) __extension__({ asm volatile("" : "+v"(value)); })
#elif defined(__aarch64__)
#define CRIA_OPAQUE(value) __extension__({ asm volatile("" : "+w"(value)); })
#else
#define CRIA_OPAQUE(value) __extension__({ asm volatile("" : "+m"(value)); })
#endif

// A loop of `rounds` rounds over several independent chains: more than the latency of the unit can hold up.
struct Loop {
    std::string_view instruction;
    std::string_view needs;  // the instruction set; "" for the last resort, which any processor runs
    double operations_per_round;
    void (*run)(std::int64_t rounds);
};

#define CRIA_CHAINS(kChains, Vector, step)                \
    Vector sum[kChains] = {};                             \
    for (std::int64_t i = 0; i < rounds; ++i) {           \
        _Pragma("GCC unroll 32") for (Vector & s : sum) { \
            s = step;                                     \
            CRIA_OPAQUE(s);                               \
        }                                                 \
    }

#if defined(__x86_64__)

[[gnu::target("avx512f")]] void fma_avx512(std::int64_t rounds) {
    __m512 x = _mm512_set1_ps(0.999f);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(24, __m512, _mm512_fmadd_ps(s, x, x))
}
[[gnu::target("avx2,fma")]] void fma_avx2(std::int64_t rounds) {
    __m256 x = _mm256_set1_ps(0.999f);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(12, __m256, _mm256_fmadd_ps(s, x, x))
}
void multiply_add_sse(std::int64_t rounds) {
    __m128 x = _mm_set1_ps(0.999f);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(12, __m128, _mm_add_ps(_mm_mul_ps(s, x), x))
}
[[gnu::target("avx512f,avx512vnni")]] void dot_avx512_vnni(std::int64_t rounds) {
    __m512i x = _mm512_set1_epi8(3);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(24, __m512i, _mm512_dpbusd_epi32(s, x, x))
}
[[gnu::target("avx2,avxvnni")]] void dot_avx_vnni(std::int64_t rounds) {
    __m256i x = _mm256_set1_epi8(3);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(12, __m256i, _mm256_dpbusd_avx_epi32(s, x, x))
}
[[gnu::target("avx2")]] void dot_avx2(std::int64_t rounds) {
    __m256i x = _mm256_set1_epi8(3);
    __m256i ones = _mm256_set1_epi16(1);
    CRIA_CHAINS(12, __m256i, (CRIA_OPAQUE(x), _mm256_add_epi32(s, _mm256_madd_epi16(_mm256_maddubs_epi16(x, x), ones))))
}
[[gnu::target("avx512f,avx512bf16")]] void dot_avx512_bf16(std::int64_t rounds) {
    const __m512 numbers = _mm512_set1_ps(0.999f);
    __m512bh x = _mm512_cvtne2ps_pbh(numbers, numbers);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(24, __m512, _mm512_dpbf16_ps(s, x, x))
}
constexpr std::array kF32Loops = {
    Loop{"fma 512", "avx512f", 24 * 16 * 2, fma_avx512},
    Loop{"fma 256", "fma", 12 * 8 * 2, fma_avx2},
    Loop{"mulps and addps", "", 12 * 4 * 2, multiply_add_sse},
};
constexpr std::array kInt8Loops = {
    Loop{"vpdpbusd 512", "avx512_vnni", 24 * 64 * 2, dot_avx512_vnni},
    Loop{"vpdpbusd 256", "avx_vnni", 12 * 32 * 2, dot_avx_vnni},
    Loop{"vpmaddubsw 256", "avx2", 12 * 32 * 2, dot_avx2},
};
constexpr std::array kBf16Loops = {Loop{"vdpbf16ps 512", "avx512_bf16", 24 * 32 * 2, dot_avx512_bf16}};

#elif defined(__aarch64__)

void fma_neon(std::int64_t rounds) {
    float32x4_t x = vdupq_n_f32(0.999f);
    CRIA_OPAQUE(x);
    CRIA_CHAINS(24, float32x4_t, vfmaq_f32(x, s, x))
}
// As assembly: g++ 12 does not let a function's target reach vdotq_s32.
[[gnu::always_inline]] inline int32x4_t dot_step(int32x4_t sum, int8x16_t x) {
    asm(".arch armv8.2-a+dotprod\n\tsdot %0.4s, %1.16b, %1.16b" : "+w"(sum) : "w"(x));
    return sum;
}
void dot_neon(std::int64_t rounds) {
    const int8x16_t x = vdupq_n_s8(3);
    CRIA_CHAINS(24, int32x4_t, dot_step(s, x))
}
constexpr std::array kF32Loops = {Loop{"fmla 128", "", 24 * 4 * 2, fma_neon}};
constexpr std::array kInt8Loops = {Loop{"sdot 128", "asimddp", 24 * 16 * 2, dot_neon}};
constexpr std::array<Loop, 0> kBf16Loops = {};

#else

void multiply_add(std::int64_t rounds) { CRIA_CHAINS(8, float, s * 0.999f + 0.999f) }
constexpr std::array kF32Loops = {Loop{"multiply, add", "", 8 * 2, multiply_add}};
constexpr std::array<Loop, 0> kInt8Loops = {};
constexpr std::array<Loop, 0> kBf16Loops = {};

#endif

double seconds(Os& os, ThreadPool& pool, FunctionRef<void(int)> task) {
    const auto start = os.monotonic();
    pool.parallel(pool.threads(), task);
    return std::chrono::duration<double>(os.monotonic() - start).count();
}

struct Best {
    double rate = 0;  // in 10^9 a second
    std::string_view name;
    void offer(double rate_, std::string_view name_) {
        if (rate_ > rate) *this = {rate_, name_};
    }
};

Best fastest(Os& os, ThreadPool& pool, std::span<const Loop> loops) {
    Best best;
    for (const Loop& loop : loops) {
        const bool fits = loop.needs.empty() ? best.rate == 0 : has_instructions(loop.needs);
        if (!fits) continue;
        std::int64_t rounds = 1000;
        constexpr double kLongEnough = 0.015;
        while (seconds(os, pool, [&](int) { loop.run(rounds); }) < kLongEnough) rounds *= 2;
        for (int i = 0; i < 6; ++i) {
            const double time = seconds(os, pool, [&](int) { loop.run(rounds); });
            best.offer(loop.operations_per_round * static_cast<double>(rounds) * pool.threads() / time / 1e9,
                       loop.instruction);
        }
    }
    return best;
}

// Reads [0, bytes) of `from` in `kStreams` contiguous parts side by side, asking for lines `kAhead` bytes ahead.
template <int kStreams, int kAhead>
std::uint64_t read(const std::byte* from, std::size_t bytes) {
    using Line = std::array<std::uint64_t, 8>;
    Line sum{};
    const std::size_t part = bytes / kStreams / sizeof(Line) * sizeof(Line);
    for (std::size_t at = 0; at < part; at += sizeof(Line)) {
        for (std::size_t s = 0; s < kStreams; ++s) {
            const std::byte* p = from + s * part + at;
            if constexpr (kAhead > 0) __builtin_prefetch(p + kAhead);
            Line line;
            std::memcpy(&line, p, sizeof(line));
            for (std::size_t i = 0; i < line.size(); ++i) sum[i] ^= line[i];
        }
    }
    std::uint64_t all = 0;
    for (const std::uint64_t word : sum) all ^= word;
    return all;
}

Best fastest_read(Os& os, ThreadPool& pool) {
    struct Pattern {
        std::string_view name;
        std::uint64_t (*read)(const std::byte*, std::size_t);
    };
    constexpr Pattern kPatterns[] = {{"in order", read<1, 0>},
                                     {"in order, prefetching 1 KiB ahead", read<1, 1024>},
                                     {"in order, prefetching 4 KiB ahead", read<1, 4096>},
                                     {"eight streams a thread", read<8, 0>}};
    constexpr std::size_t kLeast = 256u << 20;
    constexpr std::size_t kMost = 2048u << 20;
    const auto cache = static_cast<std::size_t>(std::max(0L, ::sysconf(_SC_LEVEL3_CACHE_SIZE)));
    const std::size_t bytes = std::clamp(2 * cache, kLeast, kMost);
    const auto memory = Storage::allocate(bytes);
    const std::size_t part = bytes / static_cast<std::size_t>(pool.threads());
    std::atomic<std::uint64_t> sink = 0;
    Best best;
    constexpr auto kEnough = std::chrono::milliseconds(500);
    const auto start = os.monotonic();
    for (int i = 0; i == 0 || os.monotonic() - start < kEnough; ++i) {
        for (const Pattern& pattern : kPatterns) {
            const double time = seconds(os, pool, [&](int thread) {
                sink ^= pattern.read(memory->data() + static_cast<std::size_t>(thread) * part, part);
            });
            best.offer(static_cast<double>(part) * pool.threads() / time / 1e9, pattern.name);
        }
    }
    return best;
}

}  // namespace

double measure_f32_gflops(Os& os, ThreadPool& pool) { return fastest(os, pool, kF32Loops).rate; }

Roofs measure_roofs(Os& os, ThreadPool& pool) {
    const Best f32 = fastest(os, pool, kF32Loops);
    const Best int8 = fastest(os, pool, kInt8Loops);
    const Best bf16 = fastest(os, pool, kBf16Loops);
    const Best read = fastest_read(os, pool);
    return {.peak_f32_gflops = f32.rate,
            .peak_int8_gops = int8.rate,
            .int8_instruction = int8.name,
            .peak_bf16_gflops = bf16.rate,
            .bf16_instruction = bf16.name,
            .read_gb_s = read.rate,
            .read_pattern = read.name};
}

}  // namespace cria
