// Conversations as OpenAI's chat interface writes them in JSON -> messages and tools.
//
// An error names the message (from 0), what came and what was wanted. Unknown members are ignored.
#pragma once

#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/message.h"

namespace cria {

// [{"role": "user", "content": "..."}, ...]. Roles: system (also developer), user, assistant, tool (also
// ipython). Content: text, or a list of {"type": "text", "text": ...}, joined by line breaks; null beside
// tool_calls. tool_calls: [{"function": {"name": ..., "arguments": "{...}"}}], the arguments as JSON in a
// string or as an object.
Result<std::vector<Message>> messages_from_json(const OrderedJson& messages);

// [{"type": "function", "function": {"name": ..., "description": ..., "parameters": {...}}}], or what is in
// "function" without the wrapping. Names are unique and of letters, digits, '_', '-' and '.'.
Result<std::vector<ToolDefinition>> tools_from_json(const OrderedJson& tools);

struct OpenaiConversation {
    std::vector<Message> messages;
    std::vector<ToolDefinition> tools;
};

// A list of messages, or {"messages": [...], "tools": [...]}.
Result<OpenaiConversation> conversation_from_json(const OrderedJson& json);

}  // namespace cria
