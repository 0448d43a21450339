#include "cli/repl_commands.h"

#include <algorithm>
#include <charconv>

#include "base/nearest.h"
#include "base/strings.h"
#include "chat/literal.h"
#include "cli/messages_file.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxSaved = 64u << 20;

// The first word, and what follows it.
std::pair<std::string_view, std::string_view> first_word(std::string_view text) {
    text = trimmed(text);
    const std::size_t end = std::min(text.find_first_of(" \t\n"), text.size());
    return {text.substr(0, end), trimmed(text.substr(end))};
}

template <class Number>
Status parse_into(Number& value, std::string_view name, std::string_view text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return {};
    return fail(ErrorKind::invalid_input, "/set {} wants a number, not '{}'", name, text);
}

constexpr std::string_view kSettings =
    "temperature, top-p, top-k, min-p, repeat-penalty, seed, max-tokens, system, verbose or quiet";

// Sets one number of `options`; false when `name` is none of them.
Result<bool> set_number(GenerateOptions& options, std::string_view name, std::string_view text) {
    SamplingOptions& s = options.sampling;
    if (name == "temperature")
        CRIA_TRY(parse_into(s.temperature, name, text));
    else if (name == "top-p")
        CRIA_TRY(parse_into(s.top_p, name, text));
    else if (name == "top-k")
        CRIA_TRY(parse_into(s.top_k, name, text));
    else if (name == "min-p")
        CRIA_TRY(parse_into(s.min_p, name, text));
    else if (name == "repeat-penalty")
        CRIA_TRY(parse_into(s.repetition_penalty, name, text));
    else if (name == "seed")
        CRIA_TRY(parse_into(s.seed, name, text));
    else if (name == "max-tokens")
        CRIA_TRY(parse_into(options.max_tokens, name, text));
    else
        return false;
    return true;
}

}  // namespace

std::span<const ReplCommands::Command> ReplCommands::commands() {
    static constexpr Command kCommands[] = {
        {"/help", "/help, /?", "this list", &ReplCommands::help},
        {"/?", "", "", &ReplCommands::help},
        {"/set", "/set NAME VALUE",
         "temperature, top-p, top-k, min-p, repeat-penalty, seed, max-tokens, system, verbose, quiet",
         &ReplCommands::set},
        {"/show", "/show [settings|system|messages]", "what is set, or what was said", &ReplCommands::show},
        {"/clear", "/clear", "forget the conversation, keep the system message", &ReplCommands::clear},
        {"/undo", "/undo", "take back the last message and its answer", &ReplCommands::undo},
        {"/regen", "/regen", "answer the last message again, with a new seed", &ReplCommands::regenerate},
        {"/save", "/save FILE", "write the conversation as JSON", &ReplCommands::save},
        {"/load", "/load FILE", "go on with a saved conversation", &ReplCommands::load},
        {"/tools", "/tools [calendar DIR]", "what the model may call; let it write events into DIR",
         &ReplCommands::tools},
        {"/bye", "/bye, /exit, Ctrl-D", "leave", &ReplCommands::leave},
        {"/exit", "", "", &ReplCommands::leave},
    };
    return kCommands;
}

Result<ReplCommands::Outcome> ReplCommands::run(std::string_view line) {
    const auto [name, rest] = first_word(line);
    const auto all = commands();
    const auto command = std::ranges::find(all, name, &Command::name);
    if (command != all.end()) return (this->*command->handler)(rest);
    std::vector<std::string> names;
    for (const Command& one : all) names.emplace_back(one.name);
    const std::string_view near = nearest(name, names);
    return fail(ErrorKind::invalid_input, "there is no command {}; {}", name,
                near.empty() ? std::string("/? lists them") : fmt::format("did you mean {}?", near));
}

