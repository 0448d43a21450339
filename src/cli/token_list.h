// Token ids as people write them.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace cria {

// Numbers separated by spaces, line breaks or commas. `who` begins the message of an error.
Result<std::vector<TokenId>> parse_token_list(std::string_view text, std::string_view who);

}  // namespace cria
