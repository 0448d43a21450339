// A folder of its own for a test, removed with all within when the object dies.
#pragma once

#include <fmt/format.h>

#include "base/assert.h"
#include "base/os.h"

namespace cria {

class TempFolder {
public:
    TempFolder() {
        const auto made = real_os().make_folders(path_);
        CRIA_ASSERT(made.has_value());
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() { (void)real_os().remove(path_); }

    const Path& path() const { return path_; }
    friend Path operator/(const TempFolder& folder, const Path& name) { return folder.path_ / name; }

private:
    Path path_ = std::filesystem::temp_directory_path() / fmt::format("cria_{:016x}", real_os().random_seed());
};

}  // namespace cria
