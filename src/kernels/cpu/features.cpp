#include "kernels/cpu/features.h"

#include <algorithm>
#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace cria {
namespace {

using Names = std::vector<std::string_view>;

#if defined(__x86_64__)

// Which register states the system saves (XCR0): 1 and 2 are SSE and AVX, 5..7 AVX-512, 17 and 18 AMX.
std::uint64_t saved_states() {
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (std::uint64_t{high} << 32) | low;
}

Names find() {
    enum Register { eax, ebx, ecx, edx };
    struct Bit {
        std::string_view name;
        unsigned leaf, subleaf;
        Register in;
        int bit;
        std::uint64_t states;
    };
    constexpr std::uint64_t kAvx = 0x6;
    constexpr std::uint64_t kAvx512 = 0xe6;
    constexpr std::uint64_t kAmx = 0x60000;
    static constexpr Bit kBits[] = {
        {"avx", 1, 0, ecx, 28, kAvx},           {"f16c", 1, 0, ecx, 29, kAvx},
        {"fma", 1, 0, ecx, 12, kAvx},           {"avx2", 7, 0, ebx, 5, kAvx},
        {"avx_vnni", 7, 1, eax, 4, kAvx},       {"avx512f", 7, 0, ebx, 16, kAvx512},
        {"avx512bw", 7, 0, ebx, 30, kAvx512},   {"avx512dq", 7, 0, ebx, 17, kAvx512},
        {"avx512vl", 7, 0, ebx, 31, kAvx512},   {"avx512_vnni", 7, 0, ecx, 11, kAvx512},
        {"avx512_bf16", 7, 1, eax, 5, kAvx512}, {"avx512_fp16", 7, 0, edx, 23, kAvx512},
        {"amx_int8", 7, 0, edx, 25, kAmx},      {"amx_bf16", 7, 0, edx, 22, kAmx},
    };
    Names names;
    unsigned r[4] = {};
    constexpr unsigned kOsSavesStates = 1u << 27;
    if (__get_cpuid(1, &r[eax], &r[ebx], &r[ecx], &r[edx]) == 0 || (r[ecx] & kOsSavesStates) == 0) return names;
    const std::uint64_t saved = saved_states();
    for (const Bit& b : kBits) {
        if (__get_cpuid_count(b.leaf, b.subleaf, &r[eax], &r[ebx], &r[ecx], &r[edx]) == 0) continue;
        if (((r[b.in] >> b.bit) & 1u) != 0 && (saved & b.states) == b.states) names.push_back(b.name);
    }
    return names;
}

#elif defined(__aarch64__)

Names find() {
    struct Bit {
        std::string_view name;
        unsigned long type, mask;
    };
    static constexpr Bit kBits[] = {
        {"asimd", AT_HWCAP, HWCAP_ASIMD}, {"asimdhp", AT_HWCAP, HWCAP_ASIMDHP}, {"asimddp", AT_HWCAP, HWCAP_ASIMDDP},
        {"sve", AT_HWCAP, HWCAP_SVE},     {"i8mm", AT_HWCAP2, HWCAP2_I8MM},     {"bf16", AT_HWCAP2, HWCAP2_BF16},
    };
    Names names;
    for (const Bit& b : kBits)
        if ((getauxval(b.type) & b.mask) != 0) names.push_back(b.name);
    return names;
}

#else

Names find() { return {}; }

#endif

}  // namespace

const std::vector<std::string_view>& instruction_sets() {
    static const Names names = find();
    return names;
}

bool has_instructions(std::string_view name) {
    return std::ranges::find(instruction_sets(), name) != instruction_sets().end();
}

}  // namespace cria
