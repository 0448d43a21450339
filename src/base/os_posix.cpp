// The real operating system, over POSIX calls.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/os.h"

namespace cria {
namespace {

ErrorKind kind_of(int code) {
    switch (code) {
        case ENOENT:
        case ENOTDIR: return ErrorKind::not_found;
        case ENOSPC:
        case EDQUOT: return ErrorKind::no_space;
        case ENOMEM: return ErrorKind::out_of_memory;
        default: return ErrorKind::io;
    }
}

std::unexpected<Error> system_error(std::string_view verb, const Path& path, int code) {
    return fail(kind_of(code), "cannot {} {}: {}", verb, path.string(), std::generic_category().message(code));
}

std::unexpected<Error> system_error(std::string_view verb, const Path& path) { return system_error(verb, path, errno); }

class PosixFile final : public File {
public:
    PosixFile(int descriptor, Path path) : descriptor_(descriptor), path_(std::move(path)) {}
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;
    ~PosixFile() override { ::close(descriptor_); }

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer) override {
        std::size_t done = 0;
        while (done < buffer.size()) {
            const auto got =
                ::pread(descriptor_, buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return system_error("read", path_);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        return done;
    }

    Status append(std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const auto put = ::write(descriptor_, bytes.data(), bytes.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return system_error("write", path_);
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const auto put = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return system_error("write", path_);
            offset += static_cast<std::uint64_t>(put);
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    Result<std::uint64_t> size() override {
        struct stat status{};
        if (::fstat(descriptor_, &status) != 0) return system_error("look at", path_);
        return static_cast<std::uint64_t>(status.st_size);
    }

    Status sync() override {
        if (::fsync(descriptor_) != 0) return system_error("sync", path_);
        return {};
    }

private:
    int descriptor_;
    Path path_;
};

class PosixMapping final : public Mapping {
public:
    PosixMapping(void* address, std::size_t size) : address_(address), size_(size) {}
    PosixMapping(const PosixMapping&) = delete;
    PosixMapping& operator=(const PosixMapping&) = delete;
    ~PosixMapping() override {
        if (size_ > 0) ::munmap(address_, size_);
    }
    std::span<const std::byte> bytes() const override { return {static_cast<const std::byte*>(address_), size_}; }

private:
    void* address_;
    std::size_t size_;
};

class PosixOs final : public Os {
public:
    Result<std::unique_ptr<File>> open(const Path& path) override { return open_with(path, O_RDONLY, "open"); }
    Result<std::unique_ptr<File>> create(const Path& path) override {
        return open_with(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, "create");
    }
    Result<std::unique_ptr<File>> append_to(const Path& path) override {
        return open_with(path, O_WRONLY | O_CREAT | O_APPEND, "append to");
    }

    Result<std::unique_ptr<File>> modify(const Path& path) override {
        return open_with(path, O_RDWR | O_CREAT, "change");
    }

    Result<std::shared_ptr<Mapping>> map(const Path& path) override {
        const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) return system_error("open", path);
        PosixFile file(descriptor, path);
        const std::uint64_t size = CRIA_TRY(file.size());
        if (size == 0) return std::make_shared<PosixMapping>(nullptr, 0);
        void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (address == MAP_FAILED) return system_error("map", path);
        // What is not yet in memory comes in huge pages where the file system can: a model's weights are read at the
        // rate of memory, a fifth faster than from 4 KiB pages. A request; no harm where it is refused.
        ::madvise(address, size, MADV_HUGEPAGE);
        return std::make_shared<PosixMapping>(address, size);
    }

    Status rename(const Path& from, const Path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0)
            return system_error("rename to " + to.string() + " the file", from);
        return {};
    }

    Status remove(const Path& path) override {
        std::error_code error;
        std::filesystem::remove_all(path, error);
        if (error) return system_error("remove", path, error.value());
        return {};
    }

    Status make_folders(const Path& path) override {
        std::error_code error;
        std::filesystem::create_directories(path, error);
        if (error) return system_error("make the folder", path, error.value());
        return {};
    }

    Status sync_folder(const Path& path) override {
        const Path folder = path.empty() ? Path(".") : path;
        const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return system_error("open the folder", folder);
        return PosixFile(descriptor, folder).sync();
    }

    Result<FileInfo> info(const Path& path) override {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) return system_error("look at", path);
        return FileInfo{static_cast<std::uint64_t>(status.st_size), S_ISDIR(status.st_mode), status.st_mtime};
    }

    Result<std::vector<Path>> list(const Path& folder) override {
        std::error_code error;
        std::vector<Path> paths;
        for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
            paths.push_back(it->path());
        if (error) return system_error("list", folder, error.value());
        std::sort(paths.begin(), paths.end());
        return paths;
    }

    Result<std::uint64_t> free_bytes(const Path& folder) override {
        struct statvfs status{};
        if (::statvfs(folder.empty() ? "." : folder.c_str(), &status) != 0)
            return system_error("ask the free space of", folder);
        return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    }

    std::chrono::nanoseconds monotonic() override { return std::chrono::steady_clock::now().time_since_epoch(); }
    std::chrono::system_clock::time_point wall() override { return std::chrono::system_clock::now(); }

    Status make_private(const Path& path) override {
        const bool is_folder = CRIA_TRY(info(path)).is_folder;
        if (::chmod(path.c_str(), is_folder ? 0700 : 0600) != 0) return system_error("make private", path);
        return {};
    }

    std::uint64_t random_seed() override {
        std::uint64_t seed = 0;
        if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
            seed = static_cast<std::uint64_t>(monotonic().count());  // only before the kernel's pool is ready
        return seed;
    }

private:
    static Result<std::unique_ptr<File>> open_with(const Path& path, int flags, std::string_view verb) {
        const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0644);
        if (descriptor < 0) return system_error(verb, path);
        return std::make_unique<PosixFile>(descriptor, path);
    }
};

}  // namespace

Os& real_os() {
    static PosixOs os;
    return os;
}

}  // namespace cria
