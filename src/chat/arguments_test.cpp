// Arguments against schemas: what fits, and what the messages say when something does not.
#include <gtest/gtest.h>

#include "chat/tool_call.h"

namespace cria {
namespace {

std::string verdict(std::string_view arguments, std::string_view schema) {
    const ToolDefinition tool{"f", "", OrderedJson::parse(schema)};
    const Status status = check_arguments({"f", OrderedJson::parse(arguments)}, tool);
    return status ? "fits" : status.error().message;
}

// For one argument "v" with the schema `property`.
std::string value_verdict(std::string_view value, std::string_view property) {
    return verdict(fmt::format(R"({{"v": {}}})", value), fmt::format(R"({{"properties": {{"v": {}}}}})", property));
}

TEST(CheckArguments, RequiredAndUnknown) {
    const auto schema = R"({"type": "dict", "required": ["city"],
                            "properties": {"city": {"type": "string"}, "metric": {"type": "string"}}})";
    EXPECT_EQ(verdict(R"({"city": "Oslo"})", schema), "fits");
    EXPECT_EQ(verdict(R"({"city": "Oslo", "metric": "c"})", schema), "fits");
    EXPECT_EQ(verdict("{}", schema), "f: the argument \"city\" is missing");
    EXPECT_EQ(verdict(R"({"city": "Oslo", "metrik": "c"})", schema),
              "f: there is no argument \"metrik\"; did you mean \"metric\"?");
    EXPECT_EQ(verdict("[1]", schema), "f: the arguments are a JSON array, not an object");
}

TEST(CheckArguments, AdditionalProperties) {
    EXPECT_EQ(verdict(R"({"x": 1})", R"({"properties": {}})"), "f: there is no argument \"x\"");
    EXPECT_EQ(verdict(R"({"x": 1})", "{}"), "fits");
    EXPECT_EQ(verdict(R"({"x": 1})", R"({"properties": {}, "additionalProperties": true})"), "fits");
    EXPECT_EQ(verdict(R"({"x": 1})", R"({"additionalProperties": false})"), "f: there is no argument \"x\"");
    EXPECT_EQ(verdict(R"({"x": 1})", R"({"additionalProperties": {"type": "string"}})"),
              "f: the argument \"x\" is 1; it must be of type string");
}

TEST(CheckArguments, Types) {
    const auto fits = [](std::string_view value, std::string_view type) {
        return value_verdict(value, fmt::format(R"({{"type": "{}"}})", type)) == "fits";
    };
    EXPECT_TRUE(fits("\"x\"", "string") && fits("\"x\"", "str") && !fits("1", "string"));
    EXPECT_TRUE(fits("1", "integer") && fits("-1", "int") && fits("1.0", "integer") && !fits("1.5", "integer"));
    EXPECT_TRUE(fits("1", "number") && fits("1.5", "float") && !fits("true", "number") && !fits("\"1\"", "number"));
    EXPECT_TRUE(fits("true", "boolean") && fits("false", "bool") && !fits("1", "boolean"));
    EXPECT_TRUE(fits("[]", "array") && fits("[1]", "list") && !fits("{}", "array"));
    EXPECT_TRUE(fits("{}", "object") && fits("{}", "dict") && !fits("[]", "dict"));
    EXPECT_TRUE(fits("null", "null") && !fits("null", "string"));
    EXPECT_TRUE(fits("1", "whatever"));
    EXPECT_EQ(value_verdict("null", R"({"type": ["string", "null"]})"), "fits");
    EXPECT_EQ(value_verdict("1", R"({"type": ["string", "null"]})"),
              "f: the argument \"v\" is 1; it must be of one of the types [\"string\", \"null\"]");
}

