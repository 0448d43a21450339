// The split rule, alternative by alternative in the order of the pattern.
#include "text/splitter.h"

namespace cria {

std::size_t Splitter::run_end(CharClass char_class, std::size_t at) const {
    while (at < text_.size()) {
        const Char next = char_at(at);
        if (next.char_class != char_class) break;
        at = next.end;
    }
    return at;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d) at an apostrophe; where it began when there is none.
std::size_t Splitter::contraction_end() const {
    const std::string_view tail = text_.substr(at_ + 1, 2);
    if (tail == "\xC5\xBF") return at_ + 3;  // ſ folds to s
    const auto lower = [&](std::size_t i) { return i < tail.size() ? static_cast<char>(tail[i] | 0x20) : '\0'; };
    const char first = lower(0), second = lower(1);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return at_ + 2;
    if ((first == 'r' || first == 'v') && second == 'e') return at_ + 3;
    if (first == 'l' && second == 'l') return at_ + 3;
    return at_;
}

// [^\s\p{L}\p{N}]+[\r\n]* from its second character on.
std::size_t Splitter::symbols_end(std::size_t at) const {
    return run_end(CharClass::newline, run_end(CharClass::symbol, at));
}

// \p{N}{1,3} from its second character on.
std::size_t Splitter::numbers_end(std::size_t at) const {
    for (int more = 0; more < 2 && at < text_.size(); ++more) {
        const Char next = char_at(at);
        if (next.char_class != CharClass::number) break;
        at = next.end;
    }
    return at;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last newline of the run of blanks; without one, all but the last blank,
// which the next piece may take, unless the text ends or there is only one.
std::size_t Splitter::blanks_end() const {
    std::size_t end = at_, last = at_, newline_end = 0;
    while (end < text_.size()) {
        const Char next = char_at(end);
        if (next.char_class != CharClass::space && next.char_class != CharClass::newline) break;
        last = end;
        end = next.end;
        if (next.char_class == CharClass::newline) newline_end = end;
    }
    if (newline_end != 0) return newline_end;
    return end == text_.size() || last == at_ ? end : last;
}

std::size_t Splitter::piece_end() const {
    const Char first = char_at(at_);
    if (first.char_class == CharClass::letter) return run_end(CharClass::letter, first.end);
    if (first.char_class == CharClass::number) return numbers_end(first.end);
    if (first.char_class == CharClass::newline) return blanks_end();
    if (text_[at_] == '\'') {
        if (const std::size_t end = contraction_end(); end != at_) return end;
    }
    if (first.end < text_.size()) {
        const Char second = char_at(first.end);
        if (second.char_class == CharClass::letter) return run_end(CharClass::letter, second.end);
        if (text_[at_] == ' ' && second.char_class == CharClass::symbol) return symbols_end(second.end);
    }
    return first.char_class == CharClass::symbol ? symbols_end(first.end) : blanks_end();
}

}  // namespace cria
