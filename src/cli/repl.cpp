#include "cli/repl.h"

#include "cli/answer_view.h"
#include "cli/interrupt.h"
#include "cli/line_editor.h"
#include "cli/program.h"
#include "cli/repl_commands.h"

namespace cria {
namespace {

constexpr std::string_view kQuotes = "\"\"\"";

Path history_file(const Cli& cli) {
    if (cli.environment.no_history || !cli.environment.home) return {};
    const Path folder = *cli.environment.home / ".cria";
    return cli.os.make_folders(folder) ? folder / "history" : Path();
}

class Repl {
public:
    Repl(Cli& cli, Conversation& conversation, ReplOptions options)
        : cli_(cli),
          conversation_(conversation),
          options_(options),
          commands_(cli, conversation, options_),
          editor_(history_file(cli)) {}

    Result<int> run() {
        cli_.console.out(cli_.console.styled("Send a message (/? for help, Ctrl-D to leave)", Style::dim) + "\n");
        while (true) {
            CRIA_TRY(cli_.console.flush());
            Line line = read_message();
            if (line.end == LineEnd::end_of_input) break;
            if (line.end == LineEnd::interrupted) {
                cli_.console.out(cli_.console.styled("Ctrl-D or /bye leaves.", Style::dim) + "\n");
                continue;
            }
            if (line.text.find_first_not_of(" \t\n") == std::string::npos) continue;
            editor_.remember(line.text);
            if (!handle(line.text)) break;
        }
        return kDone;
    }

private:
    // One message: a line, lines joined by a \ at their end, or all between two """.
    Line read_message() {
        Line line = editor_.read(">>> ");
        if (line.end != LineEnd::entered) return line;
        std::string text = std::move(line.text);
        const bool quoted = text.starts_with(kQuotes);
        if (quoted) text.erase(0, kQuotes.size());
        const auto open = [&] { return quoted ? !text.ends_with(kQuotes) : text.ends_with('\\'); };
        while (open()) {
            if (!quoted) text.pop_back();
            Line more = editor_.read("... ");
            if (more.end == LineEnd::interrupted) return more;
            if (more.end == LineEnd::end_of_input) break;
            text += "\n" + more.text;
        }
        if (quoted && text.ends_with(kQuotes)) text.resize(text.size() - kQuotes.size());
        return {.text = std::move(text)};
    }

    // False to leave.
    bool handle(const std::string& text) {
        if (!text.starts_with('/') || text.starts_with("//")) {
            answer(text);
            return true;
        }
        auto outcome = commands_.run(text);
        if (!outcome) {
            complain(outcome.error());
            return true;
        }
        if (outcome->next == ReplCommands::Next::ask) answer(outcome->text);
        return outcome->next != ReplCommands::Next::leave;
    }

    void answer(const std::string& text) {
        const auto start = cli_.os.monotonic();
        std::function<bool(const std::string&)> ask;
        if (options_.ask_permission) ask = [this](const std::string& question) { return permission(question); };
        AnswerView view(cli_.console, "", std::move(ask));
        const auto result = conversation_.ask(replace_invalid_utf8(text).text, view);
        if (!result) {
            cli_.console.out("\n");
            complain(result.error());
            return;
        }
        view.finish(*result);
        if (result->stop == StopReason::cancelled) say("(stopped)");
        if (result->stop == StopReason::context_full) say("(the context is full; /clear starts anew)");
        if (options_.verbose) say(verbose_footer(*result, conversation_.model(), cli_.os.monotonic() - start));
        cli_.console.out("\n");
    }

    bool permission(const std::string& question) {
        cli_.console.out(cli_.console.styled(question, Style::warning) + "\n");
        (void)cli_.console.flush();
        const Line line = editor_.read("Permit it? [y/N] ");
        return line.end == LineEnd::entered && (line.text == "y" || line.text == "Y" || line.text == "yes");
    }

    void complain(const Error& error) {
        (void)cli_.console.flush();
        cli_.console.err(fmt::format("cria: {}\n", error.message));
    }
    void say(std::string_view text) { cli_.console.out(cli_.console.styled(text, Style::dim) + "\n"); }

    Cli& cli_;
    Conversation& conversation_;
    ReplOptions options_;
    ReplCommands commands_;
    LineEditor editor_;
};

}  // namespace

Result<int> run_repl(Cli& cli, Conversation& conversation, const ReplOptions& options) {
    return Repl(cli, conversation, options).run();
}

}  // namespace cria
