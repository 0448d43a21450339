// Messages and tools from JSON: what is read, and what the errors name.
#include "chat/openai_messages.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

std::string error_of(std::string_view json) {
    const auto conversation = conversation_from_json(OrderedJson::parse(json));
    return conversation ? "none" : conversation.error().message;
}

TEST(OpenaiMessages, EveryRoleAndContent) {
    const auto messages = messages_from_json(OrderedJson::parse(R"([
        {"role": "developer", "content": "Be kind"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "name": "x"},
        {"role": "assistant", "content": null, "tool_calls": [
            {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{\"z\": 1, \"a\": [2]}"}},
            {"id": "2", "type": "function", "function": {"name": "g", "arguments": {"b": null}}},
            {"id": "3", "type": "function", "function": {"name": "h", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "1", "content": "25"},
        {"role": "ipython", "content": ""}])"));
    ASSERT_TRUE(messages) << messages.error().message;
    ASSERT_EQ(messages->size(), 5u);
    EXPECT_EQ((*messages)[0].role, Role::system);
    EXPECT_EQ((*messages)[1].content, "a\nb");
    EXPECT_EQ((*messages)[2].content, "");
    ASSERT_EQ((*messages)[2].tool_calls.size(), 3u);
    EXPECT_EQ((*messages)[2].tool_calls[0].arguments.dump(), R"({"z":1,"a":[2]})");
    EXPECT_EQ((*messages)[2].tool_calls[1].arguments.dump(), R"({"b":null})");
    EXPECT_EQ((*messages)[2].tool_calls[2].arguments.dump(), "{}");
    EXPECT_EQ((*messages)[3].role, Role::tool);
    EXPECT_EQ((*messages)[4].role, Role::tool);
}

TEST(OpenaiMessages, Tools) {
    const auto conversation = conversation_from_json(OrderedJson::parse(R"({"messages": [], "tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g"}}, {"name": "h", "description": "e"}]})"));
    ASSERT_TRUE(conversation);
    ASSERT_EQ(conversation->tools.size(), 3u);
    EXPECT_EQ(conversation->tools[0].description, "d");
    EXPECT_EQ(conversation->tools[0].parameters.dump(), R"({"type":"object"})");
    EXPECT_EQ(conversation->tools[1].parameters.dump(), R"({"type":"object","properties":{}})");
    EXPECT_EQ(conversation->tools[2].name, "h");
    EXPECT_EQ(conversation->tools[2].description, "e");
}

TEST(OpenaiMessages, ErrorsNameTheWrongThing) {
    EXPECT_EQ(error_of("3"), "messages: is a JSON number; it must be a list");
    EXPECT_EQ(error_of("{}"), "conversation: \"messages\" is missing; it must be a list");
    EXPECT_EQ(error_of("[3]"), "message 0: is a JSON number; it must be {\"role\": ..., \"content\": ...}");
    EXPECT_EQ(error_of(R"([{"content": "x"}])"), "message 0: \"role\" is missing; it must be text");
    EXPECT_EQ(
        error_of(R"([{"role": "usr", "content": "x"}])"),
        "message 0: no role is called \"usr\" (did you mean \"user\"?); there are system, user, assistant and tool");
    EXPECT_EQ(error_of(R"([{"role": "user", "content": "x"}, {"role": "user"}])"),
              "message 1: \"content\" is missing; it must be text or a list of parts");
    EXPECT_EQ(error_of(R"([{"role": "user", "content": 3}])"),
              "message 0: \"content\" is a JSON number; it must be text or a list of parts");
    EXPECT_EQ(error_of(R"([{"role": "user", "content": [{"type": "image_url"}]}])"),
              "message 0, part 0: a part of type \"image_url\"; only text can be read here");
    EXPECT_EQ(error_of(R"([{"role": "user", "content": "x", "tool_calls": [{}]}])"),
              "message 0: \"tool_calls\" in a message that is not the assistant's");
    EXPECT_EQ(error_of(R"([{"role": "assistant", "tool_calls": {}}])"),
              "message 0: \"tool_calls\" is a JSON object; it must be a list");
    EXPECT_EQ(
        error_of(R"([{"role": "assistant", "tool_calls": [3]}])"),
        "message 0, tool call 0: must be {\"type\": \"function\", \"function\": {\"name\": ..., \"arguments\": ...}}");
    EXPECT_EQ(error_of(R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{x"}}]}])"),
              "message 0, tool call 0: \"arguments\": not JSON at byte 2");
    EXPECT_EQ(error_of(R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[]"}}]}])"),
              "message 0, tool call 0: \"arguments\" holds a JSON array; it must be an object");
    EXPECT_EQ(error_of(R"([{"role": "assistant", "tool_calls": [{"function": {"name": "f(", "arguments": "{}"}}]}])"),
              "message 0, tool call 0: a function's name has 1 to 128 letters, digits, '_', '-' and '.'; "
              "this has other ones");
    EXPECT_EQ(error_of(R"({"messages": [], "tools": [{"type": "retrieval"}]})"),
              "tool 0: must be {\"type\": \"function\", \"function\": {\"name\": ..., \"parameters\": ...}}");
    EXPECT_EQ(error_of(R"({"messages": [], "tools": [{"parameters": {}}]})"),
              "tool 0: \"name\" is missing; it must be text");
    EXPECT_EQ(error_of(R"({"messages": [], "tools": [{"function": {"name": "f"}}, {"function": {"name": "f"}}]})"),
              "tool 1: another one is called \"f\" too; names must differ");
    EXPECT_EQ(error_of(R"({"messages": [], "tools": [{"function": {"name": "f", "parameters": []}}]})"),
              "tool 0: \"parameters\" is a JSON array; it must be a JSON Schema object");
}

}  // namespace
}  // namespace cria
