// Shows an answer as it comes: words, wrapped on a terminal; what tools did; the question for permission.
#pragma once

#include <functional>

#include "agent/agent.h"
#include "cli/conversation.h"
#include "cli/wrap.h"

namespace cria {

class AnswerView final : public AgentObserver {
public:
    // `ask`: puts a yes-or-no question to the person; without it every call is permitted.
    AnswerView(Console& console, std::string indent = {}, std::function<bool(const std::string&)> ask = {});

    void on_text(std::string_view text) override;
    bool permits(const Tool& tool, const ToolCall& call) override;
    void on_tool(const ToolUse& use) override;
    // Ends the last line. Calls that somebody else must run are shown as the model's own words.
    void finish(const AgentAnswer& answer);

private:
    Console& console_;
    std::string indent_;
    std::function<bool(const std::string&)> ask_;
    WrapWriter writer_;
};

// For answers that nobody watches.
class SilentView final : public AgentObserver {
public:
    void on_text(std::string_view) override {}
    bool permits(const Tool&, const ToolCall&) override { return true; }
    void on_tool(const ToolUse&) override {}
};

}  // namespace cria
