#include "cli/messages_file.h"

#include <array>
#include <utility>

namespace cria {
namespace {

constexpr std::array<std::pair<std::string_view, Role>, 5> kRoles{{{"system", Role::system},
                                                                   {"user", Role::user},
                                                                   {"assistant", Role::assistant},
                                                                   {"tool", Role::tool},
                                                                   {"ipython", Role::tool}}};

std::string string_at(const OrderedJson& object, const char* key) {
    const auto it = object.is_object() ? object.find(key) : object.end();
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

Result<Role> role_of(const OrderedJson& message, const std::string& who) {
    const std::string name = string_at(message, "role");
    for (const auto& [known, role] : kRoles) {
        if (name == known) return role;
    }
    return fail(ErrorKind::invalid_input, "{}: role is '{}', but must be system, user, assistant or tool", who, name);
}

Result<std::string> content_of(const OrderedJson& message, const std::string& who) {
    const auto it = message.find("content");
    if (it == message.end() || it->is_null()) return std::string();
    if (it->is_string()) return it->get<std::string>();
    if (!it->is_array())
        return fail(ErrorKind::invalid_input, "{}: content must be a string or a list of text parts", who);
    std::string text;
    for (const OrderedJson& part : *it) {
        if (string_at(part, "type") != "text") {
            return fail(ErrorKind::unsupported, "{}: a content part is of type '{}'; only text is supported", who,
                        string_at(part, "type"));
        }
        text += string_at(part, "text");
    }
    return text;
}

Result<ToolCall> call_of(const OrderedJson& item, const std::string& who) {
    const OrderedJson& function = item.is_object() && item.contains("function") ? item["function"] : item;
    ToolCall call{string_at(function, "name"), OrderedJson::object()};
    if (call.name.empty()) return fail(ErrorKind::invalid_input, "{}: a tool call has no function name", who);
    if (!function.contains("arguments")) return call;
    const OrderedJson& arguments = function["arguments"];
    call.arguments =
        arguments.is_string()
            ? CRIA_TRY(parse_ordered_json(arguments.get<std::string>(), who + ": arguments of " + call.name))
            : arguments;
    if (call.arguments.is_object()) return call;
    return fail(ErrorKind::invalid_input, "{}: arguments of {} must be a JSON object", who, call.name);
}

Result<Message> message_of(const OrderedJson& item, const std::string& who) {
    if (!item.is_object()) return fail(ErrorKind::invalid_input, "{}: must be an object with role and content", who);
    Message message{.role = CRIA_TRY(role_of(item, who)), .content = CRIA_TRY(content_of(item, who))};
    const auto calls = item.find("tool_calls");
    if (calls == item.end() || calls->is_null()) return message;
    if (!calls->is_array()) return fail(ErrorKind::invalid_input, "{}: tool_calls must be a list", who);
    for (const OrderedJson& call : *calls) message.tool_calls.push_back(CRIA_TRY(call_of(call, who)));
    return message;
}

Result<ToolDefinition> tool_of(const OrderedJson& item, std::string_view who) {
    const OrderedJson& tool = item.is_object() && item.contains("function") ? item["function"] : item;
    ToolDefinition definition{string_at(tool, "name"),
                              string_at(tool, "description"),
                              {{"type", "object"}, {"properties", OrderedJson::object()}}};
    if (definition.name.empty()) return fail(ErrorKind::invalid_input, "{}: a tool has no name", who);
    if (tool.contains("parameters")) definition.parameters = tool["parameters"];
    if (definition.parameters.is_object()) return definition;
    return fail(ErrorKind::invalid_input, "{}: parameters of {} must be a JSON Schema object", who, definition.name);
}

}  // namespace

Result<std::vector<ToolDefinition>> parse_tools(const OrderedJson& json, std::string_view who) {
    if (!json.is_array()) return fail(ErrorKind::invalid_input, "{}: tools must be a list", who);
    std::vector<ToolDefinition> tools;
    for (const OrderedJson& item : json) tools.push_back(CRIA_TRY(tool_of(item, who)));
    return tools;
}

Result<MessagesFile> parse_messages(std::string_view text, std::string_view who) {
    const OrderedJson json = CRIA_TRY(parse_ordered_json(text, who));
    MessagesFile file;
    if (json.is_object() && json.contains("tools")) file.tools = CRIA_TRY(parse_tools(json["tools"], who));
    const OrderedJson list = json.is_object() && json.contains("messages") ? json["messages"] : json;
    if (!list.is_array() || list.empty()) {
        return fail(ErrorKind::invalid_input, "{}: must be a list of messages, or an object with \"messages\"", who);
    }
    for (std::size_t i = 0; i < list.size(); ++i) {
        file.messages.push_back(CRIA_TRY(message_of(list[i], fmt::format("{}: message {}", who, i + 1))));
    }
    return file;
}

OrderedJson messages_to_json(const std::vector<Message>& messages) {
    static constexpr std::array kNames{"system", "user", "assistant", "tool"};
    OrderedJson list = OrderedJson::array();
    for (const Message& message : messages) {
        OrderedJson item{{"role", kNames[static_cast<std::size_t>(message.role)]}, {"content", message.content}};
        for (const ToolCall& call : message.tool_calls) {
            item["tool_calls"].push_back(
                {{"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
        }
        list.push_back(std::move(item));
    }
    return {{"messages", std::move(list)}};
}

}  // namespace cria
