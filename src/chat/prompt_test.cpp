// Prompts of conversations, written out by hand from the forms' descriptions.
#include "chat/prompt.h"

#include <gtest/gtest.h>

#include "chat/tool_call.h"

namespace cria {
namespace {

// Segments as one text, control tokens by name.
std::string shown(const std::vector<Segment>& segments) {
    std::string out;
    for (const Segment& segment : segments) out += segment.value;
    return out;
}

std::string rendered(const std::vector<Message>& messages, const PromptOptions& options = {}) {
    const auto segments = render_chat(messages, options);
    return segments ? shown(*segments) : "error: " + segments.error().message;
}

std::string header(std::string_view role) { return fmt::format("<|start_header_id|>{}<|end_header_id|>\n\n", role); }

ToolDefinition weather() {
    return {"get_weather", "Weather of a place", OrderedJson::parse(R"({"type": "object", "properties": {
                "city": {"type": "string", "description": "Where"}}, "required": ["city"]})")};
}

TEST(Prompt, PlainChat) {
    EXPECT_EQ(rendered({{Role::system, "Be kind"}, {Role::user, "Who?"}}), "<|begin_of_text|>" + header("system") +
                                                                               "Be kind<|eot_id|>" + header("user") +
                                                                               "Who?<|eot_id|>" + header("assistant"));
}

TEST(Prompt, Base) {
    EXPECT_EQ(shown(render_base("Once")), "<|begin_of_text|>Once");
    EXPECT_EQ(render_base("").size(), 1u);
}

TEST(Prompt, PythonicConversation) {
    PromptOptions options;
    options.tools = {weather()};
    const std::vector<Message> messages = {
        {Role::user, "Oslo?"}, {Role::assistant, "", {{"get_weather", {{"city", "Oslo"}}}}}, {Role::tool, "25 C"}};
    const std::string text = rendered(messages, options);
    EXPECT_NE(text.find("that you can invoke.\n\n[\n    {\n        \"name\": \"get_weather\",\n"), std::string::npos);
    EXPECT_NE(text.find("\"type\": \"dict\",\n            \"required\": [\n                \"city\"\n            ],\n"),
              std::string::npos);
    EXPECT_TRUE(text.ends_with(header("user") + "Oslo?<|eot_id|>" + header("assistant") +
                               "[get_weather(city='Oslo')]<|eot_id|>" + header("ipython") + "25 C<|eot_id|>" +
                               header("assistant")));
}

TEST(Prompt, AnswerSegmentsAreWhatTheModelWrites) {
    const std::vector<Message> messages = {{Role::user, "Hi"}, {Role::assistant, "Hello"}};
    const auto segments = render_chat(messages, {});
    std::string answer;
    for (const Segment& segment : *segments)
        if (segment.answer) {
            EXPECT_EQ(segment.message, 1);
            answer += segment.value;
        }
    EXPECT_EQ(answer, "Hello<|eot_id|>");
}

TEST(PythonicCalls, LiteralsAreThoseOfPython) {
    const std::vector<ToolCall> calls = {
        {"f",
         OrderedJson::parse(R"({"a": "x", "n": 2, "r": 1.5, "t": true, "z": null, "l": [1, "b"], "d": {"k": -3}})")},
        {"g", OrderedJson::object()},
        {"h", OrderedJson::parse(R"({"s": "it's", "q": "say \"it's\"\n", "from-to": 1})")}};
    EXPECT_EQ(format_pythonic_calls(calls),
              "[f(a='x', n=2, r=1.5, t=True, z=None, l=[1, 'b'], d={'k': -3}), g(), "
              "h(s=\"it's\", q='say \"it\\'s\"\\n', **{'from-to': 1})]");
}

}  // namespace
}  // namespace cria
