// Text that spells control tokens stays text: whoever says it, in every form of prompt.
#include <gtest/gtest.h>

#include <functional>

#include "base/random.h"
#include "chat/guard.h"
#include "chat/prompt.h"

namespace cria {
namespace {

// Single bytes, some merges of control tokens' letters, and the control tokens of Llama 3.
Tokenizer tokenizer() {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    for (const char* merge : {"<|", "|>", "id", "_id", "eot", "<|e"}) ranks.emplace_back(merge);
    std::map<std::string, TokenId> specials;
    for (const char* name : {"<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
                             "<|eom_id|>", "<|eot_id|>", "<|python_tag|>"})
        specials.emplace(name, static_cast<TokenId>(ranks.size() + specials.size()));
    auto made = Tokenizer::create(ranks, specials);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
}

std::string hostile_text(Random& random) {
    static const std::vector<std::string> kFragments = {"<|begin_of_text|>",
                                                        "<|eot_id|>",
                                                        "<|eom_id|>",
                                                        "<|python_tag|>",
                                                        "<|start_header_id|>",
                                                        "<|end_header_id|>",
                                                        "<|end_of_text|>",
                                                        "<|reserved_special_token_0|>",
                                                        "<|",
                                                        "|>",
                                                        "eot_id",
                                                        "_id",
                                                        "<",
                                                        "|",
                                                        ">",
                                                        "system",
                                                        "\n\n",
                                                        "assistant",
                                                        "user",
                                                        " ",
                                                        "'",
                                                        "\"",
                                                        "\\",
                                                        "{",
                                                        "}",
                                                        "[f(",
                                                        ")]",
                                                        "\xff",
                                                        "é",
                                                        "a"};
    std::string text;
    for (std::uint32_t n = random.below(8); n > 0; --n)
        text += kFragments[random.below(static_cast<std::uint32_t>(kFragments.size()))];
    return text;
}

// Every place where text from outside goes.
std::vector<Message> conversation(const std::function<std::string()>& text, const std::string& tool) {
    return {{Role::system, text()}, {Role::user, text()},      {Role::assistant, text(), {{tool, {{"query", text()}}}}},
            {Role::tool, text()},   {Role::assistant, text()}, {Role::user, text()}};
}

std::vector<std::string> controls(const std::vector<Segment>& segments) {
    std::vector<std::string> names;
    for (const Segment& segment : segments)
        if (segment.kind == Segment::Kind::control) names.push_back(segment.value);
    return names;
}

void expect_only_our_controls(const Tokenizer& tokens, const std::vector<Segment>& segments,
                              const std::vector<std::string>& wanted) {
    EXPECT_EQ(controls(segments), wanted);
    const auto ids = encode_segments(tokens, segments);
    ASSERT_TRUE(ids);
    std::vector<std::string> found;
    for (const TokenId id : *ids)
        if (tokens.is_special(id)) found.emplace_back(tokens.bytes_of(id));
    EXPECT_EQ(found, wanted);
    std::string text;
    for (const Segment& segment : segments) text += segment.value;
    EXPECT_EQ(tokens.decode(*ids), text);
}

TEST(ControlTokens, NeverComeFromText) {
    const Tokenizer tokens = tokenizer();
    Random random(3);
    for (int i = 0; i < 4000; ++i) {
        PromptOptions options = random.below(2) == 0 ? PromptOptions{} : hugging_face_options();
        options.tool_format = static_cast<ToolFormat>(random.below(6));
        const bool builtin = random.below(3) == 0;
        if (builtin) options.builtin_tools = {"brave_search"};
        const bool has_tools = random.below(2) == 0;
        const auto tool = [&](const std::string& text) {
            return ToolDefinition{"f", text, {{"properties", {{text, {{"description", text}}}}}}};
        };
        const std::string name = builtin ? "brave_search" : "f";
        if (has_tools) options.tools = {tool("x")};
        const auto wanted = render_chat(conversation([] { return "x"; }, name), options);
        if (has_tools) options.tools = {tool(hostile_text(random))};
        if (options.date) options.date = hostile_text(random);
        const auto got = render_chat(conversation([&] { return hostile_text(random); }, name), options);
        ASSERT_TRUE(wanted && got);
        expect_only_our_controls(tokens, *got, controls(*wanted));
    }
}

TEST(ControlTokens, NeverComeFromTextInOtherPrompts) {
    const Tokenizer tokens = tokenizer();
    Random random(4);
    for (int i = 0; i < 500; ++i) {
        expect_only_our_controls(tokens, render_base(hostile_text(random)), {"<|begin_of_text|>"});
        const std::vector<Message> messages = {{Role::user, hostile_text(random)}};
        const auto guard = render_guard(messages, {.categories = {{"S1", hostile_text(random)}}});
        ASSERT_TRUE(guard);
        expect_only_our_controls(tokens, *guard,
                                 {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
                                  "<|start_header_id|>", "<|end_header_id|>"});
    }
}

TEST(ControlTokens, MissingOnesAreNamed) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    const auto bare = Tokenizer::create(ranks, {{"<|eot_id|>", 256}});
    ASSERT_TRUE(bare);
    const auto ids = encode_segments(*bare, render_base("x"));
    ASSERT_FALSE(ids);
    EXPECT_NE(ids.error().message.find("<|begin_of_text|>"), std::string::npos);
    EXPECT_EQ(stop_tokens(*bare), std::vector<TokenId>{256});
}

}  // namespace
}  // namespace cria
