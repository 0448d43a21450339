#include "base/os_fault.h"

#include <algorithm>

namespace cria {
namespace {

class FaultyFile final : public File {
public:
    FaultyFile(FaultyOs& os, std::unique_ptr<File> inner) : os_(os), inner_(std::move(inner)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer) override {
        CRIA_TRY(os_.step("read"));
        return inner_->read_at(offset, buffer);
    }
    Status append(std::span<const std::byte> bytes) override {
        CRIA_TRY(os_.step("append"));
        CRIA_TRY(os_.spend(bytes.size()));
        return inner_->append(bytes);
    }
    Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
        CRIA_TRY(os_.step("write"));
        CRIA_TRY(os_.spend(bytes.size()));
        return inner_->write_at(offset, bytes);
    }
    Result<std::uint64_t> size() override {
        CRIA_TRY(os_.step("size"));
        return inner_->size();
    }
    Status sync() override {
        CRIA_TRY(os_.step("sync"));
        return inner_->sync();
    }

private:
    FaultyOs& os_;
    std::unique_ptr<File> inner_;
};

}  // namespace

Status FaultyOs::step(std::string_view what) {
    const std::uint64_t call = ++calls_;
    const bool now = call == plan_.fail_at_call;
    const bool after = plan_.fail_ever_after && plan_.fail_at_call != 0 && call > plan_.fail_at_call;
    if (now || after) return fail(plan_.kind, "injected fault: {} (call {})", what, call);
    return {};
}

Status FaultyOs::step_to_change(std::string_view what, const Path& path) {
    CRIA_TRY(step(what));
    const Path& folder = plan_.read_only;
    const bool inside = !folder.empty() && std::ranges::mismatch(folder, path).in1 == folder.end();
    if (inside) return fail(ErrorKind::io, "injected fault: {}: read-only", path.string());
    return {};
}

Status FaultyOs::spend(std::uint64_t bytes) {
    if (written_bytes_.fetch_add(bytes) + bytes > plan_.disk_bytes)
        return fail(ErrorKind::no_space, "injected fault: disk of {} bytes is full", plan_.disk_bytes);
    return {};
}

Result<std::unique_ptr<File>> FaultyOs::wrap(Result<std::unique_ptr<File>> file) {
    if (!file) return file;
    return std::make_unique<FaultyFile>(*this, std::move(*file));
}

Result<std::unique_ptr<File>> FaultyOs::open(const Path& path) {
    CRIA_TRY(step("open"));
    return wrap(inner_.open(path));
}
Result<std::unique_ptr<File>> FaultyOs::create(const Path& path) {
    CRIA_TRY(step_to_change("create", path));
    return wrap(inner_.create(path));
}
Result<std::unique_ptr<File>> FaultyOs::append_to(const Path& path) {
    CRIA_TRY(step_to_change("append_to", path));
    return wrap(inner_.append_to(path));
}
Result<std::unique_ptr<File>> FaultyOs::modify(const Path& path) {
    CRIA_TRY(step_to_change("modify", path));
    return wrap(inner_.modify(path));
}
Result<std::shared_ptr<Mapping>> FaultyOs::map(const Path& path) {
    CRIA_TRY(step("map"));
    return inner_.map(path);
}
Status FaultyOs::rename(const Path& from, const Path& to) {
    CRIA_TRY(step_to_change("rename", to));
    return inner_.rename(from, to);
}
Status FaultyOs::remove(const Path& path) {
    CRIA_TRY(step_to_change("remove", path));
    return inner_.remove(path);
}
Status FaultyOs::make_folders(const Path& path) {
    CRIA_TRY(step_to_change("make_folders", path));
    return inner_.make_folders(path);
}
Status FaultyOs::sync_folder(const Path& path) {
    CRIA_TRY(step("sync_folder"));
    return inner_.sync_folder(path);
}
Result<FileInfo> FaultyOs::info(const Path& path) {
    CRIA_TRY(step("info"));
    return inner_.info(path);
}
Result<std::vector<Path>> FaultyOs::list(const Path& folder) {
    CRIA_TRY(step("list"));
    return inner_.list(folder);
}
Result<std::uint64_t> FaultyOs::free_bytes(const Path& folder) {
    CRIA_TRY(step("free_bytes"));
    return inner_.free_bytes(folder);
}
Status FaultyOs::make_private(const Path& path) {
    CRIA_TRY(step("make_private"));
    return inner_.make_private(path);
}

}  // namespace cria
