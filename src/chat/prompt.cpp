#include "chat/prompt.h"

#include <algorithm>

#include "base/strings.h"
#include "chat/literal.h"
#include "chat/tool_call.h"
#include "chat/tool_prompt.h"

namespace cria {
namespace {

constexpr std::string_view kCodeInterpreter = "code_interpreter";

std::string_view header_of(Role role) {
    switch (role) {
        case Role::system: return "system";
        case Role::user: return "user";
        case Role::assistant: return "assistant";
        case Role::tool: return "ipython";
    }
    return "user";
}

// Writes one conversation. Member functions append segments; errors name the message by its index.
class Renderer {
public:
    Renderer(std::span<const Message> messages, const PromptOptions& options)
        : messages_(messages), options_(options) {}

    Result<std::vector<Segment>> render() {
        CRIA_TRY(check_tools());
        control("<|begin_of_text|>");
        std::size_t next = 0;
        const bool has_system = !messages_.empty() && messages_[0].role == Role::system;
        if (has_system) {
            message_ = 0;
            next = 1;
        }
        system_block(has_system ? content_of(messages_[0]) : "", has_system);
        tools_message();
        for (; next < messages_.size(); ++next) {
            message_ = static_cast<int>(next);
            CRIA_TRY(message(messages_[next]));
        }
        message_ = -1;
        if (options_.add_generation_prompt) header("assistant");
        return std::move(segments_);
    }

private:
    using Format = ToolFormat;

    void control(std::string_view name) { push(Segment::Kind::control, name); }
    void text(std::string_view value) {
        if (!value.empty()) push(Segment::Kind::text, value);
    }
    void push(Segment::Kind kind, std::string_view value) {
        segments_.push_back({kind, std::string(value), message_, answer_});
    }
    void header(std::string_view role) {
        control("<|start_header_id|>");
        text(role);
        control("<|end_header_id|>");
        text("\n\n");
    }
    void block(std::string_view role, std::string_view body) {
        header(role);
        text(body);
        control("<|eot_id|>");
    }

    std::string content_of(const Message& message) const {
        if (message.role == Role::tool) return options_.quote_results ? json_line(message.content) : message.content;
        return std::string(options_.trim ? trimmed(message.content) : message.content);
    }

    bool has_tools(std::initializer_list<Format> formats) const {
        return !options_.tools.empty() && std::ranges::find(formats, options_.tool_format) != formats.end();
    }
    bool pythonic() const {
        return options_.tool_format == Format::pythonic || options_.tool_format == Format::pythonic_in_user;
    }
    // "Environment: ipython" tells the model that calls are run and answered.
    bool has_environment() const { return !options_.builtin_tools.empty() || (!options_.tools.empty() && !pythonic()); }
    bool is_builtin(const ToolCall& call) const {
        return std::ranges::find(options_.builtin_tools, call.name) != options_.builtin_tools.end();
    }

    Status check_tools() const {
        if (!has_tools({Format::json_in_user, Format::pythonic_in_user})) return {};
        if (std::ranges::find(messages_, Role::user, &Message::role) != messages_.end()) return {};
        return fail(ErrorKind::invalid_input,
                    "prompt: the tools are to stand in the first user message, but there is no user message");
    }

    // The lines before a system message's own text, each with its line break.
    std::string system_lines() const {
        std::string lines, names;
        const bool meta = options_.style == PromptStyle::meta;
        for (const std::string& tool : options_.builtin_tools)
            if (tool != kCodeInterpreter) names += (names.empty() ? "" : ", ") + tool;
        if (has_environment()) lines += "Environment: ipython\n";
        if (!names.empty() || (!meta && !options_.builtin_tools.empty()))
            lines += "Tools: " + names + (meta ? "\n" : "\n\n");
        // Meta's generator leaves the line of the tools empty.
        if (meta && has_environment() && names.empty() && options_.date) lines += "\n";
        if (options_.date) lines += "Cutting Knowledge Date: December 2023\nToday Date: " + *options_.date + "\n";
        return lines;
    }

    void system_block(std::string_view own, bool has_own) {
        const std::string lines = system_lines();
        const bool tools = has_tools({Format::pythonic, Format::json_in_system});
        if (!has_own && lines.empty() && !tools && !options_.always_system) return;
        if (options_.style == PromptStyle::hugging_face)
            block("system", hugging_face_system(lines, own));
        else
            block("system", meta_system(lines, own));
    }

    std::string hugging_face_system(const std::string& lines, std::string_view own) const {
        std::string body = lines + (options_.date ? "\n" : "");
        if (has_tools({Format::json_in_system})) body += json_system_text(options_.tools);
        if (has_tools({Format::pythonic})) body += pythonic_system_text(options_.tools) + "\n";
        return body.append(own);
    }

    std::string meta_system(const std::string& lines, std::string_view own) const {
        const std::string gap = lines.empty() ? "" : "\n";
        if (has_tools({Format::pythonic})) {
            const std::string body = lines + gap + pythonic_system_text(options_.tools);
            return own.empty() ? body : (body + "\n").append(own);
        }
        if (has_tools({Format::json_in_system})) return (lines + gap + json_system_text(options_.tools)).append(own);
        if (!own.empty()) return (lines + gap).append(own) + gap;
        return lines == "Environment: ipython\n" ? lines.substr(0, lines.size() - 1) : lines;
    }

