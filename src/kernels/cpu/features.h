// The instruction sets of this processor that Cria knows to use, as far as the operating system saves their registers.
#pragma once

#include <string_view>
#include <vector>

namespace cria {

// Names as in /proc/cpuinfo ("avx2", "avx512f", "avx512_vnni", "asimd", "asimddp", ...), found once.
const std::vector<std::string_view>& instruction_sets();
bool has_instructions(std::string_view name);

}  // namespace cria
