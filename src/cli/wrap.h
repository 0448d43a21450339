// Breaks streamed text between words at the width of the terminal.
#pragma once

#include <string>
#include <string_view>

#include "cli/console.h"

namespace cria {

// On anything but a terminal text passes unchanged (but for the indent).
class WrapWriter {
public:
    // `indent` stands before every line and counts.
    WrapWriter(Console& console, std::string indent = {});

    void write(std::string_view text);
    // Shows the word that is still open.
    void flush();
    bool at_line_start() const { return column_ == 0 && word_.empty(); }

private:
    void show_word();
    void new_line();

    Console& console_;
    std::string indent_;
    int width_;       // columns for text; 0: no wrapping
    int column_ = 0;  // of text on this line
    int spaces_ = 0;  // before the open word
    std::string word_;
};

}  // namespace cria
