// Files of conversations and of tools, in OpenAI's form (chat/openai_messages.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/openai_messages.h"

namespace cria {

// At least one message. `who` begins the message of an error.
Result<OpenaiConversation> parse_messages(std::string_view text, std::string_view who);
Result<std::vector<ToolDefinition>> parse_tools(const OrderedJson& json, std::string_view who);

// {"messages": [...]}, which parse_messages reads back.
OrderedJson messages_to_json(const std::vector<Message>& messages);

}  // namespace cria
