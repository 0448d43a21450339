// Prompts and answers against other implementations; scripts/golden/chat.py made the files.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "chat/guard.h"
#include "chat/openai_messages.h"
#include "chat/prompt.h"
#include "chat/tool_call.h"

namespace cria {
namespace {

OrderedJson golden(const std::string& name) {
    std::ifstream file(std::string(CRIA_SOURCE_DIR) + "/tests/golden/chat/" + name);
    std::stringstream text;
    text << file.rdbuf();
    const auto json = parse_ordered_json(text.str(), name);
    EXPECT_TRUE(json) << json.error().message;
    return json.value_or(OrderedJson());
}

std::string rendered_text(const Result<std::vector<Segment>>& segments) {
    if (!segments) return "error: " + segments.error().message;
    std::string out;
    for (const Segment& segment : *segments) out += segment.value;
    return out;
}

PromptOptions options_of(const OrderedJson& json) {
    static const std::map<std::string, ToolFormat> kFormats = {{"pythonic", ToolFormat::pythonic},
                                                               {"json_in_user", ToolFormat::json_in_user},
                                                               {"json_in_system", ToolFormat::json_in_system},
                                                               {"json_message", ToolFormat::json_message},
                                                               {"custom_tags", ToolFormat::custom_tags}};
    PromptOptions options;
    if (json.contains("hugging_face")) options = hugging_face_options(json["hugging_face"].get<std::string>());
    if (json.contains("date") && !json["date"].is_null()) options.date = json["date"].get<std::string>();
    if (json.contains("builtin_tools")) options.builtin_tools = json["builtin_tools"].get<std::vector<std::string>>();
    options.add_generation_prompt = json.value("generate", true);
    options.tool_format = kFormats.at(json["format"].get<std::string>());
    return options;
}

TEST(GoldenPrompts, EveryFormIsWhatTheReferencesWrite) {
    const OrderedJson cases = golden("prompts.json");
    ASSERT_GT(cases.size(), 30u);
    for (const OrderedJson& one : cases) {
        PromptOptions options = options_of(one["options"]);
        const auto conversation = conversation_from_json(one);
        ASSERT_TRUE(conversation) << one["name"] << conversation.error().message;
        options.tools = conversation->tools;
        EXPECT_EQ(rendered_text(render_chat(conversation->messages, options)), one["text"].get<std::string>())
            << one["name"];
    }
}

TEST(GoldenPrompts, Guard) {
    for (const OrderedJson& one : golden("guard.json")) {
        GuardOptions options;
        options.model = one["guard"] == "guard8b" ? GuardModel::llama_guard_3_8b : GuardModel::llama_guard_3_1b;
        const OrderedJson& given = one["options"];
        if (given.contains("excluded")) options.excluded = given["excluded"].get<std::vector<std::string>>();
        if (given.contains("categories"))
            for (const auto& [id, text] : given["categories"].items())
                options.categories.push_back({id, text.get<std::string>()});
        const auto messages = messages_from_json(one["messages"]);
        ASSERT_TRUE(messages);
        EXPECT_EQ(rendered_text(render_guard(*messages, options)), one["text"].get<std::string>()) << one["name"];
    }
}

TEST(GoldenCalls, WrittenAsPythonWritesThem) {
    const std::vector<ToolDefinition> tools = {{"f", "", nullptr}};
    const OrderedJson cases = golden("literals.json");
    for (const OrderedJson& one : cases["written"]) {
        const std::vector<ToolCall> calls = {{"f", one["arguments"]}};
        const auto& text = one["text"].get_ref<const std::string&>();
        EXPECT_EQ(format_pythonic_calls(calls), text);
        EXPECT_EQ(parse_answer(text, false, tools).calls, calls) << text;
    }
}

TEST(GoldenCalls, LiteralsReadAsPythonReadsThem) {
    // Python takes these, our reader does not: a space after a sign, two signs, digits in groups, other bases.
    const std::vector<std::string> not_read = {"- 5", "--1", "1_000", "0x10", "00"};
    const std::vector<ToolDefinition> tools = {{"f", "", nullptr}};
    const OrderedJson cases = golden("literals.json");
    for (const OrderedJson& one : cases["read"]) {
        const auto& text = one["text"].get_ref<const std::string&>();
        const ParsedAnswer answer = parse_answer("[f(v=" + text + ")]", false, tools);
        const bool known = one.contains("value") && std::ranges::find(not_read, text) == not_read.end();
        ASSERT_EQ(answer.calls.size(), known ? 1u : 0u) << text;
        if (known) {
            EXPECT_EQ(answer.calls[0].arguments["v"], one["value"]) << text;
        }
    }
}

TEST(GoldenCalls, AnswersReadAsMetaReadsThem) {
    const std::vector<ToolDefinition> tools = {{"add", "", nullptr}, {"get_weather", "", nullptr}};
    for (const OrderedJson& one : golden("answers.json")) {
        const auto& text = one["text"].get_ref<const std::string&>();
        const ParsedAnswer answer = parse_answer(text, false, tools);
        ASSERT_EQ(!answer.calls.empty(), one.contains("name")) << text;
        if (answer.calls.empty()) {
            EXPECT_EQ(answer.text, text);
            continue;
        }
        EXPECT_EQ(answer.calls[0].name, one["name"].get<std::string>());
        EXPECT_EQ(answer.calls[0].arguments, one["arguments"]) << text;
    }
}

}  // namespace
}  // namespace cria
