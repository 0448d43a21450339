// Small questions about text that many rooms ask.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cria {

// Without space, tab, line end, vertical tab and form feed at both ends, as Python's strip() does it for ASCII.
std::string_view trimmed(std::string_view text);
// ASCII letters in lower case, all else as it is.
std::string lower_ascii(std::string_view text);
// The parts between separators; one, the text itself, where there is none.
std::vector<std::string_view> split(std::string_view text, char separator);
// At most `longest` bytes and "..." where there are more, every byte that is no printable ASCII as '?': names out of
// files, for messages.
std::string printable(std::string_view text, std::size_t longest);

}  // namespace cria
