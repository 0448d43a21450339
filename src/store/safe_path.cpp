#include "store/safe_path.h"

#include <algorithm>
#include <filesystem>

namespace cria {

bool stays_within(const std::string& path) {
    if (path.empty() || path.size() > 1024 || path.contains('\0') || path.contains('\\')) return false;
    const std::filesystem::path relative(path);
    if (relative.is_absolute()) return false;
    return std::ranges::none_of(relative, [](const auto& step) { return step.empty() || step == ".." || step == "."; });
}

}  // namespace cria