    // The forms in which a user message of its own tells the tools.
    void tools_message() {
        message_ = -1;
        if (has_tools({Format::json_message})) block("user", json_message_text(options_.tools));
        if (has_tools({Format::custom_tags})) block("user", custom_tags_message_text(options_.tools));
    }

    Status message(const Message& said) {
        if (said.role == Role::assistant) return assistant(said);
        if (!said.tool_calls.empty())
            return fail(ErrorKind::invalid_input, "message {}: only the assistant calls tools, not the {}", message_,
                        header_of(said.role));
        header(header_of(said.role));
        const bool first_user = said.role == Role::user && !seen_user_;
        if (first_user && has_tools({Format::json_in_user}))
            text(json_user_text(options_.tools) + content_of(said));
        else if (first_user && has_tools({Format::pythonic_in_user}))
            text(content_of(said) + "\n" + pythonic_user_text(options_.tools));
        else
            text(content_of(said));
        seen_user_ |= said.role == Role::user;
        control("<|eot_id|>");
        return {};
    }

    Status assistant(const Message& said) {
        header("assistant");
        answer_ = true;
        text(content_of(said));
        bool continues = false;
        if (!said.tool_calls.empty()) continues = CRIA_TRY(calls(said.tool_calls));
        control(continues ? "<|eom_id|>" : "<|eot_id|>");
        answer_ = false;
        return {};
    }

    // Writes the calls; whether the message ends with eom: the turn goes on once the tool has run.
    Result<bool> calls(std::span<const ToolCall> calls) {
        for (const ToolCall& call : calls) {
            if (!call.arguments.is_object() && !call.arguments.is_null())
                return fail(ErrorKind::invalid_input, "message {}: the arguments of {} are a JSON {}, not an object",
                            message_, call.name, call.arguments.type_name());
        }
        const bool builtin = std::ranges::any_of(calls, [&](const ToolCall& call) { return is_builtin(call); });
        if (calls.size() > 1 && (builtin || !pythonic()))
            return fail(ErrorKind::unsupported,
                        "message {}: {} calls in one message, but this form of prompt has one; "
                        "give each call a message of its own, or use the pythonic form",
                        message_, calls.size());
        if (builtin) return builtin_call(calls[0]);
        if (pythonic()) return pythonic_calls(calls);
        if (options_.tool_format == Format::custom_tags) {
            text("<function=" + calls[0].name + ">" + json_line(arguments_of(calls[0])) + "</function>");
            return false;
        }
        return json_call(calls[0]);
    }

    static OrderedJson arguments_of(const ToolCall& call) {
        return call.arguments.is_null() ? OrderedJson::object() : call.arguments;
    }

    bool pythonic_calls(std::span<const ToolCall> calls) {
        if (options_.python_tag) control("<|python_tag|>");
        text(format_pythonic_calls(calls));
        return false;
    }

    bool json_call(const ToolCall& call) {
        OrderedJson said = {{"name", call.name}, {"parameters", arguments_of(call)}};
        if (options_.tool_format != Format::json_message) {
            text(json_line(said));
            return options_.style == PromptStyle::hugging_face && !options_.builtin_tools.empty();
        }
        if (has_environment()) control("<|python_tag|>");
        text(json_line({{"type", "function"}, {"name", call.name}, {"parameters", said["parameters"]}}));
        return has_environment();
    }

    Result<bool> builtin_call(const ToolCall& call) {
        control("<|python_tag|>");
        const OrderedJson arguments = arguments_of(call);
        if (options_.style == PromptStyle::meta && call.name == kCodeInterpreter) {
            if (!arguments.contains("code") || !arguments["code"].is_string())
                return fail(ErrorKind::invalid_input, "message {}: a call of code_interpreter needs the text \"code\"",
                            message_);
            text(arguments["code"].get_ref<const std::string&>());
            return true;
        }
        std::string said;
        for (const auto& [name, value] : arguments.items())
            said +=
                (said.empty() ? "" : ", ") + name + "=" +
                (value.is_string() ? python_string(value.get_ref<const std::string&>(), '"') : python_literal(value));
        text(call.name + ".call(" + said + ")");
        return true;
    }

    std::span<const Message> messages_;
    const PromptOptions& options_;
    std::vector<Segment> segments_;
    int message_ = -1;
    bool answer_ = false;
    bool seen_user_ = false;
};

}  // namespace

PromptOptions hugging_face_options(std::string date) {
    PromptOptions options;
    options.style = PromptStyle::hugging_face;
    options.tool_format = ToolFormat::json_in_user;
    options.date = std::move(date);
    options.always_system = true;
    options.trim = true;
    options.quote_results = true;
    return options;
}

Result<std::vector<Segment>> render_chat(std::span<const Message> messages, const PromptOptions& options) {
    return Renderer(messages, options).render();
}

std::vector<Segment> render_base(std::string_view text) {
    std::vector<Segment> segments{{Segment::Kind::control, "<|begin_of_text|>"}};
    if (!text.empty()) segments.push_back({Segment::Kind::text, std::string(text)});
    return segments;
}

}  // namespace cria
