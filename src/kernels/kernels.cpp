// Choosing a table: what the binary holds against what the processor runs.
#include "kernels/kernels.h"

#include "kernels/cpu/tables.h"

namespace cria {
namespace {

// Plainest first, best last.
constexpr const Kernels* kBuilt[] = {&kScalarKernels};

std::vector<const Kernels*> find_available() {
    std::vector<const Kernels*> found;
    for (const Kernels* table : kBuilt) found.push_back(table);
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
    for (const Kernels* table : kBuilt) names.push_back(table->name);
    return names;
}

}  // namespace cria
