// Lines typed by a person: editing, history, pasting of many lines. Waits without using the processor.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/environment.h"

namespace cria {

enum class LineEnd { entered, interrupted, end_of_input };

struct Line {
    LineEnd end = LineEnd::entered;
    std::string text{};  // without the line break that ended it; a pasted text keeps those within
};

// One per program: it owns the terminal while a line is read. Ctrl-C must be caught (cli/interrupt.h).
class LineEditor {
public:
    // `history_file` empty: history lasts as long as the editor.
    explicit LineEditor(Path history_file);
    ~LineEditor();

    Line read(std::string_view prompt);
    // Adds an entry to the history and its file.
    void remember(const std::string& text);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cria
