// UTF-8 and classes, over every code point.
#include "text/unicode.h"

#include <gtest/gtest.h>

#include <array>

namespace cria {
namespace {

constexpr char32_t kCodes = 0x110000;
bool surrogate(char32_t code) { return code >= 0xD800 && code < 0xE000; }

TEST(Utf8, ReadsWhatItWrites) {
    for (char32_t code = 0; code < kCodes; ++code) {
        std::string text;
        append_utf8(code, text);
        const Utf8Step step = utf8_step(text);
        if (surrogate(code)) {
            ASSERT_EQ(step.kind, Utf8Step::invalid) << static_cast<std::uint32_t>(code);
            ASSERT_EQ(step.length, 1u);
            continue;
        }
        ASSERT_EQ(step.kind, Utf8Step::valid) << static_cast<std::uint32_t>(code);
        ASSERT_EQ(step.length, text.size());
        ASSERT_EQ(utf8_char(text, 0).code, code);
        ASSERT_EQ(utf8_char(text, 0).length, text.size());
        for (std::size_t cut = 1; cut < text.size(); ++cut) {
            const Utf8Step part = utf8_step(std::string_view(text).substr(0, cut));
            ASSERT_EQ(part.kind, Utf8Step::incomplete);
            ASSERT_EQ(part.length, cut);
        }
    }
}

TEST(Utf8, RefusesWhatIsNotShortestOrTooHigh) {
    for (const std::string_view bytes : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
                                         "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"})
        EXPECT_EQ(utf8_step(bytes).kind, Utf8Step::invalid) << bytes;
}

TEST(Utf8, FindsTheValidPrefix) {
    const std::string text = "0123456\u00e9\u4e2d\U0001f999 and more than eight plain bytes";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::size_t whole = 0;
        while (whole < cut && whole + utf8_char(text, whole).length <= cut) whole += utf8_char(text, whole).length;
        EXPECT_EQ(valid_utf8_prefix(std::string_view(text).substr(0, cut)), whole);
        EXPECT_EQ(valid_utf8_prefix(text.substr(0, cut) + "\xFFmore"), whole);
    }
}

// Counts of Unicode 16.0.0, as the regular expressions of tiktoken have them.
TEST(CharClasses, HaveTheSizesOfUnicode16) {
    std::array<int, 5> counts{};
    for (char32_t code = 0; code < kCodes; ++code) {
        if (!surrogate(code)) ++counts[static_cast<std::size_t>(CharClasses::get().of(code))];
    }
    EXPECT_EQ(counts[static_cast<std::size_t>(CharClass::letter)], 141028);
    EXPECT_EQ(counts[static_cast<std::size_t>(CharClass::number)], 1911);
    EXPECT_EQ(counts[static_cast<std::size_t>(CharClass::space)], 23);
    EXPECT_EQ(counts[static_cast<std::size_t>(CharClass::newline)], 2);
}

TEST(CharClasses, KnowSomeOfEach) {
    const auto of = [](char32_t code) { return CharClasses::get().of(code); };
    for (const char32_t code : {U'a', U'Z', U'\u00aa', U'\u017f', U'\u4e00', U'\U000323af', U'\U00020000', U'\u0e01'})
        EXPECT_EQ(of(code), CharClass::letter) << static_cast<std::uint32_t>(code);
    for (const char32_t code : {U'0', U'\u00bd', U'\u2163', U'\u0661', U'\u3007', U'\U0001d7ff'})
        EXPECT_EQ(of(code), CharClass::number) << static_cast<std::uint32_t>(code);
    for (const char32_t code : {U' ', U'\t', U'\u0085', U'\u00a0', U'\u3000', U'\u2028'})
        EXPECT_EQ(of(code), CharClass::space) << static_cast<std::uint32_t>(code);
    for (const char32_t code :
         {U'_', U'\u0301', U'\u001c', U'\u200b', U'\U0001f642', U'\U0010ffff', char32_t{0x110000}})
        EXPECT_EQ(of(code), CharClass::symbol) << static_cast<std::uint32_t>(code);
    EXPECT_EQ(of(U'\r'), CharClass::newline);
    EXPECT_EQ(of(U'\n'), CharClass::newline);
}

}  // namespace
}  // namespace cria
