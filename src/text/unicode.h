// What the tokenizer knows of Unicode: UTF-8 sequences, and the classes that the split rule names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cria {

// \p{L}, \p{N} and White_Space of Unicode 16.0.0; the newlines \r and \n stand apart from other spaces.
enum class CharClass : std::uint8_t { symbol = 0, letter = 1, number = 2, space = 3, newline = 4 };

// The class of every code point. Built once, at first use.
class CharClasses {
public:
    static const CharClasses& get();

    CharClass of(char32_t code) const { return code < kEnd ? classes_[code] : CharClass::symbol; }

private:
    CharClasses();

    static constexpr std::size_t kEnd = 0x323b0;  // no letter or number lies above
    std::array<CharClass, kEnd> classes_{};
};

// The first sequence of some bytes.
struct Utf8Step {
    enum Kind : std::uint8_t {
        valid,
        invalid,     // `length` bytes that one U+FFFD stands for (Unicode 16, section 3.9, "maximal subpart")
        incomplete,  // all bytes there are begin a sequence; more could complete it
    } kind;
    std::size_t length;  // in bytes, at least 1
};
Utf8Step utf8_step(std::string_view bytes);  // bytes must not be empty

// The length of the longest prefix that is well-formed UTF-8.
std::size_t valid_utf8_prefix(std::string_view bytes);

// U+FFFD.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The code point at `at` of well-formed UTF-8, and its length in bytes.
struct Utf8Char {
    char32_t code;
    std::uint32_t length;
};
inline Utf8Char utf8_char(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
    const char32_t lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xE0) return {(lead & 0x1F) << 6 | (byte(1) & 0x3F), 2};
    if (lead < 0xF0) return {(lead & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F), 3};
    return {(lead & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F), 4};
}

// Appends a code point as UTF-8.
void append_utf8(char32_t code, std::string& text);

namespace detail {
// code point << 2 | class, wherever the class (symbol, letter, number) changes.
extern const std::uint32_t kClassRuns[];
extern const std::size_t kClassRunCount;
}  // namespace detail

}  // namespace cria
