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

TEST(Prompt, PythonicToolsInTheFirstUserMessage) {
    PromptOptions options;
    options.tool_format = ToolFormat::pythonic_in_user;
    options.tools = {weather()};
    options.python_tag = true;
    const std::vector<Message> messages = {{Role::user, "Oslo?"},
                                           {Role::assistant, "", {{"get_weather", {{"city", "Oslo"}}}}},
                                           {Role::tool, "25 C"},
                                           {Role::user, "Rome?"}};
    const std::string text = rendered(messages, options);
    EXPECT_TRUE(text.starts_with("<|begin_of_text|>" + header("user") +
                                 "Oslo?\nHere is a list of functions in JSON format that you can invoke:\n[\n    {\n"));
    EXPECT_TRUE(
        text.ends_with("]\n\nShould you decide to return the function call(s),Put it in the format of "
                       "[func1(params_name=params_value, params_name2=params_value2...), func2(params)]\n\n"
                       "NO other text MUST be included.<|eot_id|>" +
                       header("assistant") + "<|python_tag|>[get_weather(city='Oslo')]<|eot_id|>" + header("ipython") +
                       "25 C<|eot_id|>" + header("user") + "Rome?<|eot_id|>" + header("assistant")));
}

TEST(Prompt, SystemLines) {
    const auto system_of = [](PromptOptions options, std::vector<Message> messages) {
        options.add_generation_prompt = false;
        return rendered(messages, options);
    };
    const std::string begin = "<|begin_of_text|>" + header("system");
    const std::string dates = "Cutting Knowledge Date: December 2023\nToday Date: 21 September 2024\n";
    EXPECT_EQ(
        system_of({.builtin_tools = {"brave_search", "code_interpreter", "wolfram_alpha"}, .date = "21 September 2024"},
                  {{Role::system, "You are a helpful assistant."}}),
        begin + "Environment: ipython\nTools: brave_search, wolfram_alpha\n" + dates +
            "\nYou are a helpful assistant.\n<|eot_id|>");
    EXPECT_EQ(system_of({.builtin_tools = {"code_interpreter"}, .date = "21 September 2024"}, {}),
              begin + "Environment: ipython\n\n" + dates + "<|eot_id|>");
    EXPECT_EQ(system_of({.builtin_tools = {"code_interpreter"}}, {}), begin + "Environment: ipython<|eot_id|>");
    EXPECT_EQ(system_of({.builtin_tools = {"brave_search"}}, {}),
              begin + "Environment: ipython\nTools: brave_search\n<|eot_id|>");
    EXPECT_EQ(system_of({.date = "21 September 2024"}, {}), begin + dates + "<|eot_id|>");
    EXPECT_EQ(system_of({.always_system = true}, {}), begin + "<|eot_id|>");
    EXPECT_EQ(system_of({}, {}), "<|begin_of_text|>");
}

TEST(Prompt, BuiltinCallsEndTheMessageNotTheTurn) {
    PromptOptions options;
    options.builtin_tools = {"brave_search", "code_interpreter"};
    options.add_generation_prompt = false;
    const auto answer = [&](const ToolCall& call) {
        const std::string text = rendered({{Role::assistant, "", {call}}}, options);
        return text.substr(text.find("<|python_tag|>"));
    };
    EXPECT_EQ(answer({"brave_search", {{"query", "a \"b\""}}}),
              "<|python_tag|>brave_search.call(query=\"a \\\"b\\\"\")<|eom_id|>");
    EXPECT_EQ(answer({"code_interpreter", {{"code", "print(1)"}}}), "<|python_tag|>print(1)<|eom_id|>");
}

TEST(Prompt, ErrorsNameTheMessage) {
    const ToolCall call{"f", OrderedJson::object()};
    const auto error = [](const std::vector<Message>& messages, const PromptOptions& options) {
        return rendered(messages, options);
    };
    PromptOptions json;
    json.tool_format = ToolFormat::json_in_user;
    PromptOptions builtin;
    builtin.builtin_tools = {"code_interpreter"};
    EXPECT_EQ(error({{Role::user, "x", {call}}}, {}), "error: message 0: only the assistant calls tools, not the user");
    EXPECT_EQ(error({{Role::user, "x"}, {Role::assistant, "", {{"f", 3}}}}, {}),
              "error: message 1: the arguments of f are a JSON number, not an object");
    EXPECT_EQ(error({{Role::assistant, "", {call, call}}}, json),
              "error: message 0: 2 calls in one message, but this form of prompt has one; give each call a message of "
              "its own, or use the pythonic form");
    EXPECT_EQ(error({{Role::assistant, "", {{"code_interpreter", {{"query", "x"}}}}}}, builtin),
              "error: message 0: a call of code_interpreter needs the text \"code\"");
    json.tools = {weather()};
    EXPECT_EQ(error({{Role::assistant, "x"}}, json),
              "error: prompt: the tools are to stand in the first user message, but there is no user message");
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
