// The directory of a zip archive whose members are stored, not compressed: what PyTorch writes its files in
// (APPNOTE.TXT of PKWARE, with the 64-bit extensions).
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cria {

// Name -> bytes of each member, views of `archive`. Errors begin with `who`: corrupt (no archive, or one that lies
// about itself), unsupported (compressed or encrypted members, archives in several parts).
Result<std::map<std::string, std::span<const std::byte>, std::less<>>> read_zip(std::span<const std::byte> archive,
                                                                                std::string_view who);

}  // namespace cria
