#include "chat/literal.h"

#include <algorithm>
#include <cmath>

namespace cria {
namespace {

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string python_string(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == quote || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (byte < 32 || byte == 127) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    out += quote;
    return out;
}

std::string python_string(std::string_view text) {
    const bool single = text.contains('\''), twice = text.contains('"');
    return python_string(text, single && !twice ? '"' : '\'');
}

std::string python_literal(const OrderedJson& value) {
    if (value.is_string()) return python_string(value.get_ref<const std::string&>());
    if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
    if (value.is_number())
        return value.is_number_float() && !std::isfinite(value.get<double>()) ? "None" : json_text(value);
    if (value.is_array()) {
        std::string out = "[";
        for (const OrderedJson& item : value) out += (out.size() > 1 ? ", " : "") + python_literal(item);
        return out + "]";
    }
    if (value.is_object()) {
        std::string out = "{";
        for (const auto& [key, item] : value.items())
            out += (out.size() > 1 ? ", " : "") + python_string(key) + ": " + python_literal(item);
        return out + "}";
    }
    return "None";
}

std::string json_line(const OrderedJson& value) {
    if (value.is_array()) {
        std::string out = "[";
        for (const OrderedJson& item : value) out += (out.size() > 1 ? ", " : "") + json_line(item);
        return out + "]";
    }
    if (value.is_object()) {
        std::string out = "{";
        for (const auto& [key, item] : value.items())
            out += (out.size() > 1 ? ", " : "") + json_text(OrderedJson(key)) + ": " + json_line(item);
        return out + "}";
    }
    return json_text(value);
}

std::string json_indented(const OrderedJson& value) { return json_text(value, 4); }

bool is_identifier_character(char c) {
    return is_ascii_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) > 127;
}

bool is_identifier(std::string_view text) {
    return !text.empty() && !is_digit(text[0]) && std::ranges::all_of(text, is_identifier_character);
}

bool is_name_character(char c) { return is_ascii_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; }

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxNameBytes && std::ranges::all_of(text, is_name_character);
}

}  // namespace cria
