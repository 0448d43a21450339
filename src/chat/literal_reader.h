// Reads literals as models write them: those of Python and of JSON, in one lenient grammar.
//
// True and true, 'x' and "x", [1, 2,], (1, 2), {'k': 1}, """long""", 'joined' 'strings', line breaks inside
// strings. Everything is bounded; a function that gives no value leaves the position somewhere inside.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace cria {

class LiteralReader {
public:
    static constexpr int kMaxDepth = 32;
    static constexpr std::size_t kMaxMembers = 256;  // of one dictionary, or arguments of one call

    // `text` is well-formed UTF-8 and outlives the reader.
    explicit LiteralReader(std::string_view text) : text_(text) {}

    std::size_t position() const { return at_; }
    void move_to(std::size_t position) { at_ = position; }
    std::string_view rest() const { return text_.substr(at_); }
    bool at_end() const { return at_ == text_.size(); }

    void skip_space();
    // Steps over `token` if it stands here; spaces before it are skipped.
    bool accept(std::string_view token);
    // A tool's name: letters, digits, '_', '-' and '.'; empty when there is none.
    std::string_view name();

    std::optional<OrderedJson> value() { return value(0); }
    // `a=1, b='x', **{'c': 2})`: what follows the opening parenthesis of a call, through the closing one.
    // No value for positional or repeated arguments.
    std::optional<OrderedJson> arguments();

private:
    std::optional<OrderedJson> value(int depth);
    std::optional<OrderedJson> sequence(int depth, char close);
    std::optional<OrderedJson> dictionary(int depth);
    std::optional<OrderedJson> number();
    std::optional<OrderedJson> word();
    std::optional<std::string> strings();
    bool string(std::string& out);
    bool escape(std::string& out);
    std::optional<char32_t> hex(std::size_t digits);
    std::string_view identifier();
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace cria
