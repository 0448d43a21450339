#include "chat/literal_reader.h"

#include <charconv>
#include <cmath>

#include "chat/literal.h"
#include "text/unicode.h"

namespace cria {
namespace {

// Adds a member; false when the key is already there or the object is full.
bool add(OrderedJson& object, const std::string& key, OrderedJson value) {
    if (object.size() == LiteralReader::kMaxMembers || object.contains(key)) return false;
    object[key] = std::move(value);
    return true;
}

}  // namespace

void LiteralReader::skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
}

bool LiteralReader::accept(std::string_view token) {
    skip_space();
    if (!rest().starts_with(token)) return false;
    at_ += token.size();
    return true;
}

std::string_view LiteralReader::name() {
    const std::size_t begin = at_;
    while (is_name_character(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
}

std::string_view LiteralReader::identifier() {
    const std::size_t begin = at_;
    if (!is_digit(peek()))
        while (is_identifier_character(peek())) ++at_;
    return text_.substr(begin, at_ - begin);
}

std::optional<OrderedJson> LiteralReader::value(int depth) {
    skip_space();
    if (depth > kMaxDepth || at_end()) return std::nullopt;
    const char c = peek();
    if (c == '\'' || c == '"') {
        if (auto text = strings()) return OrderedJson(std::move(*text));
        return std::nullopt;
    }
    if (is_digit(c) || c == '-' || c == '+' || c == '.') return number();
    if (accept("[")) return sequence(depth, ']');
    if (accept("(")) return sequence(depth, ')');
    if (accept("{")) return dictionary(depth);
    return word();
}

// A tuple is read as a list; one value in parentheses without a comma is that value.
std::optional<OrderedJson> LiteralReader::sequence(int depth, char close) {
    OrderedJson items = OrderedJson::array();
    const std::string_view end = close == ']' ? "]" : ")";
    bool comma = false;
    while (!accept(end)) {
        if (!items.empty() && !comma) return std::nullopt;
        auto item = value(depth + 1);
        if (!item) return std::nullopt;
        items.push_back(std::move(*item));
        comma = accept(",");
    }
    if (close == ')' && items.size() == 1 && !comma) return OrderedJson(items[0]);
    return items;
}

std::optional<OrderedJson> LiteralReader::dictionary(int depth) {
    OrderedJson object = OrderedJson::object();
    bool comma = false;
    while (!accept("}")) {
        if (!object.empty() && !comma) return std::nullopt;
        auto key = value(depth + 1);
        if (!key || key->is_structured() || !accept(":")) return std::nullopt;
        auto item = value(depth + 1);
        const std::string name = key->is_string() ? key->get<std::string>() : json_text(*key);
        if (!item || !add(object, name, std::move(*item))) return std::nullopt;
        comma = accept(",");
    }
    return object;
}

std::optional<OrderedJson> LiteralReader::arguments() {
    OrderedJson object = OrderedJson::object();
    bool comma = true;
    while (!accept(")")) {
        if (!comma) return std::nullopt;
        if (accept("**")) {
            const auto more = value(0);
            if (!more || !more->is_object()) return std::nullopt;
            for (const auto& [key, item] : more->items())
                if (!add(object, key, item)) return std::nullopt;
        } else {
            const std::string key(identifier());
            if (key.empty() || !accept("=")) return std::nullopt;
            auto item = value(0);
            if (!item || !add(object, key, std::move(*item))) return std::nullopt;
        }
        comma = accept(",");
    }
    return object;
}

// Decimal integers and floats. Integers beyond 64 bits become floats; infinite values are refused.
std::optional<OrderedJson> LiteralReader::number() {
    const bool negative = peek() == '-';
    if (negative || peek() == '+') ++at_;
    const std::size_t begin = at_;
    while (is_digit(peek())) ++at_;
    const std::string_view whole = text_.substr(begin, at_ - begin);
    if (whole.size() > 1 && whole[0] == '0') return std::nullopt;
    bool fraction = false;
    if (peek() == '.') {
        fraction = true;
        const std::size_t point = at_++;
        while (is_digit(peek())) ++at_;
        if (whole.empty() && at_ == point + 1) return std::nullopt;
    }
    if (whole.empty() && !fraction) return std::nullopt;
    if (peek() == 'e' || peek() == 'E') {
        fraction = true;
        ++at_;
        if (peek() == '-' || peek() == '+') ++at_;
        if (!is_digit(peek())) return std::nullopt;
        while (is_digit(peek())) ++at_;
    }
    if (is_identifier_character(peek())) return std::nullopt;

    const char* const first = text_.data() + begin;
    const char* const last = text_.data() + at_;
    std::uint64_t integer = 0;
    if (!fraction && std::from_chars(first, last, integer).ec == std::errc()) {
        if (!negative) return OrderedJson(integer);
        if (integer <= std::uint64_t{1} << 63) return OrderedJson(static_cast<std::int64_t>(0 - integer));
    }
    double real = 0;
    if (std::from_chars(first, last, real).ec == std::errc::result_out_of_range || !std::isfinite(real))
        return std::nullopt;
    return OrderedJson(negative ? -real : real);
}

std::optional<OrderedJson> LiteralReader::word() {
    const std::string_view word = identifier();
    if (word == "True" || word == "true") return OrderedJson(true);
    if (word == "False" || word == "false") return OrderedJson(false);
    if (word == "None" || word == "null") return OrderedJson(nullptr);
    return std::nullopt;
}

std::optional<std::string> LiteralReader::strings() {
    std::string out;
    do {
        if (!string(out)) return std::nullopt;
        skip_space();
    } while (peek() == '\'' || peek() == '"');
    return out;
}

bool LiteralReader::string(std::string& out) {
    const char quote = peek();
    const std::string triple(3, quote);
    const std::string_view end = rest().starts_with(triple) ? std::string_view(triple) : text_.substr(at_, 1);
    at_ += end.size();
    while (!at_end()) {
        if (rest().starts_with(end)) {
            at_ += end.size();
            return true;
        }
        if (peek() == '\\') {
            ++at_;
            if (!escape(out)) return false;
        } else {
            out += text_[at_++];
        }
    }
    return false;
}

// What follows a backslash. As in Python, an escape that is none stands for itself, backslash included;
// \/ is JSON's.
bool LiteralReader::escape(std::string& out) {
    constexpr std::string_view kNames = "abfnrtv\\'\"/", kValues = "\a\b\f\n\r\t\v\\'\"/";
    if (at_end()) return false;
    const char c = text_[at_++];
    if (const std::size_t known = kNames.find(c); known != std::string_view::npos) {
        out += kValues[known];
    } else if (c == 'x' || c == 'u' || c == 'U') {
        auto code = hex(c == 'x' ? 2 : c == 'u' ? 4 : 8);
        if (code && *code >= 0xD800 && *code < 0xDC00 && rest().starts_with("\\u")) {
            at_ += 2;
            const auto low = hex(4);
            if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
            code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
        }
        if (!code || *code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF)) return false;
        append_utf8(*code, out);
    } else if (c >= '0' && c <= '7') {
        char32_t code = static_cast<char32_t>(c - '0');
        for (int i = 0; i < 2 && peek() >= '0' && peek() <= '7'; ++i)
            code = code * 8 + static_cast<char32_t>(text_[at_++] - '0');
        append_utf8(code, out);
    } else if (c != '\n') {
        out += '\\';
        out += c;
    }
    return true;
}

std::optional<char32_t> LiteralReader::hex(std::size_t digits) {
    std::uint32_t code = 0;
    const std::string_view text = rest().substr(0, digits);
    if (text.size() != digits) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, code, 16);
    if (error != std::errc() || end != text.data() + digits) return std::nullopt;
    at_ += digits;
    return static_cast<char32_t>(code);
}

}  // namespace cria
