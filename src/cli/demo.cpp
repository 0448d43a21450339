// cria demo
#include <algorithm>

#include "cli/answer_view.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/repl.h"
#include "cli/verb.h"
#include "demo/showcase.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxEventFile = 1 << 20;

constexpr std::string_view kWhatThisIs =
    "This is a demonstration: a tiny Llama that Cria trained itself, on this kind of machine, from chats that Cria "
    "made up. "
    "It knows a narrow office world and nothing else. Everything happens on this machine; nothing is sent anywhere.";
constexpr std::string_view kWhatIsReal =
    "For a real model: `cria pull llama3.2:1b`, then `cria run llama3.2:1b` (`cria help pull` tells about the "
    "licence). "
    "To train one like this, in two stages: `cria train recipes/demo.yaml`, then `cria train "
    "recipes/demo-finetune.yaml`.";

class DemoVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "demo",
                .summary = "a guided tour with the small model that ships",
                .description =
                    "Shows an office chat, then has the demo model summarise it, list the action items, answer who and "
                    "when, "
                    "invite people to the follow-up meeting by calling the tool create_event (a real .ics file is "
                    "written), "
                    "and rewrite two messages. On a terminal it then hands the conversation over to you.",
                .examples = "  cria demo\n  cria demo --calendar ~/calendar\n  cria demo < /dev/null\n"};
    }

    void add_options(Options& options) override {
        options.value("--model", model_, "MODEL", "another model than the demo's own");
        options.value("--calendar", calendar_, "DIR", "the folder for the .ics file (default: ./cria-demo-calendar)");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        AnswerFlags flags;
        flags.temperature = 0.0f;
        flags.calendar = calendar_.empty() ? "cria-demo-calendar" : calendar_;
        const auto conversation = CRIA_TRY(Conversation::open(cli, model_, flags));
        const OfficeSample sample = office_showcase_chat();
        introduce(cli.console, *conversation);
        show_chat(cli.console, sample);
        const std::string pasted = format_office_chat(sample);
        std::vector<Message> to_go_on;
        for (const ShowcaseConversation& part : office_showcase()) {
            conversation->restart(part.opening, !part.tools.empty());
            for (const OfficeTurn& turn : part.turns) {
                const bool went_on = CRIA_TRY(take_turn(cli, *conversation, turn, pasted));
                if (!went_on) return kInterrupted;
                if (to_go_on.empty()) to_go_on = conversation->messages();
            }
        }
        cli.console.out("\n");
        say(cli.console, kWhatIsReal);
        if (!cli.console.interactive()) return kDone;
        cli.console.out("\n");
        cli.console.out(cli.console.styled("Now it is your turn. The chat is loaded, with its summary.", Style::bold) +
                        "\n");
        conversation->restart(std::move(to_go_on), true);
        return run_repl(cli, *conversation, {.ask_permission = calendar_.empty()});
    }

private:
    static void say(Console& console, std::string_view text) {
        WrapWriter writer(console);
        writer.write(text);
        writer.flush();
        writer.write("\n");
    }

    static void introduce(Console& console, const Conversation& conversation) {
        const std::int64_t parameters = conversation.model().model.config().parameters();
        console.out(console.styled(fmt::format("Cria demo: {} parameters", human_count(parameters)), Style::bold) +
                    "\n\n");
        say(console, kWhatThisIs);
    }

    static void show_chat(Console& console, const OfficeSample& sample) {
        console.out("\n" + console.styled("The chat", Style::bold) + "\n\n");
        for (const ChatLine& line : sample.chat) {
            console.out("  " + console.styled(line.time, Style::dim) + "  " +
                        console.styled(line.author, Style::accent) + "\n");
            WrapWriter writer(console, "         ");
            writer.write(line.text);
            writer.flush();
            writer.write("\n");
        }
    }

    // The request as a person would type it: without the chat pasted before it.
    static std::string request_of(const Message& message, const std::string& pasted) {
        const std::size_t at = message.content.find(pasted);
        if (at == std::string::npos) return message.content;
        const std::string rest = message.content.substr(at + pasted.size());
        return rest.substr(std::min(rest.find_first_not_of('\n'), rest.size()));
    }

    // False when interrupted.
    static Result<bool> take_turn(Cli& cli, Conversation& conversation, const OfficeTurn& turn,
                                  const std::string& pasted) {
        Console& console = cli.console;
        console.out("\n" + console.styled(">>> ", Style::dim) +
                    console.styled(request_of(turn.user, pasted), Style::bold) + "\n\n");
        AnswerView view(console, "  ");
        const std::size_t files = conversation.calendar()->written().size();
        const auto answer = CRIA_TRY(conversation.ask(turn.user.content, view));
        view.finish(answer);
        const double seconds = std::chrono::duration<double>(answer.timings.decode).count();
        const auto tokens = static_cast<double>(answer.usage.completion_tokens);
        if (console.output_is_terminal() && seconds > 0) {
            console.out(console.styled(fmt::format("  {:.0f} tokens/s", tokens / seconds), Style::dim) + "\n");
        }
        const auto& written = conversation.calendar()->written();
        if (written.size() > files) CRIA_TRY(show_event(cli, written.back()));
        return answer.stop != StopReason::cancelled;
    }

    static Status show_event(Cli& cli, const Path& path) {
        const std::string text = CRIA_TRY(read_text(cli.os, path, kMaxEventFile));
        cli.console.out("\n  " + cli.console.styled("Written: " + path.string(), Style::bold) + "\n");
        std::string_view rest = text;
        while (!rest.empty()) {
            const std::string_view line = rest.substr(0, rest.find("\r\n"));
            rest.remove_prefix(std::min(line.size() + 2, rest.size()));
            cli.console.out("    " + cli.console.styled(line, Style::dim) + "\n");
        }
        return {};
    }

    std::string model_ = "demo";
    std::string calendar_;
};

}  // namespace

std::unique_ptr<Verb> make_demo_verb() { return std::make_unique<DemoVerb>(); }

}  // namespace cria
