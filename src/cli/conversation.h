// A conversation with a model: the messages, the settings, the tools, and asking for the next answer.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/agent.h"
#include "agent/create_event.h"
#include "cli/loaded_model.h"
#include "cli/options.h"

namespace cria {

// What the options of `run` and `demo` say about answering; a value that is absent is the model's own.
struct AnswerFlags {
    std::optional<float> temperature{};
    std::optional<float> top_p{};
    std::optional<std::int32_t> top_k{};
    std::optional<float> min_p{};
    std::optional<float> repeat_penalty{};
    std::optional<std::uint64_t> seed{};
    std::optional<std::string> system{};
    std::int64_t max_tokens = -1;
    bool no_drafts = false;
    std::string draft_model{};
    std::string kv_type{};
    bool int8 = false;
    std::string prompt_cache{};
    std::int64_t context = 0;
    std::vector<std::string> stop{};
    std::string tools_file{};
    std::string calendar{};
    bool raw = false;
};
void add_answer_options(Options& options, AnswerFlags& flags);

class Conversation {
public:
    static Result<std::unique_ptr<Conversation>> open(Cli& cli, const std::string& model, const AnswerFlags& flags);

    // Adds the message and answers it. After an error or an empty cancelled answer nothing has been added.
    Result<AgentAnswer> ask(std::string text, AgentObserver& observer);
    // Takes the last exchange (the message of the user and all after it) away; the message, or nothing.
    std::optional<std::string> undo();
    void clear();  // all but the system message
    // Begins anew with these messages, and with create_event or without any tool of ours.
    void restart(std::vector<Message> opening, bool with_calendar);
    void set_system(std::string text);

    // Offers create_event, writing into `folder`; replaces an earlier folder.
    void offer_calendar(const Path& folder);
    const CreateEventTool* calendar() const { return calendar_.get(); }

    // What was read, into the file of --prompt-cache; nothing without it.
    Status keep_prompts() const;

    const LoadedModel& model() const { return *model_; }
    std::vector<Message>& messages() { return messages_; }
    AgentOptions& options() { return options_; }
    std::int64_t context() const { return engine_->context(); }
    std::int64_t tokens_used() const { return tokens_used_; }

private:
    Conversation(Cli& cli, std::unique_ptr<LoadedModel> model, std::unique_ptr<LoadedModel> draft, Compute compute,
                 std::optional<DType> kv_type);
    Status open_prompt_cache(Cli& cli, const AnswerFlags& flags);
    Result<AgentAnswer> continue_text(const std::string& text, AgentObserver& observer);

    Os& os_;
    std::unique_ptr<LoadedModel> model_, draft_model_;  // the second one may be null
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<CreateEventTool> calendar_;
    AgentOptions options_;
    std::vector<Message> messages_;
    std::int64_t tokens_used_ = 0;  // of the context, after the last answer
    bool raw_ = false;
    Path prompt_cache_;   // empty: none
    std::string origin_;  // of what it holds
};

// The tools of a JSON file: a list of definitions, bare or as OpenAI wraps them.
Result<std::vector<ToolDefinition>> read_tools(Os& os, const Path& file);

// The object of docs/cli.md: text, tool_calls, stop_reason, usage, timings (milliseconds).
OrderedJson answer_json(const AgentAnswer& answer, const Conversation& conversation);
// The lines that --verbose shows under an answer.
std::string verbose_footer(const AgentAnswer& answer, const LoadedModel& model, std::chrono::nanoseconds total);

}  // namespace cria
