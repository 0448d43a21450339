#include "agent/agent.h"

#include <algorithm>

#include "chat/literal.h"
#include "chat/tool_call.h"

namespace cria {
namespace {

std::string error_text(std::string_view message) {
    return json_line(OrderedJson{{"status", "failed"}, {"error", message}});
}

class AgentLoop {
public:
    AgentLoop(Engine& engine, const Tokenizer& tokenizer, std::vector<Message>& messages, const AgentOptions& options,
              std::span<Tool* const> tools, AgentObserver& observer)
        : engine_(engine),
          tokenizer_(tokenizer),
          messages_(messages),
          options_(options),
          tools_(tools),
          observer_(observer) {}

    Result<AgentAnswer> run() {
        for (int step = 0; step < options_.max_steps; ++step) {
            const auto [generation, parsed] = CRIA_TRY(generate());
            add_figures(generation, step);
            answer_.text = parsed.text;
            if (generation.stop == StopReason::cancelled) {
                if (!parsed.text.empty()) messages_.push_back({.role = Role::assistant, .content = parsed.text});
                return std::move(answer_);
            }
            messages_.push_back({.role = Role::assistant, .content = parsed.text, .tool_calls = parsed.calls});
            if (parsed.calls.empty() || !run_calls(parsed.calls)) return std::move(answer_);
        }
        return fail(ErrorKind::invalid_input, "the model called tools {} times in a row without answering; ask again",
                    options_.max_steps);
    }

private:
    struct Step {
        Generation generation;
        ParsedAnswer parsed;
    };
    Result<Step> generate() {
        const auto segments = CRIA_TRY(render_chat(messages_, options_.prompt));
        const auto ids = CRIA_TRY(encode_segments(tokenizer_, segments));
        const auto& offered = options_.prompt.tools;
        AnswerStream stream(offered);
        const auto show = [&](const std::string& text) {
            if (!text.empty()) observer_.on_text(text);
        };
        Generation generation =
            CRIA_TRY(engine_.generate(ids, options_.generate, [&](std::string_view text) { show(stream.push(text)); }));
        ParsedAnswer parsed = parse_answer(generation.text, generation.python_tag, offered);
        const ParsedAnswer rest = stream.finish();
        if (!generation.python_tag) show(rest.text);
        return Step{std::move(generation), std::move(parsed)};
    }

    void add_figures(const Generation& generation, int step) {
        answer_.stop = generation.stop;
        answer_.logprobs = generation.logprobs;
        answer_.usage.prompt_tokens = generation.usage.prompt_tokens;
        answer_.usage.cached_tokens = generation.usage.cached_tokens;
        answer_.usage.completion_tokens += generation.usage.completion_tokens;
        answer_.usage.drafted_tokens += generation.usage.drafted_tokens;
        answer_.usage.accepted_tokens += generation.usage.accepted_tokens;
        if (step == 0) answer_.timings.first_token = generation.timings.first_token;
        answer_.timings.prompt += generation.timings.prompt;
        answer_.timings.decode += generation.timings.decode;
    }

    // False when a call is for somebody else to run.
    bool run_calls(std::span<const ToolCall> calls) {
        for (const ToolCall& call : calls) {
            Tool* tool = tool_named(call.name);
            if (tool == nullptr && defined(call.name)) answer_.calls_pending = true;
            answer_.uses.push_back(answer_.calls_pending ? ToolUse{call, {}, false} : use(tool, call));
            if (answer_.calls_pending) continue;
            observer_.on_tool(answer_.uses.back());
            messages_.push_back({.role = Role::tool, .content = answer_.uses.back().result});
        }
        return !answer_.calls_pending;
    }

    ToolUse use(Tool* tool, const ToolCall& call) {
        if (tool == nullptr) return {call, error_text(fmt::format("there is no tool named {}", call.name)), false};
        if (const Status fits = check_arguments(call, tool->definition()); !fits) {
            return {call, error_text(fits.error().message), false};
        }
        if (!observer_.permits(*tool, call)) return {call, error_text("the user did not permit this call"), false};
        const auto result = tool->run(call.arguments);
        if (!result) return {call, error_text(result.error().message), false};
        return {call, json_line(*result), true};
    }

    Tool* tool_named(std::string_view name) const {
        const auto it = std::ranges::find_if(tools_, [&](const Tool* t) { return t->definition().name == name; });
        return it == tools_.end() ? nullptr : *it;
    }
    bool defined(std::string_view name) const {
        return std::ranges::find(options_.prompt.tools, name, &ToolDefinition::name) != options_.prompt.tools.end();
    }

    Engine& engine_;
    const Tokenizer& tokenizer_;
    std::vector<Message>& messages_;
    const AgentOptions& options_;
    std::span<Tool* const> tools_;
    AgentObserver& observer_;
    AgentAnswer answer_;
};

}  // namespace

Result<AgentAnswer> run_agent(Engine& engine, const Tokenizer& tokenizer, std::vector<Message>& messages,
                              const AgentOptions& options, std::span<Tool* const> tools, AgentObserver& observer) {
    const std::size_t before = messages.size();
    auto answer = AgentLoop(engine, tokenizer, messages, options, tools, observer).run();
    if (!answer) messages.resize(before);
    return answer;
}

}  // namespace cria
