// Choosing a table: what the binary holds against what the processor runs.
#include "kernels/kernels.h"

#include <algorithm>
#include <array>

#include "kernels/choice.h"
#include "kernels/cpu/features.h"
#include "kernels/cpu/tables.h"

namespace cria {
namespace {

// A table of the binary and all that its code may use.
struct Built {
    const Kernels* table;
    std::vector<std::string_view> needs;
};

// A table with other products of whole numbers, or of pairs.
Kernels with(Kernels table, std::string_view name, const IntegerKernels& integer) {
    table.name = name;
    table.packed = integer.packed;
    table.quads = integer.quads;
    return table;
}
#if defined(__x86_64__)
Kernels with(Kernels table, std::string_view name, const PairKernels& pairs) {
    table.name = name;
    table.tiled = pairs.tiled;
    table.paired = pairs.paired;
    return table;
}
#endif

// Plainest first, best last.
const std::vector<Built>& built() {
#if defined(__x86_64__)
    static const Kernels avx_vnni = with(kAvx2Kernels, "avx_vnni", kAvxVnniInteger);
    static const Kernels avx512_vnni = with(kAvx512Kernels, "avx512_vnni", kAvx512VnniInteger);
    static const Kernels avx512_bf16 = with(avx512_vnni, "avx512_bf16", kAvx512Bf16Pairs);
#elif defined(__aarch64__)
    static const Kernels neon_dotprod = with(kNeonKernels, "neon_dotprod", kNeonDotprodInteger);
    static const Kernels neon_i8mm = with(kNeonKernels, "neon_i8mm", kNeonI8mmInteger);
#endif
    static const std::vector<Built> all = {
        {&kScalarKernels, {}},
#if defined(__x86_64__)
        {&kAvx2Kernels, {"avx2", "fma", "f16c"}},
        {&avx_vnni, {"avx2", "fma", "f16c", "avx_vnni"}},
        {&kAvx512Kernels, {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl"}},
        {&avx512_vnni, {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}},
        {&avx512_bf16,
         {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "avx512_bf16"}},
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

const Kernels& best_kernels() {
    static const Kernels& best = [] -> const Kernels& {
        const std::string_view name = quickest(measure_tables());
        return name.empty() ? *available_kernels().front() : *kernels_named(name);
    }();
    return best;
}

std::vector<std::string_view> built_kernels() {
    std::vector<std::string_view> names;
    for (const Built& b : built()) names.push_back(b.table->name);
    return names;
}

}  // namespace cria
