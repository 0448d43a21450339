// Whether an answer may turn out to be a call of a tool, told from its first bytes.
#pragma once

#include <span>
#include <string_view>

#include "chat/message.h"

namespace cria {

// `undecided`: more bytes are needed. Once decided for a text, the same holds for all that begins with it.
enum class CallHead { undecided, call, text };

// Of an answer without <|python_tag|>. Only the beginning is looked at, whatever the length.
CallHead call_head(std::string_view text, std::span<const ToolDefinition> tools);

}  // namespace cria
