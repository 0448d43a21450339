// Choosing a table: what the binary holds against what the processor runs.
#include "kernels/kernels.h"

#include <algorithm>
#include <array>

#include "kernels/cpu/features.h"
#include "kernels/cpu/tables.h"

namespace cria {
namespace {

// A table of the binary and all that its code may use.
struct Built {
    const Kernels* table;
    std::vector<std::string_view> needs;
};

// A table with other products of packed weights.
Kernels with_packed(Kernels table, std::string_view name, const PackedKernels& packed) {
    table.name = name;
    table.packed = packed;
    return table;
}

// Plainest first, best last.
const std::vector<Built>& built() {
#if defined(__x86_64__)
    static const Kernels avx512_vnni = with_packed(kAvx512Kernels, "avx512_vnni", kAvx512VnniPacked);
#elif defined(__aarch64__)
    static const Kernels neon_dotprod = with_packed(kNeonKernels, "neon_dotprod", kNeonDotprodPacked);
    static const Kernels neon_i8mm = with_packed(kNeonKernels, "neon_i8mm", kNeonI8mmPacked);
#endif
    static const std::vector<Built> all = {
        {&kScalarKernels, {}},
#if defined(__x86_64__)
        {&kAvx2Kernels, {"avx2", "fma", "f16c"}},
        {&kAvx512Kernels, {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"}},
        {&avx512_vnni, {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}},
#elif defined(__aarch64__)
        {&kNeonKernels, {"asimd"}},
        {&neon_dotprod, {"asimd", "asimddp"}},
        {&neon_i8mm, {"asimd", "asimddp", "i8mm"}},
#endif
    };
    return all;
}

std::vector<const Kernels*> find_available() {
    std::vector<const Kernels*> found;
    for (const Built& b : built())
        if (std::ranges::all_of(b.needs, has_instructions)) found.push_back(b.table);
    return found;
}

}  // namespace

std::span<const Kernels* const> available_kernels() {
    static const std::vector<const Kernels*> available = find_available();
    return available;
}

const Kernels* kernels_named(std::string_view name) {
    for (const Kernels* table : available_kernels())
        if (table->name == name) return table;
    return nullptr;
}

const Kernels& best_kernels() { return *available_kernels().back(); }

std::vector<std::string_view> built_kernels() {
    std::vector<std::string_view> names;
    for (const Built& b : built()) names.push_back(b.table->name);
    return names;
}

}  // namespace cria
