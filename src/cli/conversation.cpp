#include "cli/conversation.h"

#include <algorithm>

#include "cli/interrupt.h"
#include "cli/messages_file.h"
#include "cli/model_option.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxToolsFile = 4u << 20;

GenerateOptions generate_options(Cli& cli, const LoadedModel& model, const AnswerFlags& flags) {
    GenerateOptions options;
    const GenerationDefaults& defaults = model.defaults;
    SamplingOptions& s = options.sampling;
    s.temperature = flags.temperature.value_or(defaults.temperature.value_or(s.temperature));
    s.top_p = flags.top_p.value_or(defaults.top_p.value_or(s.top_p));
    s.top_k = flags.top_k.value_or(defaults.top_k.value_or(s.top_k));
    s.min_p = flags.min_p.value_or(s.min_p);
    s.repetition_penalty = flags.repeat_penalty.value_or(defaults.repetition_penalty.value_or(s.repetition_penalty));
    s.seed = flags.seed ? *flags.seed : cli.os.random_seed();
    options.max_tokens = flags.max_tokens;
    options.drafts = !flags.no_drafts;
    options.stop_strings = flags.stop;
    options.stop_ids = defaults.stop_ids;
    options.cancel = &interrupted();
    return options;
}

double milliseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::milli>(time).count(); }

// "1.234s" or "12.3ms", as people know it from other programs.
std::string duration_text(std::chrono::nanoseconds time) {
    const double ms = milliseconds(time);
    return ms < 1000 ? fmt::format("{:.3f}ms", ms) : fmt::format("{:.3f}s", ms / 1000);
}

double rate(std::int64_t tokens, std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count();
    return seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

}  // namespace

void add_answer_options(Options& options, AnswerFlags& flags) {
    options.value("--system", flags.system, "TEXT", "the system message (default: the model's own)");
    options.value("--temperature", flags.temperature, "T", "0 takes the likeliest token; higher is more varied");
    options.value("--top-p", flags.top_p, "P", "draw from the likeliest tokens that sum to this probability");
    options.value("--top-k", flags.top_k, "K", "draw from this many of the likeliest tokens (0: all)");
    options.value("--min-p", flags.min_p, "P", "drop tokens below this share of the likeliest one");
    options.value("--repeat-penalty", flags.repeat_penalty, "R", "above 1 discourages repetition");
    options.value("--seed", flags.seed, "N", "the same seed gives the same text (default: a new one)");
    options.value("--max-tokens", flags.max_tokens, "N", "end the answer after this many tokens (default: none)");
    options.flag("--no-drafts", flags.no_drafts,
                 "write token by token, without guessing ahead; the text is the same, its time is not");
    options.value("--prompt-cache", flags.prompt_cache, "FILE",
                  "keep what was read in this file, so that the next start need not read it again");
    options.value("--kv-type", flags.kv_type, "TYPE",
                  "of keys and values: f32, bf16 or i8, which takes half the memory (default: bf16; f32 for "
                  "models in f32, true f16, and small ones)");
    add_int8_option(options, flags.int8);
    options.value("--draft-model", flags.draft_model, "MODEL",
                  "a small model with the same vocabulary that guesses ahead; the text is the same, its time is not");
    options.value("--stop", flags.stop, "TEXT", "end the answer before this text; may be repeated");
    options.value("--context", flags.context, "N",
                  "tokens of prompt and answer together (default: the model's, at most 8192)");
    options.value("--tools", flags.tools_file, "FILE", "offer the tools of this JSON file; calls are printed, not run");
    options.value("--calendar", flags.calendar, "DIR",
                  "let the model call create_event, which writes .ics files into this folder");
}

namespace {

// With room for as much as the other one; the same tokens have the same ids.
Result<std::unique_ptr<LoadedModel>> load_draft_model(Cli& cli, const std::string& name, const LoadedModel& model) {
    auto draft = CRIA_TRY(load_named_model(cli, name, model.context));
    if (draft->tokenizer.ranks() != model.tokenizer.ranks() ||
        draft->model.config().vocabulary != model.model.config().vocabulary)
        return fail(ErrorKind::invalid_input,
                    "--draft-model {} has a vocabulary of {} tokens that are not the {} of {}; guesses want the same",
                    name, draft->model.config().vocabulary, model.model.config().vocabulary, model.name);
    return draft;
}

}  // namespace

