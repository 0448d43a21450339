// Calls of tools as the model would write them.
#include "chat/literal.h"
#include "chat/tool_call.h"

namespace cria {
namespace {

std::string pythonic_arguments(const OrderedJson& arguments) {
    std::string named, unnamed;
    for (const auto& [name, value] : arguments.items()) {
        if (is_identifier(name))
            named += (named.empty() ? "" : ", ") + name + "=" + python_literal(value);
        else
            unnamed += (unnamed.empty() ? "" : ", ") + python_string(name) + ": " + python_literal(value);
    }
    if (unnamed.empty()) return named;
    return named + (named.empty() ? "" : ", ") + "**{" + unnamed + "}";
}

}  // namespace

std::string format_pythonic_calls(std::span<const ToolCall> calls) {
    std::string out = "[";
    for (const ToolCall& call : calls)
        out += (out.size() > 1 ? ", " : "") + call.name + "(" + pythonic_arguments(call.arguments) + ")";
    return out + "]";
}

}  // namespace cria
