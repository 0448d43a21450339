// Who said what: the messages of a conversation, tools, and calls of tools.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace cria {

enum class Role { system, user, assistant, tool };  // tool: the result of a call ("ipython" in the prompt)

// A tool that the model may call. `parameters` is a JSON Schema object ("type": "object").
struct ToolDefinition {
    std::string name;
    std::string description;
    OrderedJson parameters;
};

// `arguments` is a JSON object.
struct ToolCall {
    std::string name;
    OrderedJson arguments;
    friend bool operator==(const ToolCall&, const ToolCall&) = default;
};

struct Message {
    Role role = Role::user;
    std::string content;                 // UTF-8 from outside: never a source of control tokens
    std::vector<ToolCall> tool_calls{};  // assistant only
};

}  // namespace cria
