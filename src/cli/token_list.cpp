#include "cli/token_list.h"

#include <algorithm>
#include <charconv>

namespace cria {

Result<std::vector<TokenId>> parse_token_list(std::string_view text, std::string_view who) {
    constexpr std::string_view kSeparators = " \t\r\n,";
    std::vector<TokenId> ids;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(kSeparators), text.size()));
        if (text.empty()) return ids;
        const std::string_view word = text.substr(0, text.find_first_of(kSeparators));
        TokenId id = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), id);
        if (error != std::errc{} || end != word.data() + word.size() || id < 0) {
            return fail(ErrorKind::invalid_input, "{}: item {} is '{}', but must be a token id (a number from 0)", who,
                        ids.size() + 1, word.substr(0, 40));
        }
        ids.push_back(id);
        text.remove_prefix(word.size());
    }
}

}  // namespace cria
