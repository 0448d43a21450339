// Token ids as people write them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace cria {

// The longest file of a token list, in bytes.
inline constexpr std::uint64_t kMaxTokensFile = 64u << 20;

// Numbers separated by spaces, line breaks or commas. `who` begins the message of an error.
Result<std::vector<TokenId>> parse_token_list(std::string_view text, std::string_view who);

}  // namespace cria
