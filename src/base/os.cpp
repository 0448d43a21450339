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

Status write_atomically(Os& os, const Path& path, std::span<const std::byte> bytes) {
    Path part = path;
    part += ".part";
    {
        auto file = CRIA_TRY(os.create(part));
        CRIA_TRY(file->append(bytes));
        CRIA_TRY(file->sync());
    }
    CRIA_TRY(os.rename(part, path));
    return os.sync_folder(path.parent_path());
}

Status write_atomically(Os& os, const Path& path, std::string_view text) {
    return write_atomically(os, path, as_bytes(text));
}

}  // namespace cria
