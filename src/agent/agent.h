// The tool loop: the model answers or calls tools; their results go back to it, until it answers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/tool.h"
#include "chat/prompt.h"
#include "engine/engine.h"

namespace cria {

struct AgentOptions {
    GenerateOptions generate{};
    PromptOptions prompt{};  // prompt.tools: all that the model is told of; those without a Tool end the loop
    int max_steps = 8;       // answers of the model, so that a loop of calls ends
};

// One call and what came of it.
struct ToolUse {
    ToolCall call;
    std::string result;  // what the model was told: JSON; empty when nobody here runs the tool
    bool succeeded = false;
};

struct AgentAnswer {
    std::string text;            // the last answer's words
    std::vector<ToolUse> uses;   // of all steps, in order
    bool calls_pending = false;  // ended with calls of tools that somebody else must run
    StopReason stop = StopReason::end_of_turn;
    Usage usage;                          // summed; prompt tokens of the last step
    Timings timings;                      // first_token of the first step, the others summed
    std::vector<TokenLogProbs> logprobs;  // of the last step
};

// Where the agent shows what happens and asks for leave. One thread.
class AgentObserver {
public:
    virtual ~AgentObserver() = default;
    virtual void on_text(std::string_view text) = 0;  // words for the person, as they come
    virtual bool permits(const Tool& tool, const ToolCall& call) = 0;
    virtual void on_tool(const ToolUse& use) = 0;  // after it ran or failed
};

// Answers the last message of `messages`, appending what the model and the tools said. After an error or a
// cancelled first step `messages` is as it was.
Result<AgentAnswer> run_agent(Engine& engine, const Tokenizer& tokenizer, std::vector<Message>& messages,
                              const AgentOptions& options, std::span<Tool* const> tools, AgentObserver& observer);

}  // namespace cria
