#include "cli/line_editor.h"

#include <histedit.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cwchar>

#include "cli/interrupt.h"

namespace cria {
namespace {

constexpr int kHistoryEntries = 1000;
// Terminals put pasted text between these (xterm's "bracketed paste mode").
constexpr const char* kPasteOn = "\x1b[?2004h";
constexpr const char* kPasteOff = "\x1b[?2004l";
constexpr std::wstring_view kPasteEnd = L"\x1b[201~";

// A byte of standard input, or -1 after Ctrl-C or at the end.
int next_byte(bool& ended) {
    while (true) {
        if (interrupted()) return -1;
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, -1) < 0 && errno == EINTR) continue;
        unsigned char byte = 0;
        const ssize_t count = ::read(STDIN_FILENO, &byte, 1);
        // A Ctrl-D typed before the terminal gives single keys is kept as a zero, which would begin a line that no
        // further Ctrl-D leaves.
        if (count == 1 && byte == 0) continue;
        if (count == 1) return byte;
        if (count < 0 && errno == EINTR) continue;
        ended = true;
        return -1;
    }
}

// For libedit: one character; bytes that are no UTF-8 count as U+FFFD.
int read_character(EditLine*, wchar_t* character) {
    std::mbstate_t state{};
    while (true) {
        bool ended = false;
        const int byte = next_byte(ended);
        if (byte < 0) return ended ? 0 : -1;
        const char c = static_cast<char>(byte);
        const std::size_t used = std::mbrtowc(character, &c, 1, &state);
        if (used == static_cast<std::size_t>(-2)) continue;
        if (used == static_cast<std::size_t>(-1)) *character = L'\uFFFD';
        return 1;
    }
}

unsigned char paste(EditLine* editor, int) {
    std::wstring text;
    while (!text.ends_with(kPasteEnd)) {
        wchar_t character = 0;
        if (el_wgetc(editor, &character) != 1) break;
        text += character == L'\r' ? L'\n' : character;
    }
    if (text.ends_with(kPasteEnd)) text.resize(text.size() - kPasteEnd.size());
    while (text.ends_with(L'\n')) text.pop_back();
    el_winsertstr(editor, text.c_str());
    return CC_REFRESH;
}

}  // namespace

struct LineEditor::State {
    EditLine* editor = nullptr;
    History* history = nullptr;
    Path file;
    std::string prompt;

    static char* prompt_of(EditLine* editor) {
        void* self = nullptr;
        el_get(editor, EL_CLIENTDATA, &self);
        return static_cast<State*>(self)->prompt.data();
    }
};

LineEditor::LineEditor(Path history_file) : state_(std::make_unique<State>()) {
    State& s = *state_;
    s.file = std::move(history_file);
    s.editor = el_init("cria", stdin, stdout, stderr);
    s.history = history_init();
    HistEvent event{};
    history(s.history, &event, H_SETSIZE, kHistoryEntries);
    history(s.history, &event, H_SETUNIQUE, 1);
    if (!s.file.empty()) history(s.history, &event, H_LOAD, s.file.c_str());
    el_set(s.editor, EL_CLIENTDATA, state_.get());
    el_set(s.editor, EL_PROMPT, &State::prompt_of);
    el_set(s.editor, EL_EDITOR, "emacs");
    el_set(s.editor, EL_HIST, history, s.history);
    el_wset(s.editor, EL_GETCFN, &read_character);
    el_set(s.editor, EL_ADDFN, "cria-paste", "insert a pasted text", &paste);
    el_set(s.editor, EL_BIND, "\\e[200~", "cria-paste", nullptr);
    el_set(s.editor, EL_BIND, "\\e[1;5C", "em-next-word", nullptr);
    el_set(s.editor, EL_BIND, "\\e[1;5D", "ed-prev-word", nullptr);
    el_set(s.editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_set(s.editor, EL_BIND, "^W", "ed-delete-prev-word", nullptr);
}

LineEditor::~LineEditor() {
    history_end(state_->history);
    el_end(state_->editor);
}

Line LineEditor::read(std::string_view prompt) {
    State& s = *state_;
    s.prompt = prompt;
    interrupted() = false;
    std::fputs(kPasteOn, stdout);
    int count = 0;
    const char* text = el_gets(s.editor, &count);
    std::fputs(kPasteOff, stdout);
    std::fflush(stdout);
    if (interrupted()) {
        el_reset(s.editor);
        std::fputs("^C\n", stdout);
        return {.end = LineEnd::interrupted};
    }
    if (text == nullptr || count <= 0) return {.end = LineEnd::end_of_input};
    Line line{.text = std::string(text, static_cast<std::size_t>(count))};
    if (line.text.ends_with('\n')) line.text.pop_back();
    return line;
}

void LineEditor::remember(const std::string& text) {
    HistEvent event{};
    history(state_->history, &event, H_ENTER, text.c_str());
    if (!state_->file.empty()) history(state_->history, &event, H_SAVE, state_->file.c_str());
}

}  // namespace cria
