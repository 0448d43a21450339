// Conversations in OpenAI's message form: {"messages": [...], "tools": [...]}, or the list of messages alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/message.h"

namespace cria {

struct MessagesFile {
    std::vector<Message> messages;
    std::vector<ToolDefinition> tools;
};

// `who` begins the message of an error. Content may be a string, null beside tool calls, or a list of text
// parts; arguments of a call may be an object or the text of one.
Result<MessagesFile> parse_messages(std::string_view text, std::string_view who);
// A list of definitions, bare or wrapped in {"type": "function", "function": {...}}.
Result<std::vector<ToolDefinition>> parse_tools(const OrderedJson& json, std::string_view who);

// {"messages": [...]}, which parse_messages reads back.
OrderedJson messages_to_json(const std::vector<Message>& messages);

}  // namespace cria
