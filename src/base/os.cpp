#include "base/os.h"

namespace cria {

Result<std::string> read_text(Os& os, const Path& path, std::uint64_t max_bytes) {
    auto file = CRIA_TRY(os.open(path));
    const std::uint64_t size = CRIA_TRY(file->size());
    if (size > max_bytes)
        return fail(ErrorKind::invalid_input, "{} has {} bytes; at most {} are read", path.string(), size, max_bytes);
    std::string text(size, '\0');
    const std::size_t got = CRIA_TRY(file->read_at(0, std::as_writable_bytes(std::span(text))));
    text.resize(got);
    return text;
}

std::string read_system_file(Os& os, const Path& path) {
    constexpr std::size_t kMost = 1u << 20;
    std::string text;
    auto file = os.open(path);
    if (!file) return text;
    while (text.size() < kMost) {
        constexpr std::size_t kPiece = 4096;
        const std::size_t before = text.size();
        text.resize(before + kPiece);
        const auto got = (*file)->read_at(before, std::as_writable_bytes(std::span(text).subspan(before)));
        text.resize(before + got.value_or(0));
        if (text.size() == before) break;
    }
    return text;
}

namespace {

Status write_whole(Os& os, const Path& path, FunctionRef<Status(File&)> fill) {
    auto file = CRIA_TRY(os.create(path));
    CRIA_TRY(fill(*file));
    return file->sync();
}

}  // namespace

Status write_atomically(Os& os, const Path& path, FunctionRef<Status(File&)> fill) {
    Path part = path;
    part += ".part";
    Status done = write_whole(os, part, fill);
    if (done) done = os.rename(part, path);
    if (!done) {
        (void)os.remove(part);  // best effort: the first error is the one to tell
        return done;
    }
    return os.sync_folder(path.parent_path());
}

Status write_atomically(Os& os, const Path& path, std::span<const std::byte> bytes) {
    return write_atomically(os, path, [bytes](File& file) { return file.append(bytes); });
}

Status write_atomically(Os& os, const Path& path, std::string_view text) {
    return write_atomically(os, path, as_bytes(text));
}

}  // namespace cria