Conversation::Conversation(Cli& cli, std::unique_ptr<LoadedModel> model, std::unique_ptr<LoadedModel> draft,
                           Compute compute, std::optional<DType> kv_type)
    : os_(cli.os), model_(std::move(model)), draft_model_(std::move(draft)) {
    EngineOptions options = one_at_a_time(model_->context);
    options.kv_type = kv_type;
    if (draft_model_ != nullptr) options.draft_model = &draft_model_->model;
    engine_ = std::make_unique<Engine>(os_, model_->model, model_->tokenizer, compute, options);
}

Result<std::unique_ptr<Conversation>> Conversation::open(Cli& cli, const std::string& model, const AnswerFlags& flags) {
    std::vector<ToolDefinition> tools;
    if (!flags.tools_file.empty()) tools = CRIA_TRY(read_tools(cli.os, flags.tools_file));
    const Compute compute = CRIA_TRY(cli.compute());
    const auto kv_type = CRIA_TRY(read_kv_type(flags.kv_type));
    auto loaded = CRIA_TRY(load_named_model(cli, model, flags.context, {.int8 = flags.int8},
                                            {.kv_type = kv_type, .beside = flags.draft_model}));
    std::unique_ptr<LoadedModel> draft;
    if (!flags.draft_model.empty()) draft = CRIA_TRY(load_draft_model(cli, flags.draft_model, *loaded));
    std::unique_ptr<Conversation> talk(new Conversation(cli, std::move(loaded), std::move(draft), compute, kv_type));
    talk->options_.generate = generate_options(cli, talk->model(), flags);
    CRIA_TRY(check_sampling(talk->options_.generate.sampling));
    talk->options_.prompt.tools = std::move(tools);
    if (!flags.prompt_cache.empty()) CRIA_TRY(talk->open_prompt_cache(cli, flags));
    talk->raw_ = flags.raw || !talk->model().instruct;
    talk->set_system(flags.system.value_or(talk->model().system));
    if (!flags.calendar.empty()) talk->offer_calendar(flags.calendar);
    return talk;
}

// A file of another model, or a damaged one, is written anew in the end.
Status Conversation::open_prompt_cache(Cli& cli, const AnswerFlags& flags) {
    const Path& path = prompt_cache_ = flags.prompt_cache;
    // By its place, too: two models may have files of the same names, sizes and dates.
    const Path place = std::filesystem::absolute(model_->files.weights.front()).lexically_normal();
    origin_ = place.string() + "\n" + CRIA_TRY(describe_weights(os_, model_->files)) + (flags.int8 ? "\nint8" : "");
    const auto loaded = engine_->load_prefixes(path, origin_);
    if (loaded || loaded.error().kind == ErrorKind::not_found) return {};
    if (loaded.error().kind == ErrorKind::io) return std::unexpected(loaded.error());
    cli.console.err(fmt::format("cria: {}; it will be written anew\n", loaded.error().message));
    return {};
}

Status Conversation::keep_prompts() const {
    if (prompt_cache_.empty()) return {};
    return engine_->save_prefixes(prompt_cache_, origin_);
}

void Conversation::offer_calendar(const Path& folder) {
    auto& tools = options_.prompt.tools;
    calendar_ = std::make_unique<CreateEventTool>(os_, folder);
    std::erase_if(tools, [&](const ToolDefinition& tool) { return tool.name == calendar_->definition().name; });
    tools.push_back(calendar_->definition());
}

void Conversation::set_system(std::string text) {
    std::erase_if(messages_, [](const Message& m) { return m.role == Role::system; });
    if (!text.empty()) messages_.insert(messages_.begin(), {.role = Role::system, .content = std::move(text)});
}

void Conversation::clear() {
    std::erase_if(messages_, [](const Message& m) { return m.role != Role::system; });
    tokens_used_ = 0;
}

void Conversation::restart(std::vector<Message> opening, bool with_calendar) {
    messages_ = std::move(opening);
    tokens_used_ = 0;
    if (!calendar_) return;
    auto& tools = options_.prompt.tools;
    std::erase_if(tools, [&](const ToolDefinition& tool) { return tool.name == calendar_->definition().name; });
    if (with_calendar) tools.push_back(calendar_->definition());
}

std::optional<std::string> Conversation::undo() {
    const auto last = std::ranges::find(messages_.rbegin(), messages_.rend(), Role::user, &Message::role);
    if (last == messages_.rend()) return std::nullopt;
    std::string text = last->content;
    messages_.erase(last.base() - 1, messages_.end());
    return text;
}

