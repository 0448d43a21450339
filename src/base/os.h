// The one interface to the operating system: files, folders, clocks, randomness.
//
// Everything that reads or writes outside memory receives an `Os&`, so that a test can hand in one that
// fails at a chosen call (base/os_fault.h). The doors (src/cli) pass `real_os()`.
// All methods may be called from several threads; a File belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"

namespace cria {

using Path = std::filesystem::path;

// An open file. Closed by the destructor.
class File {
public:
    virtual ~File() = default;
    // Reads up to buffer.size() bytes from `offset`; fewer only at the end of the file.
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer) = 0;
    // Appends all bytes at the current end, or fails (the file may then hold a part of them).
    virtual Status append(std::span<const std::byte> bytes) = 0;
    virtual Result<std::uint64_t> size() = 0;
    // Writes all bytes from `offset` on, also beyond the end; of a file from Os::modify.
    virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
    // Returns when the contents are on stable storage. A failed sync must not be retried: the data is lost.
    virtual Status sync() = 0;
};

// Read-only bytes of a file, mapped into memory until the object dies.
class Mapping {
public:
    virtual ~Mapping() = default;
    virtual std::span<const std::byte> bytes() const = 0;
};

struct FileInfo {
    std::uint64_t size_bytes = 0;
    bool is_folder = false;
    std::int64_t modified_unix_s = 0;
};

class Os {
public:
    virtual ~Os() = default;

    virtual Result<std::unique_ptr<File>> open(const Path& path) = 0;       // existing, for reading
    virtual Result<std::unique_ptr<File>> create(const Path& path) = 0;     // truncates or makes, for writing
    virtual Result<std::unique_ptr<File>> append_to(const Path& path) = 0;  // makes if absent, keeps contents
    virtual Result<std::unique_ptr<File>> modify(const Path& path) = 0;     // makes if absent, keeps contents
    virtual Result<std::shared_ptr<Mapping>> map(const Path& path) = 0;
    virtual Status rename(const Path& from, const Path& to) = 0;  // replaces `to` in one step
    virtual Status remove(const Path& path) = 0;                  // a file, or a folder with all within
    virtual Status make_folders(const Path& path) = 0;            // with parents; fine if there already
    virtual Status sync_folder(const Path& path) = 0;             // makes renames within it durable
    virtual Result<FileInfo> info(const Path& path) = 0;
    virtual Result<std::vector<Path>> list(const Path& folder) = 0;  // full paths, sorted by name
    virtual Result<std::uint64_t> free_bytes(const Path& folder) = 0;

    virtual std::chrono::nanoseconds monotonic() = 0;          // for durations
    virtual std::chrono::system_clock::time_point wall() = 0;  // for dates
    virtual std::uint64_t random_seed() = 0;                   // unpredictable; from the kernel

    virtual Status make_private(const Path& path) = 0;  // from now on only this user may open the file or folder
};

Os& real_os();

// Whole-file helpers, over any Os.
Result<std::string> read_text(Os& os, const Path& path, std::uint64_t max_bytes);
// A file of /proc or /sys, which does not know its size: what comes until nothing does, at most 1 MiB. Empty where it
// cannot be read.
std::string read_system_file(Os& os, const Path& path);
// Writes path.part, syncs, renames, syncs the folder: after a crash the old or the new contents, never a mix.
// On an error path.part is removed where that is still possible.
Status write_atomically(Os& os, const Path& path, FunctionRef<Status(File&)> fill);
Status write_atomically(Os& os, const Path& path, std::span<const std::byte> bytes);
Status write_atomically(Os& os, const Path& path, std::string_view text);

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace cria
