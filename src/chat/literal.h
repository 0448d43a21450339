// Values as text: Python literals, and JSON spaced as Python's json.dumps spaces it.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace cria {

// 'x', 2, 1.5, True, None, [1, 2], {'k': 'v'}. Strings follow repr: single quotes unless that would need
// escapes and double quotes would not.
std::string python_literal(const OrderedJson& value);
std::string python_string(std::string_view text);
// Always in `quote`s.
std::string python_string(std::string_view text, char quote);

// {"a": 1, "b": [1, 2]}: on one line, a space after each comma and colon. Never throws: bytes that are
// not UTF-8 become U+FFFD.
std::string json_line(const OrderedJson& value);
// With line breaks and four spaces of indent.
std::string json_indented(const OrderedJson& value);

// Whether `text` can stand before "=" in a call: letters, digits, underscores and bytes above 127, not
// beginning with a digit.
bool is_identifier(std::string_view text);
bool is_identifier_character(char c);
// The names of tools: letters, digits, '_', '-' and '.', at most kMaxNameBytes of them.
inline constexpr std::size_t kMaxNameBytes = 128;
bool is_name(std::string_view text);
bool is_name_character(char c);
bool is_digit(char c);

}  // namespace cria