Result<AgentAnswer> Conversation::ask(std::string text, AgentObserver& observer) {
    interrupted() = false;
    if (raw_) return continue_text(text, observer);
    messages_.push_back({.role = Role::user, .content = std::move(text)});
    std::vector<Tool*> tools;
    if (calendar_) tools.push_back(calendar_.get());
    const std::size_t before = messages_.size();
    auto answer = run_agent(*engine_, model_->tokenizer, messages_, options_, tools, observer);
    if (messages_.size() == before) messages_.pop_back();
    if (answer) tokens_used_ = answer->usage.prompt_tokens + answer->usage.completion_tokens;
    return answer;
}

// A base model knows no turns: it continues what it is given.
Result<AgentAnswer> Conversation::continue_text(const std::string& text, AgentObserver& observer) {
    const auto ids = CRIA_TRY(encode_segments(model_->tokenizer, render_base(text)));
    Generation generation =
        CRIA_TRY(engine_->generate(ids, options_.generate, [&](std::string_view piece) { observer.on_text(piece); }));
    tokens_used_ = generation.usage.prompt_tokens + generation.usage.completion_tokens;
    AgentAnswer answer;
    answer.text = std::move(generation.text);
    answer.stop = generation.stop;
    answer.usage = generation.usage;
    answer.timings = generation.timings;
    return answer;
}

Result<std::vector<ToolDefinition>> read_tools(Os& os, const Path& file) {
    const std::string text = CRIA_TRY(read_text(os, file, kMaxToolsFile));
    const OrderedJson json = CRIA_TRY(parse_ordered_json(text, file.string()));
    return parse_tools(json.is_object() && json.contains("tools") ? json["tools"] : json, file.string());
}

OrderedJson answer_json(const AgentAnswer& answer, const Conversation& conversation) {
    OrderedJson calls = OrderedJson::array();
    for (const ToolUse& use : answer.uses) {
        OrderedJson call{{"name", use.call.name}, {"arguments", use.call.arguments}};
        if (!use.result.empty()) call["result"] = use.result;
        calls.push_back(std::move(call));
    }
    const Timings& t = answer.timings;
    const std::int64_t after_first = std::max<std::int64_t>(answer.usage.completion_tokens - 1, 1);
    return {{"model", conversation.model().name},
            {"text", answer.text},
            {"tool_calls", std::move(calls)},
            {"stop_reason", answer.calls_pending ? "tool_calls" : name_of(answer.stop)},
            {"usage",
             {{"prompt_tokens", answer.usage.prompt_tokens},
              {"cached_tokens", answer.usage.cached_tokens},
              {"completion_tokens", answer.usage.completion_tokens},
              {"drafted_tokens", answer.usage.drafted_tokens},
              {"accepted_tokens", answer.usage.accepted_tokens}}},
            {"timings",
             {{"load", milliseconds(conversation.model().load_time)},
              {"first_token", milliseconds(t.first_token)},
              {"per_token", milliseconds(t.decode) / static_cast<double>(after_first)},
              {"prompt", milliseconds(t.prompt)},
              {"decode", milliseconds(t.decode)}}}};
}

std::string verbose_footer(const AgentAnswer& answer, const LoadedModel& model, std::chrono::nanoseconds total) {
    const std::int64_t prompt = answer.usage.prompt_tokens - answer.usage.cached_tokens;
    const std::int64_t completion = answer.usage.completion_tokens;
    const Timings& t = answer.timings;
    std::string out;
    const auto line = [&](std::string_view name, const std::string& value) {
        out += fmt::format("{:<22}{}\n", fmt::format("{}:", name), value);
    };
    line("total duration", duration_text(total));
    line("load duration", duration_text(model.load_time));
    line("prompt eval count", fmt::format("{} token(s), {} more from the cache", prompt, answer.usage.cached_tokens));
    line("prompt eval duration", duration_text(t.prompt));
    line("prompt eval rate", fmt::format("{:.2f} tokens/s", rate(prompt, t.prompt)));
    line("eval count", fmt::format("{} token(s)", completion));
    if (answer.usage.drafted_tokens > 0)
        line("drafts",
             fmt::format("{} of {} guesses right", answer.usage.accepted_tokens, answer.usage.drafted_tokens));
    line("eval duration", duration_text(t.decode));
    line("eval rate", fmt::format("{:.2f} tokens/s", rate(completion, t.decode)));
    return out;
}

}  // namespace cria
