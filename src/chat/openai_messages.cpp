#include "chat/openai_messages.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/nearest.h"
#include "chat/literal.h"
#include "chat/literal_reader.h"
#include "chat/tool_call.h"

namespace cria {
namespace {

constexpr auto kInvalid = ErrorKind::invalid_input;

const OrderedJson* member(const OrderedJson& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> text_member(const OrderedJson& object, const char* name, std::string_view who) {
    const OrderedJson* text = member(object, name);
    if (text == nullptr) return fail(kInvalid, "{}: \"{}\" is missing; it must be text", who, name);
    if (!text->is_string())
        return fail(kInvalid, "{}: \"{}\" is a JSON {}; it must be text", who, name, text->type_name());
    return text->get<std::string>();
}

Result<std::string> name_member(const OrderedJson& function, std::string_view who) {
    std::string name = CRIA_TRY(text_member(function, "name", who));
    if (is_name(name)) return name;
    return fail(kInvalid, "{}: a function's name has 1 to {} letters, digits, '_', '-' and '.'; this has other ones",
                who, kMaxNameBytes);
}

Result<Role> role_of(const OrderedJson& message, std::string_view who) {
    static const std::array<std::pair<std::string, Role>, 6> kRoles = {{{"system", Role::system},
                                                                        {"developer", Role::system},
                                                                        {"user", Role::user},
                                                                        {"assistant", Role::assistant},
                                                                        {"tool", Role::tool},
                                                                        {"ipython", Role::tool}}};
    const std::string name = CRIA_TRY(text_member(message, "role", who));
    std::vector<std::string> known;
    for (const auto& [known_name, role] : kRoles) {
        if (name == known_name) return role;
        known.push_back(known_name);
    }
    const std::string_view near = nearest(name, known);
    return fail(kInvalid, "{}: no role is called \"{}\"{}; there are system, user, assistant and tool", who,
                name.substr(0, kMaxNameBytes), near.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", near));
}

Result<std::string> joined_parts(const OrderedJson& parts, std::string_view who) {
    std::string content;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string part_name = fmt::format("{}, part {}", who, i);
        if (!parts[i].is_object())
            return fail(kInvalid, "{}: is a JSON {}; it must be {{\"type\": \"text\", \"text\": ...}}", part_name,
                        parts[i].type_name());
        const std::string type = CRIA_TRY(text_member(parts[i], "type", part_name));
        if (type != "text")
            return fail(ErrorKind::unsupported, "{}: a part of type \"{}\"; only text can be read here", part_name,
                        type.substr(0, kMaxNameBytes));
        content += (i > 0 ? "\n" : "") + CRIA_TRY(text_member(parts[i], "text", part_name));
    }
    return content;
}

Result<std::string> content_of(const OrderedJson& message, bool may_be_missing, std::string_view who) {
    const OrderedJson* content = member(message, "content");
    if (content == nullptr) {
        if (may_be_missing) return std::string();
        return fail(kInvalid, "{}: \"content\" is missing; it must be text or a list of parts", who);
    }
    if (content->is_string()) return content->get<std::string>();
    if (content->is_array()) return joined_parts(*content, who);
    return fail(kInvalid, "{}: \"content\" is a JSON {}; it must be text or a list of parts", who,
                content->type_name());
}

Result<OrderedJson> arguments_of(const OrderedJson& function, const std::string& who) {
    const OrderedJson* arguments = member(function, "arguments");
    if (arguments == nullptr) return OrderedJson::object();
    if (arguments->is_object()) return *arguments;
    if (!arguments->is_string())
        return fail(kInvalid, "{}: \"arguments\" is a JSON {}; it must be a JSON object written as text", who,
                    arguments->type_name());
    const auto& text = arguments->get_ref<const std::string&>();
    if (text.empty()) return OrderedJson::object();
    OrderedJson parsed = CRIA_TRY(parse_ordered_json(
        text, who + ": \"arguments\"", {.max_bytes = kMaxCallBytes, .max_depth = LiteralReader::kMaxDepth}));
    if (parsed.is_object()) return parsed;
    return fail(kInvalid, "{}: \"arguments\" holds a JSON {}; it must be an object", who, parsed.type_name());
}

Result<ToolCall> call_from_json(const OrderedJson& call, const std::string& who) {
    const OrderedJson* function = call.is_object() ? member(call, "function") : nullptr;
    if (function == nullptr || !function->is_object())
        return fail(kInvalid,
                    "{}: must be {{\"type\": \"function\", \"function\": {{\"name\": ..., \"arguments\": ...}}}}", who);
    const std::string name = CRIA_TRY(name_member(*function, who));
    return ToolCall{name, CRIA_TRY(arguments_of(*function, who))};
}

Result<Message> message_from_json(const OrderedJson& json, const std::string& who) {
    if (!json.is_object())
        return fail(kInvalid, "{}: is a JSON {}; it must be {{\"role\": ..., \"content\": ...}}", who,
                    json.type_name());
    Message message;
    message.role = CRIA_TRY(role_of(json, who));
    const OrderedJson* calls = member(json, "tool_calls");
    if (calls != nullptr && !calls->is_array())
        return fail(kInvalid, "{}: \"tool_calls\" is a JSON {}; it must be a list", who, calls->type_name());
    const bool has_calls = calls != nullptr && !calls->empty();
    if (has_calls && message.role != Role::assistant)
        return fail(kInvalid, "{}: \"tool_calls\" in a message that is not the assistant's", who);
    if (has_calls && calls->size() > kMaxCalls)
        return fail(kInvalid, "{}: {} tool_calls; at most {} are read", who, calls->size(), kMaxCalls);
    message.content = CRIA_TRY(content_of(json, has_calls, who));
    for (std::size_t i = 0; has_calls && i < calls->size(); ++i)
        message.tool_calls.push_back(CRIA_TRY(call_from_json((*calls)[i], fmt::format("{}, tool call {}", who, i))));
    return message;
}

Result<ToolDefinition> tool_from_json(const OrderedJson& json, const std::string& who) {
    const OrderedJson* wrapped = json.is_object() ? member(json, "function") : nullptr;
    const OrderedJson* function = wrapped != nullptr ? wrapped : &json;
    const OrderedJson* type = json.is_object() ? member(json, "type") : nullptr;
    if (!function->is_object() || (type != nullptr && *type != "function"))
        return fail(kInvalid,
                    "{}: must be {{\"type\": \"function\", \"function\": {{\"name\": ..., \"parameters\": ...}}}}",
                    who);
    ToolDefinition tool;
    tool.name = CRIA_TRY(name_member(*function, who));
    if (member(*function, "description") != nullptr)
        tool.description = CRIA_TRY(text_member(*function, "description", who));
    const OrderedJson* parameters = member(*function, "parameters");
    if (parameters != nullptr && !parameters->is_object())
        return fail(kInvalid, "{}: \"parameters\" is a JSON {}; it must be a JSON Schema object", who,
                    parameters->type_name());
    const OrderedJson none = {{"type", "object"}, {"properties", OrderedJson::object()}};
    tool.parameters = parameters != nullptr ? *parameters : none;
    return tool;
}

}  // namespace

Result<std::vector<Message>> messages_from_json(const OrderedJson& messages) {
    if (!messages.is_array()) return fail(kInvalid, "messages: is a JSON {}; it must be a list", messages.type_name());
    std::vector<Message> out;
    for (std::size_t i = 0; i < messages.size(); ++i)
        out.push_back(CRIA_TRY(message_from_json(messages[i], fmt::format("message {}", i))));
    return out;
}

Result<std::vector<ToolDefinition>> tools_from_json(const OrderedJson& tools) {
    constexpr std::size_t kMaxTools = 1024;
    if (!tools.is_array()) return fail(kInvalid, "tools: is a JSON {}; it must be a list", tools.type_name());
    if (tools.size() > kMaxTools) return fail(kInvalid, "tools: {} came; at most {} are read", tools.size(), kMaxTools);
    std::vector<ToolDefinition> out;
    for (std::size_t i = 0; i < tools.size(); ++i) {
        ToolDefinition tool = CRIA_TRY(tool_from_json(tools[i], fmt::format("tool {}", i)));
        if (std::ranges::find(out, tool.name, &ToolDefinition::name) != out.end())
            return fail(kInvalid, "tool {}: another one is called \"{}\" too; names must differ", i, tool.name);
        out.push_back(std::move(tool));
    }
    return out;
}

Result<OpenaiConversation> conversation_from_json(const OrderedJson& json) {
    if (!json.is_object()) return OpenaiConversation{CRIA_TRY(messages_from_json(json)), {}};
    const OrderedJson* messages = member(json, "messages");
    if (messages == nullptr) return fail(kInvalid, "conversation: \"messages\" is missing; it must be a list");
    OpenaiConversation conversation{CRIA_TRY(messages_from_json(*messages)), {}};
    if (const OrderedJson* tools = member(json, "tools")) conversation.tools = CRIA_TRY(tools_from_json(*tools));
    return conversation;
}

}  // namespace cria
