#include "cli/wrap.h"

namespace cria {
namespace {

constexpr int kNarrowest = 20;    // columns below which wrapping makes no sense
constexpr int kLongestWord = 40;  // columns; shown before it ends: scripts without spaces come as one word

}  // namespace

WrapWriter::WrapWriter(Console& console, std::string indent) : console_(console), indent_(std::move(indent)) {
    width_ = console.output_is_terminal() ? console.width() - display_width(indent_) - 1 : 0;
    if (width_ < kNarrowest) width_ = 0;
}

void WrapWriter::write(std::string_view text) {
    for (const char c : text) {
        if (c == '\n') {
            show_word();
            new_line();
        } else if (c == ' ') {
            show_word();
            ++spaces_;
        } else {
            word_ += c;
        }
    }
    if (width_ == 0 || display_width(word_) > kLongestWord) flush();
    (void)console_.flush();
}

void WrapWriter::flush() {
    show_word();
    (void)console_.flush();
}

void WrapWriter::show_word() {
    if (word_.empty() && (width_ != 0 || spaces_ == 0)) return;
    const int columns = display_width(word_);
    if (width_ != 0 && column_ > 0 && column_ + spaces_ + columns > width_) new_line();
    if (column_ == 0 && !indent_.empty()) console_.out(indent_);
    console_.out(std::string(static_cast<std::size_t>(spaces_), ' '));
    console_.out(word_);
    column_ += spaces_ + columns;
    spaces_ = 0;
    word_.clear();
}

void WrapWriter::new_line() {
    console_.out("\n");
    column_ = 0;
    spaces_ = 0;
}

}  // namespace cria
