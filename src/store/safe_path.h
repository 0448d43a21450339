// Paths that come from outside: a server's list, a manifest.
#pragma once

#include <string>

namespace cria {

// Whether a relative path stays within the folder that it is joined to: no root, no "..", no empty step, no backslash
// and no zero byte, at most 1,024 bytes.
bool stays_within(const std::string& path);

}  // namespace cria
