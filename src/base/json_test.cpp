#include "base/json.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(Json, ReadsWhatIsWhole) {
    const auto json = parse_json(R"({"a": [1, "]["], "b": {"c": "\\\""}})", "test");
    ASSERT_TRUE(json) << json.error().message;
    EXPECT_EQ((*json)["a"][1], "][");
    EXPECT_EQ(parse_ordered_json(R"({"z": 1, "a": 2})", "test")->dump(), R"({"z":1,"a":2})");
}

TEST(Json, RefusesDamage) {
    for (const char* text : {"", " ", "{", "{\"a\": 1,}", "[1 2]", "\"\xff\"", "\"\xed\xa0\x80\"", "nul", "{} {}",
                             "1e999", "{\"a\" 1}", "\"\\u12\"", "\"\\ud800\"", "[\"a\nb\"]"}) {
        const auto json = parse_json(text, "somewhere");
        ASSERT_FALSE(json) << text;
        EXPECT_EQ(json.error().kind, ErrorKind::corrupt) << text;
        EXPECT_TRUE(json.error().message.starts_with("somewhere: ")) << json.error().message;
    }
}

TEST(Json, KeepsItsLimits) {
    EXPECT_TRUE(parse_json("[[[]]]", "test", {.max_bytes = 6, .max_depth = 3}));
    EXPECT_EQ(parse_json("[[[]]]", "test", {.max_bytes = 5}).error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(parse_json("[[[]]]", "test", {.max_depth = 2}).error().kind, ErrorKind::invalid_input);
    EXPECT_TRUE(parse_json("[[],[],[],{\"[[[[\": \"{{{{\"}]", "test", {.max_depth = 2}));
    EXPECT_EQ(parse_json(std::string(10'000'000, '['), "test").error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(parse_json(std::string(100, '['), "test").error().kind, ErrorKind::invalid_input);
    const JsonLimits two_members{.max_ordered_members = 2};
    EXPECT_TRUE(parse_ordered_json(R"({"a": {"b": ":::"}, "c": [{"d": 1, "e": 2}, {"f": 3}]})", "test", two_members));
    EXPECT_EQ(parse_ordered_json(R"([{"a": 1, "b": {"c": 3}, "d": 4}])", "test", two_members).error().kind,
              ErrorKind::invalid_input);
    EXPECT_TRUE(parse_json(R"([{"a": 1, "b": {"c": 3}, "d": 4}])", "test", two_members));
    // Quotes that do not balance cannot hide depth from the count: the parser stops at the damage first.
    EXPECT_FALSE(parse_json("\"\\\"" + std::string(1'000'000, '['), "test"));
    EXPECT_FALSE(parse_json("]]]]" + std::string(1'000'000, '['), "test"));
}

}  // namespace
}  // namespace cria
