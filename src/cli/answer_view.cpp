#include "cli/answer_view.h"

#include "chat/tool_call.h"

namespace cria {

AnswerView::AnswerView(Console& console, std::string indent, std::function<bool(const std::string&)> ask)
    : console_(console), indent_(std::move(indent)), ask_(std::move(ask)), writer_(console, indent_) {}

void AnswerView::on_text(std::string_view text) { writer_.write(text); }

bool AnswerView::permits(const Tool& tool, const ToolCall& call) {
    return !ask_ || ask_("The model wants to " + tool.describe(call.arguments) + ".");
}

void AnswerView::on_tool(const ToolUse& use) {
    writer_.flush();
    if (!writer_.at_line_start()) writer_.write("\n");
    const std::string call = format_pythonic_calls({&use.call, 1});
    console_.out(indent_ + console_.styled("→ " + call, Style::accent) + "\n");
    console_.out(indent_ + console_.styled((use.succeeded ? "← " : "✗ ") + use.result, Style::dim) + "\n");
    (void)console_.flush();
}

void AnswerView::finish(const AgentAnswer& answer) {
    if (answer.calls_pending) {
        std::vector<ToolCall> calls;
        for (const ToolUse& use : answer.uses) {
            if (use.result.empty()) calls.push_back(use.call);
        }
        writer_.write(format_pythonic_calls(calls));
    }
    writer_.flush();
    if (!writer_.at_line_start()) writer_.write("\n");
}

}  // namespace cria