TEST(CheckArguments, Choices) {
    EXPECT_EQ(value_verdict("\"b\"", R"({"enum": ["a", "b"]})"), "fits");
    EXPECT_EQ(value_verdict("\"c\"", R"({"enum": ["a", "b"]})"),
              "f: the argument \"v\" is \"c\"; it must be one of [\"a\", \"b\"]");
    EXPECT_EQ(value_verdict("null", R"({"anyOf": [{"type": "string"}, {"type": "null"}]})"), "fits");
    EXPECT_NE(value_verdict("2", R"({"anyOf": [{"type": "string"}, {"type": "null"}]})"), "fits");
}

TEST(CheckArguments, Ranges) {
    EXPECT_EQ(value_verdict("5", R"({"minimum": 5, "maximum": 5.5})"), "fits");
    EXPECT_EQ(value_verdict("4", R"({"minimum": 5})"), "f: the argument \"v\" is 4; it must be at least 5");
    EXPECT_EQ(value_verdict("6", R"({"maximum": 5.5})"), "f: the argument \"v\" is 6; it must be at most 5.5");
    EXPECT_EQ(value_verdict("-1", R"({"minimum": 0})"), "f: the argument \"v\" is -1; it must be at least 0");
    EXPECT_EQ(value_verdict("[1]", R"({"minItems": 2})"),
              "f: the argument \"v\" is [1]; it must be a list of at least 2");
    EXPECT_EQ(value_verdict("[1, 2]", R"({"maxItems": 1})"),
              "f: the argument \"v\" is [1, 2]; it must be a list of at most 1");
}

TEST(CheckArguments, Nested) {
    const auto schema = R"({"type": "array", "items": {"type": "object", "required": ["name"],
                            "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}}})";
    EXPECT_EQ(value_verdict(R"([{"name": "A", "age": 3}, {"name": "B"}])", schema), "fits");
    EXPECT_EQ(value_verdict(R"([{"name": "A"}, {"name": 5}])", schema),
              "f: the argument \"v[1].name\" is 5; it must be of type string");
    EXPECT_EQ(value_verdict(R"([{"age": 5}])", schema), "f: the argument \"v[0].name\" is missing");
}

TEST(CheckArguments, DatesAndTimes) {
    const auto date = [](std::string_view text) {
        return value_verdict(fmt::format("\"{}\"", text), R"({"format": "date"})") == "fits";
    };
    EXPECT_TRUE(date("2024-09-21") && date("2024-02-29") && date("2000-02-29"));
    EXPECT_FALSE(date("2023-02-29") || date("1900-02-29") || date("2024-13-01") || date("2024-00-01"));
    EXPECT_FALSE(date("2024-9-21") || date("21.09.2024") || date("2024-09-31") || date("2024-09-00") || date(""));
    const auto time = [](std::string_view text) {
        return value_verdict(fmt::format("\"{}\"", text), R"({"format": "date-time"})") == "fits";
    };
    EXPECT_TRUE(time("2024-09-21T15:30") && time("2024-09-21T15:30:00Z") && time("2024-09-21 15:30:00.125+02:00"));
    EXPECT_FALSE(time("2024-09-21") || time("2024-09-21T24:00") || time("2024-09-21T15:60") || time("2024-09-21T15"));
    EXPECT_FALSE(time("2024-09-21T15:30+2") || time("2024-09-21T15:30:00.") || time("2024-09-21T15:30x"));
}

TEST(CheckArguments, MalformedSchemasAdmitRatherThanFail) {
    EXPECT_EQ(verdict(R"({"x": 1})", R"({"properties": 3, "required": "x", "additionalProperties": 7})"), "fits");
    EXPECT_EQ(value_verdict("1", R"({"type": 4, "enum": 5, "items": [], "minimum": "a", "anyOf": {}})"), "fits");
    EXPECT_EQ(value_verdict("1", "true"), "fits");
}

TEST(CheckArguments, MessagesAreCut) {
    const std::string message = value_verdict("\"" + std::string(10'000, 'x') + "\"", R"({"type": "integer"})");
    EXPECT_LT(message.size(), 200u);
    EXPECT_LT(verdict("{\"" + std::string(10'000, 'x') + "\": 1}", R"({"properties": {}})").size(), 200u);
}

}  // namespace
}  // namespace cria
