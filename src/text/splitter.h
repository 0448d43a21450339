// Llama 3's split rule: cuts text into the pieces that byte-pair merges never cross.
//
// A hand-written scanner that gives the matches of kLlama3Pattern (llama_models/llama3/tokenizer.py) from left
// to right, in time linear in the text. Classes are Unicode's (unicode.h); `(?i:'s)` also takes 'ſ (U+017F), as
// Unicode case folding has it.
#pragma once

#include <cstddef>
#include <string_view>

#include "text/unicode.h"

namespace cria {

inline constexpr std::string_view kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

class Splitter {
public:
    // `text` must be well-formed UTF-8 and outlive the splitter.
    explicit Splitter(std::string_view text) : text_(text), classes_(CharClasses::get()) {}

    bool done() const { return at_ == text_.size(); }
    // The next piece, never empty; only while not done().
    std::string_view next() {
        const std::size_t from = at_;
        at_ = piece_end();
        return text_.substr(from, at_ - from);
    }

private:
    struct Char {
        CharClass char_class;
        std::size_t end;
    };
    Char char_at(std::size_t at) const {
        const Utf8Char decoded = utf8_char(text_, at);
        return {classes_.of(decoded.code), at + decoded.length};
    }
    std::size_t piece_end() const;
    std::size_t run_end(CharClass char_class, std::size_t at) const;
    std::size_t contraction_end() const;
    std::size_t symbols_end(std::size_t at) const;
    std::size_t numbers_end(std::size_t at) const;
    std::size_t blanks_end() const;

    std::string_view text_;
    std::size_t at_ = 0;
    const CharClasses& classes_;
};

}  // namespace cria
