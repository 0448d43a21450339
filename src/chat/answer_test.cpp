// Answers of models -> calls and text, in every shape, whole and in pieces.
#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"
#include "chat/literal.h"
#include "chat/tool_call.h"

namespace cria {
namespace {

const std::vector<ToolDefinition>& tools() {
    static const std::vector<ToolDefinition> kTools = {
        {"f", "", nullptr}, {"g", "", nullptr}, {"get_weather", "", nullptr}, {"get-time.utc", "", nullptr}};
    return kTools;
}

// "name{arguments} name{arguments} | text"
std::string answer_text(const ParsedAnswer& answer) {
    std::string out;
    for (const ToolCall& call : answer.calls) out += call.name + call.arguments.dump() + " ";
    return out + (answer.text.empty() ? "" : "| " + answer.text);
}

std::string parsed(std::string_view text) { return answer_text(parse_answer(text, false, tools())); }
std::string tagged(std::string_view text) { return answer_text(parse_answer(text, true, tools())); }

TEST(ParseAnswer, PythonicLists) {
    EXPECT_EQ(parsed("[get_weather(city='Oslo', metric=\"celsius\"), f(n=2)]"),
              R"(get_weather{"city":"Oslo","metric":"celsius"} f{"n":2} )");
    EXPECT_EQ(parsed(" \n[ f ( a = 1 , ) , ] "), R"(f{"a":1} )");
    EXPECT_EQ(parsed("[f()]"), "f{} ");
    EXPECT_EQ(parsed("[get-time.utc(zone='x')]"), R"(get-time.utc{"zone":"x"} )");
    EXPECT_EQ(tagged("[f(a=1)]"), R"(f{"a":1} )");
    EXPECT_EQ(parsed("[f(von='x', größe=1, **{'from-to': 2})]"), R"(f{"von":"x","größe":1,"from-to":2} )");
}

TEST(ParseAnswer, PythonLiterals) {
    const auto value = [](std::string_view literal) {
        const ParsedAnswer answer = parse_answer(fmt::format("[f(v={})]", literal), false, tools());
        return answer.calls.empty() ? "refused" : answer.calls[0].arguments["v"].dump();
    };
    EXPECT_EQ(value("[1, [-2, []], {'a': {'b': None}}, True, False]"), R"([1,[-2,[]],{"a":{"b":null}},true,false])");
    EXPECT_EQ(value("-1.5e3"), "-1500.0");
    EXPECT_EQ(value("+7"), "7");
    EXPECT_EQ(value(".5"), "0.5");
    EXPECT_EQ(value("5."), "5.0");
    EXPECT_EQ(value("18446744073709551615"), "18446744073709551615");
    EXPECT_EQ(value("-9223372036854775808"), "-9223372036854775808");
    EXPECT_EQ(value("-9223372036854775809"), "-9.223372036854776e+18");
    EXPECT_EQ(value("1e999"), "refused");
    EXPECT_EQ(value("012"), "refused");
    EXPECT_EQ(value("1x"), "refused");
    EXPECT_EQ(value("x"), "refused");
    EXPECT_EQ(value("g(a=1)"), "refused");
    EXPECT_EQ(value("(1, 'a')"), R"([1,"a"])");
    EXPECT_EQ(value("(1)"), "1");
    EXPECT_EQ(value("(1,)"), "[1]");
    EXPECT_EQ(value("{1: 2}"), R"({"1":2})");
    EXPECT_EQ(value("{'a': 1, 'a': 2}"), "refused");
    EXPECT_EQ(value(R"('it\'s "so"')"), R"("it's \"so\"")");
    EXPECT_EQ(value(R"('a\n\t\\\x41\u00e9\U0001F600\101\q')"), "\"a\\n\\t\\\\Aé😀A\\\\q\"");
    EXPECT_EQ(value(R"("\ud83d\ude00")"), "\"😀\"");
    EXPECT_EQ(value(R"("\ud83d")"), "refused");
    EXPECT_EQ(value("'''it's\nlong'''"), R"("it's\nlong")");
    EXPECT_EQ(value("'a' \"b\""), R"("ab")");
    EXPECT_EQ(value("true"), "true");
    EXPECT_EQ(value("null"), "null");
    EXPECT_EQ(value("'grüße दिल्ली'"), "\"grüße दिल्ली\"");
}

TEST(ParseAnswer, WhatIsNoCallStaysText) {
    for (const std::string text : {"",
                                   " ",
                                   "Hello",
                                   "[1] see below",
                                   "[]",
                                   "[f]",
                                   "[f(1)]",
                                   "[f(a=1, 2)]",
                                   "[f(a=1)",
                                   "[f(a=1),, g()]",
                                   "[f(a=1) g()]",
                                   "[f(a=1, a=2)]",
                                   "[unknown(a=1)]",
                                   "[f(a=1), unknown()]",
                                   "[[f(a=1)]]",
                                   "f(a=1)",
                                   "{\"name\": \"Bob\"}",
                                   "{\"name\": \"f\"",
                                   "{\"name\": \"f\", \"parameters\": 3}",
                                   "[{\"name\": \"f\"}, 2]",
                                   "<function=unknown>{}</function>",
                                   "<function=f>{}</func",
                                   "<function",
                                   "brave_search.call(query=\"x\")",
                                   "Sure: [f(a=1)]",
                                   "{",
                                   "[",
                                   "{}",
                                   "[f(a=\xff)]",
                                   "[f(a='\xc3')]"})
        EXPECT_EQ(parsed(text), text.empty() ? "" : "| " + text);
}

TEST(ParseAnswer, Json) {
    const std::string f1 = R"(f{"a":1} )";
    EXPECT_EQ(parsed(R"({"name": "f", "parameters": {"a": 1}})"), f1);
    EXPECT_EQ(tagged(R"({"type": "function", "name": "f", "parameters": {"a": 1}})"), f1);
    EXPECT_EQ(parsed(R"({"type": "function", "function": {"name": "f", "arguments": "{\"a\": 1}"}})"), f1);
    EXPECT_EQ(parsed(R"({"type": "function", "function": "f", "parameters": {"a": 1}})"), f1);
    EXPECT_EQ(parsed(R"({"function": "f", "parameters": {"a": 1}})"), f1);
    EXPECT_EQ(parsed(R"({"parameters": {"a": 1}, "name": "f"})"), f1);
    EXPECT_EQ(parsed("{'name': 'f', 'parameters': {'a': True}}"), R"(f{"a":true} )");
    EXPECT_EQ(parsed(R"({"name": "f", "parameters": null})"), "f{} ");
    EXPECT_EQ(parsed(R"({"name": "f"})"), "f{} ");
    EXPECT_EQ(parsed(R"([{"name": "f", "parameters": {"a": 1}}, {"name": "g", "parameters": {}}])"), f1 + "g{} ");
    EXPECT_EQ(parsed(R"({"name": "f", "parameters": {"a": 1}}; {"name": "g", "parameters": {}})"), f1 + "g{} ");
    EXPECT_EQ(parsed("{\"name\": \"f\", \"parameters\": {\"a\": 1}}\n{\"name\": \"g\"}"), f1 + "g{} ");
    EXPECT_EQ(tagged(R"({"name": "unknown", "parameters": {}})"), R"(| {"name": "unknown", "parameters": {}})");
}

TEST(ParseAnswer, Tags) {
    EXPECT_EQ(parsed(R"(<function=f>{"a": 1}</function>)"), R"(f{"a":1} )");
    EXPECT_EQ(parsed(R"(<function=f>{"a": 1}</function><function=g></function>)"), R"(f{"a":1} g{} )");
    EXPECT_EQ(parsed(R"(<function=f>{"a": 1})"), R"(f{"a":1} )");
    EXPECT_EQ(parsed(R"(<function=f{'a': 1}</function>)"), R"(f{"a":1} )");
}

TEST(ParseAnswer, BuiltinToolsAndCode) {
    EXPECT_EQ(tagged(R"~(brave_search.call(query="gold price"))~"), R"~(brave_search{"query":"gold price"} )~");
    EXPECT_EQ(parsed(R"~(get_weather.call(query="x"))~"), R"~(get_weather{"query":"x"} )~");
    EXPECT_EQ(tagged("print(1)\nprint(2)"), R"~(code_interpreter{"code":"print(1)\nprint(2)"} )~");
    EXPECT_EQ(tagged("f(a=1)"), R"~(f{"a":1} )~");
    EXPECT_EQ(tagged("f(a=1); g()"), R"~(f{"a":1} g{} )~");
    EXPECT_EQ(tagged("f(a=1)\nprint(2)"), R"~(code_interpreter{"code":"f(a=1)\nprint(2)"} )~");
    EXPECT_EQ(tagged("[x for x in y]"), R"~(code_interpreter{"code":"[x for x in y]"} )~");
    EXPECT_EQ(tagged(" \n"), "");
}

TEST(ParseAnswer, TextAfterTheCallsIsText) {
    EXPECT_EQ(parsed("[f(a=1)]\n\nI asked."), R"(f{"a":1} | I asked.)");
    EXPECT_EQ(parsed(R"({"name": "f"}; and so on)"), "f{} | ; and so on");
}

TEST(ParseAnswer, IsBounded) {
    const auto nested = [](std::size_t depth) {
        return "[f(a=" + std::string(depth, '[') + std::string(depth, ']') + ")]";
    };
    EXPECT_EQ(parse_answer(nested(30), false, tools()).calls.size(), 1u);
    EXPECT_EQ(parse_answer(nested(100), false, tools()).calls.size(), 0u);
    EXPECT_EQ(parse_answer(nested(400'000), false, tools()).calls.size(), 0u);
    const std::string huge = "[f(a='" + std::string(kMaxCallBytes, 'x') + "')]";
    EXPECT_EQ(parse_answer(huge, false, tools()).text, huge);

    std::string many = "[f()";
    for (std::size_t i = 1; i < kMaxCalls; ++i) many += ", f()";
    EXPECT_EQ(parse_answer(many + "]", false, tools()).calls.size(), kMaxCalls);
    EXPECT_EQ(parse_answer(many + ", f()]", false, tools()).calls.size(), 0u);
}

OrderedJson random_value(Random& random, int depth) {
    static const std::vector<std::string> kTexts = {"",     "x",   "it's", "say \"hi\"", "'\"'",  "a\\b",
                                                    "\n\t", "ü😀", "\x7f", "]), g(",     "<|x|>", "\\u0041"};
    switch (random.below(depth < 3 ? 9 : 7)) {
        case 0: return nullptr;
        case 1: return random.below(2) == 0;
        case 2: return static_cast<std::int64_t>(random.next_u64());
        case 3: return static_cast<int>(random.below(100)) - 50;
        case 4: return (random.uniform() - 0.5) * std::pow(10.0, static_cast<int>(random.below(40)) - 20);
        case 5:
        case 6: return kTexts[random.below(static_cast<std::uint32_t>(kTexts.size()))];
        case 7: {
            OrderedJson list = OrderedJson::array();
            for (std::uint32_t i = random.below(4); i > 0; --i) list.push_back(random_value(random, depth + 1));
            return list;
        }
        default: {
            OrderedJson object = OrderedJson::object();
            for (std::uint32_t i = random.below(4); i > 0; --i)
                object[kTexts[random.below(static_cast<std::uint32_t>(kTexts.size()))]] =
                    random_value(random, depth + 1);
            return object;
        }
    }
}

std::vector<ToolCall> random_calls(Random& random) {
    static const std::vector<std::string> kNames = {"a", "city", "größe", "from-to", "1st", "", "x y"};
    std::vector<ToolCall> calls;
    for (std::uint32_t n = 1 + random.below(3); n > 0; --n) {
        OrderedJson arguments = OrderedJson::object();
        for (std::uint32_t i = random.below(4); i > 0; --i)
            arguments[kNames[random.below(static_cast<std::uint32_t>(kNames.size()))]] = random_value(random, 0);
        calls.push_back({tools()[random.below(static_cast<std::uint32_t>(tools().size()))].name, arguments});
    }
    return calls;
}

// OrderedJson compares the members of objects in order; a call's identifiers come before its other names.
Json unordered(const std::vector<ToolCall>& calls) {
    Json out = Json::array();
    for (const ToolCall& call : calls) out.push_back({call.name, Json::parse(call.arguments.dump())});
    return out;
}

TEST(ParseAnswer, ReadsBackWhatIsWritten) {
    Random random(7);
    for (int i = 0; i < 20'000; ++i) {
        const std::vector<ToolCall> calls = random_calls(random);
        const std::string pythonic = format_pythonic_calls(calls);
        EXPECT_EQ(unordered(parse_answer(pythonic, false, tools()).calls), unordered(calls)) << pythonic;

        const OrderedJson json = {{"name", calls[0].name}, {"parameters", calls[0].arguments}};
        const std::vector<ToolCall> first = {calls[0]};
        EXPECT_EQ(parse_answer(json_line(json), false, tools()).calls, first) << json;
        EXPECT_EQ(parse_answer(json_indented(json), true, tools()).calls, first) << json;
        const std::string tag = "<function=" + calls[0].name + ">" + json_line(calls[0].arguments) + "</function>";
        EXPECT_EQ(parse_answer(tag, false, tools()).calls, first) << tag;
    }
}

// Answers built from pieces of calls and of prose.
std::string random_answer(Random& random) {
    static const std::vector<std::string> kPieces = {"[",
                                                     "]",
                                                     "f",
                                                     "(",
                                                     ")",
                                                     "a=",
                                                     "'x'",
                                                     "1",
                                                     ", ",
                                                     "{",
                                                     "}",
                                                     "\"name\"",
                                                     ": ",
                                                     "\"f\"",
                                                     "\"parameters\"",
                                                     "\"type\"",
                                                     "\"function\"",
                                                     "<function=",
                                                     "f>",
                                                     "</function>",
                                                     ";",
                                                     " ",
                                                     "\n",
                                                     "get_weather",
                                                     ".call(",
                                                     "query=\"x\"",
                                                     "brave_search",
                                                     "The ",
                                                     "é",
                                                     "\xc3",
                                                     "[f(a=1)]",
                                                     "{\"name\": \"f\", \"parameters\": {}}"};
    std::string text;
    for (std::uint32_t n = random.below(12); n > 0; --n)
        text += kPieces[random.below(static_cast<std::uint32_t>(kPieces.size()))];
    return text;
}

TEST(AnswerStream, EveryCutGivesTheSameAnswer) {
    Random random(11);
    for (int i = 0; i < 50'000; ++i) {
        const std::string text = i % 3 == 0 ? format_pythonic_calls(random_calls(random)) : random_answer(random);
        const bool tag = random.below(4) == 0;
        AnswerStream stream(tools());
        std::string streamed;
        if (tag) streamed += stream.python_tag();
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t size = std::min<std::size_t>(1 + random.below(1 + random.below(9)), text.size() - at);
            streamed += stream.push(std::string_view(text).substr(at, size));
            at += size;
        }
        ParsedAnswer answer = stream.finish();
        answer.text = streamed + answer.text;
        EXPECT_EQ(answer_text(answer), answer_text(parse_answer(text, tag, tools()))) << text;
    }
}

TEST(AnswerStream, LetsTextThroughAtOnce) {
    AnswerStream stream(tools());
    EXPECT_EQ(stream.push("[1"), "[1");
    EXPECT_EQ(stream.push("] [f(a=1)]"), "] [f(a=1)]");
    EXPECT_EQ(stream.finish().text, "");

    EXPECT_EQ(stream.push("get_"), "");
    EXPECT_EQ(stream.push("ting"), "get_ting");
    EXPECT_EQ(stream.finish().calls.size(), 0u);

    EXPECT_EQ(stream.push("{\"name\": "), "");
    EXPECT_EQ(stream.push("\"Bob\"}"), "{\"name\": \"Bob\"}");
    stream.finish();

    AnswerStream without_tools({});
    EXPECT_EQ(without_tools.push("["), "[");
}

TEST(AnswerStream, TagAfterText) {
    AnswerStream stream(tools());
    EXPECT_EQ(stream.push("I search."), "I search.");
    EXPECT_EQ(stream.python_tag(), "");
    EXPECT_EQ(stream.push("brave_search.call(query=\"x\")"), "");
    EXPECT_EQ(answer_text(stream.finish()), R"(brave_search{"query":"x"} )");
    EXPECT_EQ(stream.push("again"), "again");
}

TEST(AnswerStream, HoldsAtMostTheBound) {
    AnswerStream stream(tools());
    std::string out = stream.push("[f(a='");
    EXPECT_EQ(out, "");
    const std::string piece(1000, 'x');
    for (std::size_t i = 0; i < 2 * kMaxCallBytes / piece.size(); ++i) out += stream.push(piece);
    EXPECT_GT(out.size(), kMaxCallBytes);
    EXPECT_EQ(stream.finish().calls.size(), 0u);
}

}  // namespace
}  // namespace cria
