// Checksums of files.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "base/os.h"

namespace cria {

// git_blob: SHA-1 of "blob LENGTH\0" and the contents, as git names a file's contents.
enum class DigestKind { none, sha256, md5, git_blob };

struct Checksum {
    DigestKind kind = DigestKind::none;
    std::string hex{};  // lower case
    friend bool operator==(const Checksum&, const Checksum&) = default;
};

// A checksum by the length of its hexadecimal digits: 32 are MD5, 64 SHA-256; none when it is neither.
Checksum checksum_of_hex(std::string_view hex);
std::string_view name_of(DigestKind kind);

// Reads the whole file. `progress` gets the bytes read so far; false stops with an error of kind cancelled.
Result<std::string> file_digest(Os& os, const Path& path, DigestKind kind, FunctionRef<bool(std::uint64_t)> progress);

}  // namespace cria