Result<ReplCommands::Outcome> ReplCommands::help(std::string_view) {
    std::string text;
    for (const Command& command : commands()) {
        if (!command.usage.empty()) text += fmt::format("  {:<34}{}\n", command.usage, command.summary);
    }
    text +=
        "\n  \"\"\" begins and ends a text of several lines; a \\ at the end of a line continues it.\n"
        "  Ctrl-C stops an answer or drops what you typed. Arrows recall earlier lines, Ctrl-R searches them.\n";
    cli_.console.out(text);
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::clear(std::string_view) {
    conversation_.clear();
    say("The conversation starts anew.");
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::set(std::string_view rest) {
    const auto [name, value] = first_word(rest);
    if (name == "verbose" || name == "quiet") {
        options_.verbose = name == "verbose";
        return Outcome{};
    }
    if (name == "system") {
        conversation_.set_system(std::string(value));
        return Outcome{};
    }
    GenerateOptions changed = conversation_.options().generate;
    if (!CRIA_TRY(set_number(changed, name, value))) {
        return fail(ErrorKind::invalid_input, "/set knows {}, not '{}'", kSettings, name);
    }
    CRIA_TRY(check_sampling(changed.sampling));
    conversation_.options().generate = std::move(changed);
    return Outcome{};
}

void ReplCommands::show_settings() {
    const GenerateOptions& g = conversation_.options().generate;
    const SamplingOptions& s = g.sampling;
    const LoadedModel& model = conversation_.model();
    cli_.console.out(fmt::format("  model           {} ({} parameters)\n", model.name,
                                 human_count(model.model.config().parameters())));
    cli_.console.out(
        fmt::format("  context         {} of {} tokens used\n", conversation_.tokens_used(), conversation_.context()));
    cli_.console.out(fmt::format(
        "  temperature     {}\n  top-p           {}\n  top-k           {}\n  min-p           {}\n  repeat-penalty  {}\n"
        "  seed            {}\n  max-tokens      {}\n",
        s.temperature, s.top_p, s.top_k, s.min_p, s.repetition_penalty, s.seed, g.max_tokens));
}

Result<ReplCommands::Outcome> ReplCommands::show(std::string_view rest) {
    if (rest.empty() || rest == "settings") {
        show_settings();
        return Outcome{};
    }
    if (rest != "system" && rest != "messages") {
        return fail(ErrorKind::invalid_input, "/show knows settings, system and messages, not '{}'", rest);
    }
    static constexpr std::string_view kNames[] = {"system", "user", "assistant", "tool"};
    for (const Message& message : conversation_.messages()) {
        if (rest == "system" && message.role != Role::system) continue;
        std::string text = message.content;
        for (const ToolCall& call : message.tool_calls)
            text += fmt::format("[{} {}]", call.name, json_line(call.arguments));
        cli_.console.out(cli_.console.styled(kNames[static_cast<std::size_t>(message.role)], Style::bold) + "  " +
                         text + "\n");
    }
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::save(std::string_view rest) {
    if (rest.empty()) return fail(ErrorKind::invalid_input, "/save wants the name of a file");
    const OrderedJson json = messages_to_json(conversation_.messages());
    CRIA_TRY(write_atomically(cli_.os, Path(rest), json_text(json, 2) + "\n"));
    say(fmt::format("Saved {} messages to {}.", conversation_.messages().size(), rest));
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::load(std::string_view rest) {
    if (rest.empty()) return fail(ErrorKind::invalid_input, "/load wants the name of a file");
    const std::string text = CRIA_TRY(read_text(cli_.os, Path(rest), kMaxSaved));
    OpenaiConversation file = CRIA_TRY(parse_messages(text, rest));
    conversation_.messages() = std::move(file.messages);
    say(fmt::format("Loaded {} messages from {}.", conversation_.messages().size(), rest));
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::regenerate(std::string_view) {
    auto text = conversation_.undo();
    if (!text) return fail(ErrorKind::invalid_input, "there is no message to answer again");
    ++conversation_.options().generate.sampling.seed;
    return Outcome{Next::ask, std::move(*text)};
}

Result<ReplCommands::Outcome> ReplCommands::undo(std::string_view) {
    if (!conversation_.undo()) return fail(ErrorKind::invalid_input, "there is nothing to take back");
    say("Taken back.");
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::tools(std::string_view rest) {
    const auto [name, folder] = first_word(rest);
    if (!name.empty()) {
        if (name != "calendar" || folder.empty()) {
            return fail(ErrorKind::invalid_input, "/tools knows 'calendar DIR', not '{}'", rest);
        }
        conversation_.offer_calendar(Path(folder));
    }
    for (const ToolDefinition& tool : conversation_.options().prompt.tools) {
        const CreateEventTool* calendar = conversation_.calendar();
        const bool here = calendar != nullptr && calendar->definition().name == tool.name;
        cli_.console.out(fmt::format("  {:<16}{}{}\n", tool.name, tool.description,
                                     here ? fmt::format(" (into {})", calendar->folder().string()) : " (you run it)"));
    }
    if (conversation_.options().prompt.tools.empty()) say("The model has no tools; /tools calendar DIR offers one.");
    return Outcome{};
}

Result<ReplCommands::Outcome> ReplCommands::leave(std::string_view) { return Outcome{Next::leave}; }

void ReplCommands::say(std::string_view text) { cli_.console.out(cli_.console.styled(text, Style::dim) + "\n"); }

}  // namespace cria
