// cria run

#include "cli/answer_view.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/repl.h"
#include "cli/verb.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxPrompt = 64u << 20;

class RunVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "run",
            .summary = "talk to a model, or have it answer one prompt",
            .description =
                "With PROMPT, or with text on standard input, prints one answer and ends. The text of every --file and "
                "of standard input stands before PROMPT. On a terminal and without PROMPT opens a conversation: type "
                "/? there for its commands.\n\n"
                "A model trained on conversations gets the prompt as a message of the user, after the system message "
                "that its folder suggests (system.txt). A base model continues the text; --raw does that with any "
                "model.\n\n"
                "With --calendar DIR the model may call the tool create_event, which writes .ics files into DIR and "
                "nowhere else, and never replaces one. Tools of --tools FILE.json are offered to the model, and its "
                "calls are printed for you to run.\n\n"
                "Text that is not UTF-8 is taken with U+FFFD in place of what cannot be read, and a notice says so.",
            .examples =
                "  cria run demo\n"
                "  cria run demo \"Make this shorter: I just wanted to ask whether you could send the report.\"\n"
                "  cat chat.txt | cria run demo \"List the action items.\"\n"
                "  cria run demo --file chat.txt --calendar ~/calendar \"Invite everyone to the follow-up.\"\n"
                "  cria run demo --json --seed 1 --temperature 0 \"Hello\"\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", model_, "the model's name (see cria list), folder or file", Need::required);
        options.positional("PROMPT", prompt_, "what to answer");
        options.value("--file", files_, "FILE", "put the text of this file before the prompt; may be repeated");
        add_answer_options(options, flags_);
        options.flag("--raw", flags_.raw, "continue the text as it is, without the form of a conversation");
        options.flag("--json", json_, "print one JSON object: text, tool_calls, stop_reason, usage, timings");
        options.flag("--verbose", verbose_, "show durations and rates after each answer");
        options.flag("--yes", yes_, "permit every call of a tool without asking");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const auto start = cli.os.monotonic();
        std::string text = CRIA_TRY(gather_prompt(cli));
        const bool talk = text.empty() && cli.console.interactive() && !json_;
        if (text.empty() && !talk) {
            return fail(ErrorKind::invalid_input, "no prompt came; give one after the model, or on standard input");
        }
        const auto conversation = CRIA_TRY(Conversation::open(cli, model_, flags_));
        const int code =
            CRIA_TRY(talk ? run_repl(cli, *conversation,
                                     {.verbose = verbose_, .ask_permission = !yes_ && flags_.calendar.empty()})
                          : answer_once(cli, *conversation, std::move(text), start));
        CRIA_TRY(conversation->keep_prompts());
        return code;
    }

private:
    Result<std::string> gather_prompt(Cli& cli) const {
        std::vector<std::string> parts;
        for (const std::string& file : files_) parts.push_back(CRIA_TRY(read_text(cli.os, file, kMaxPrompt)));
        const bool read_input = !cli.console.input_is_terminal() ||
                                (prompt_.empty() && files_.empty() && !cli.console.output_is_terminal());
        if (read_input) parts.push_back(CRIA_TRY(cli.console.read_input(kMaxPrompt)));
        parts.push_back(prompt_);
        std::string text;
        for (std::string& part : parts) {
            while (part.ends_with('\n') || part.ends_with('\r')) part.pop_back();
            if (part.empty()) continue;
            if (!text.empty()) text += "\n\n";
            text += part;
        }
        CleanText clean = replace_invalid_utf8(text);
        if (clean.replaced > 0) {
            cli.console.err(
                fmt::format("cria: the prompt is not UTF-8 in {} place(s), the first at byte {}; U+FFFD stands "
                            "there now\n",
                            clean.replaced, clean.first_offset));
        }
        return std::move(clean.text);
    }

    Result<int> answer_once(Cli& cli, Conversation& conversation, std::string text,
                            std::chrono::nanoseconds start) const {
        AnswerView view(cli.console);
        SilentView silent;
        const auto answer =
            CRIA_TRY(conversation.ask(std::move(text), json_ ? static_cast<AgentObserver&>(silent) : view));
        if (json_) {
            const auto object = answer_json(answer, conversation);
            cli.console.out(json_text(object) + "\n");
        } else {
            view.finish(answer);
        }
        if (verbose_) {
            CRIA_TRY(cli.console.flush());
            cli.console.err("\n" + verbose_footer(answer, conversation.model(), cli.os.monotonic() - start));
        }
        return answer.stop == StopReason::cancelled ? kInterrupted : kDone;
    }

    std::string model_;
    std::string prompt_;
    std::vector<std::string> files_;
    AnswerFlags flags_;
    bool json_ = false;
    bool verbose_ = false;
    bool yes_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_run_verb() { return std::make_unique<RunVerb>(); }

}  // namespace cria
