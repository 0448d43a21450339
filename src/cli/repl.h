// The conversation at a terminal: prompts, /commands, answers.
#pragma once

#include "cli/cli.h"
#include "cli/conversation.h"

namespace cria {

struct ReplOptions {
    bool verbose = false;
    bool ask_permission = true;  // before a tool runs
};

// Until the person leaves. Ctrl-C stops an answer, not the program. The exit code.
Result<int> run_repl(Cli& cli, Conversation& conversation, const ReplOptions& options);

}  // namespace cria
