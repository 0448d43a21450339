// The /commands of a conversation at the terminal.
#pragma once

#include <string>

#include "cli/cli.h"
#include "cli/conversation.h"
#include "cli/repl.h"

namespace cria {

class ReplCommands {
public:
    ReplCommands(Cli& cli, Conversation& conversation, ReplOptions& options)
        : cli_(cli), conversation_(conversation), options_(options) {}

    enum class Next { prompt, leave, ask };
    struct Outcome {
        Next next = Next::prompt;
        std::string text{};  // to ask, when next is ask
    };
    // `line` begins with a slash. An error is for the person to read; the conversation is as it was.
    Result<Outcome> run(std::string_view line);

private:
    using Handler = Result<Outcome> (ReplCommands::*)(std::string_view rest);
    struct Command {
        std::string_view name;
        std::string_view usage;
        std::string_view summary;
        Handler handler;
    };
    static std::span<const Command> commands();

    Result<Outcome> help(std::string_view rest);
    Result<Outcome> clear(std::string_view rest);
    Result<Outcome> set(std::string_view rest);
    Result<Outcome> show(std::string_view rest);
    Result<Outcome> save(std::string_view rest);
    Result<Outcome> load(std::string_view rest);
    Result<Outcome> regenerate(std::string_view rest);
    Result<Outcome> undo(std::string_view rest);
    Result<Outcome> tools(std::string_view rest);
    Result<Outcome> leave(std::string_view rest);

    void say(std::string_view text);
    void show_settings();

    Cli& cli_;
    Conversation& conversation_;
    ReplOptions& options_;
};

}  // namespace cria
