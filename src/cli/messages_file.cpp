#include "cli/messages_file.h"

#include <array>
#include <utility>

namespace cria {

Result<OpenaiConversation> parse_messages(std::string_view text, std::string_view who) {
    const OrderedJson json = CRIA_TRY(parse_ordered_json(text, who));
    auto conversation = conversation_from_json(json);
    if (!conversation) return prefix(who, std::move(conversation).error());
    if (conversation->messages.empty()) return fail(ErrorKind::invalid_input, "{}: there is no message in it", who);
    return conversation;
}

Result<std::vector<ToolDefinition>> parse_tools(const OrderedJson& json, std::string_view who) {
    auto tools = tools_from_json(json);
    if (!tools) return prefix(who, std::move(tools).error());
    return tools;
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
