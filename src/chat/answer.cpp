// Answers -> calls of tools and text, whole or in pieces.
#include <algorithm>
#include <array>
#include <optional>

#include "chat/call_head.h"
#include "chat/literal.h"
#include "chat/literal_reader.h"
#include "chat/tool_call.h"
#include "text/unicode.h"

namespace cria {
namespace {

constexpr std::array<std::string_view, 4> kBuiltins = {"brave_search", "wolfram_alpha", "photogen", "code_interpreter"};

// Reads the calls that open an answer. `understood` says that the text had the shape of calls, if perhaps
// of names that are no tools.
class CallReader {
public:
    CallReader(std::string_view text, bool python_tag, std::span<const ToolDefinition> tools)
        : reader_(text), python_tag_(python_tag), tools_(tools) {}

    void read() {
        while (calls.size() < kMaxCalls) {
            const std::size_t begin = reader_.position();
            const std::size_t count = calls.size();
            if (!calls.empty() && !reader_.accept(";")) reader_.accept(",");
            const bool shaped = group();
            understood = understood || shaped;
            if (!shaped || unknown_) {
                calls.resize(count);
                reader_.move_to(begin);
                break;
            }
        }
        reader_.skip_space();
    }

    std::string_view rest() const { return reader_.rest(); }

    std::vector<ToolCall> calls;
    bool understood = false;

private:
    bool group() {
        reader_.skip_space();
        const std::string_view here = reader_.rest();
        if (here.starts_with('{')) return json_call();
        if (here.starts_with("<function=")) return tagged_call();
        if (here.starts_with('[')) return list();
        return method_call();
    }

    bool is_tool(std::string_view name) const {
        return std::ranges::find(tools_, name, &ToolDefinition::name) != tools_.end();
    }

    bool take(std::string_view name, OrderedJson arguments) {
        const bool builtin = python_tag_ && std::ranges::find(kBuiltins, name) != kBuiltins.end();
        if (!builtin && !is_tool(name)) unknown_ = true;
        calls.push_back({std::string(name), std::move(arguments)});
        return calls.size() <= kMaxCalls;
    }

    bool list() {
        if (!reader_.accept("[")) return false;
        bool comma = true, any = false;
        while (!reader_.accept("]")) {
            if (!comma) return false;
            const bool json = reader_.rest().starts_with('{');
            if (!(json ? json_call() : plain_call())) return false;
            any = true;
            comma = reader_.accept(",");
            reader_.skip_space();
        }
        return any;
    }

    // f(a=1)
    bool plain_call() {
        const std::string_view name = reader_.name();
        if (name.empty() || !reader_.accept("(")) return false;
        auto arguments = reader_.arguments();
        return arguments && take(name, std::move(*arguments));
    }

    // brave_search.call(query="x"); after python_tag also f(a=1) without a list around it, if it is a tool
    // and no more code follows.
    bool method_call() {
        constexpr std::string_view kCall = ".call";
        std::string_view name = reader_.name();
        const bool method = name.ends_with(kCall);
        if (method) name.remove_suffix(kCall.size());
        if (name.empty() || !(method || (python_tag_ && is_tool(name))) || !reader_.accept("(")) return false;
        auto arguments = reader_.arguments();
        reader_.skip_space();
        const bool ends = method || reader_.at_end() || reader_.rest().starts_with(';');
        return arguments && ends && take(name, std::move(*arguments));
    }

    // <function=f>{"a": 1}</function>; the last closing tag may be missing.
    bool tagged_call() {
        reader_.accept("<function=");
        const std::string_view name = reader_.name();
        reader_.accept(">");
        reader_.skip_space();
        std::optional<OrderedJson> arguments = OrderedJson::object();
        if (reader_.rest().starts_with('{')) arguments = reader_.value();
        if (name.empty() || !arguments) return false;
        const bool closed = reader_.accept("</function>");
        reader_.skip_space();
        return (closed || reader_.at_end()) && take(name, std::move(*arguments));
    }

    // {"name": "f", "parameters": {...}}, {"type": "function", "function": {"name": "f", "arguments": "{...}"}}
    // and their mixtures.
    bool json_call() {
        auto object = reader_.value();
        if (!object || !object->is_object()) return false;
        if (object->contains("function") && (*object)["function"].is_object())
            object = OrderedJson((*object)["function"]);
        const char* name_key = object->contains("name") ? "name" : "function";
        if (!object->contains(name_key) || !(*object)[name_key].is_string()) return false;
        auto arguments = arguments_of(*object);
        return arguments && take((*object)[name_key].get_ref<const std::string&>(), std::move(*arguments));
    }

    static std::optional<OrderedJson> arguments_of(const OrderedJson& object) {
        OrderedJson arguments;
        for (const char* key : {"arguments", "parameters"})
            if (object.contains(key)) arguments = object[key];
        if (arguments.is_string()) {
            LiteralReader inner(arguments.get_ref<const std::string&>());
            auto value = inner.value();
            inner.skip_space();
            if (!value || !inner.at_end()) return std::nullopt;
            arguments = std::move(*value);
        }
        if (arguments.is_null()) return OrderedJson::object();
        return arguments.is_object() ? std::optional(std::move(arguments)) : std::nullopt;
    }

    LiteralReader reader_;
    bool python_tag_;
    std::span<const ToolDefinition> tools_;
    bool unknown_ = false;
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

}  // namespace

ParsedAnswer parse_answer(std::string_view text, bool python_tag, std::span<const ToolDefinition> tools) {
    ParsedAnswer as_text{std::string(text)};
    if (text.size() > kMaxCallBytes || valid_utf8_prefix(text) != text.size()) return as_text;
    if (!python_tag && call_head(text, tools) != CallHead::call) return as_text;

    CallReader reader(text, python_tag, tools);
    reader.read();
    if (!reader.calls.empty()) return {std::string(reader.rest()), std::move(reader.calls)};
    if (!python_tag || reader.understood) return as_text;
    if (is_blank(text)) return {};
    return {"", {{"code_interpreter", {{"code", text}}}}};
}

std::string AnswerStream::release() {
    state_ = State::text;
    return std::exchange(pending_, {});
}

std::string AnswerStream::push(std::string_view text) {
    if (state_ == State::text) return std::string(text);
    pending_ += text;
    if (pending_.size() > kMaxCallBytes) return release();
    if (state_ == State::undecided) {
        const CallHead head = call_head(pending_, tools_);
        if (head == CallHead::text) return release();
        if (head == CallHead::call) state_ = State::held;
    }
    return {};
}

std::string AnswerStream::python_tag() {
    ParsedAnswer before = parse_answer(std::exchange(pending_, {}), tagged_, tools_);
    std::ranges::move(before.calls, std::back_inserter(calls_));
    tagged_ = true;
    state_ = State::held;
    return std::move(before.text);
}

ParsedAnswer AnswerStream::finish() {
    const bool held = state_ != State::text;
    ParsedAnswer last = held ? parse_answer(pending_, tagged_, tools_) : ParsedAnswer{};
    std::ranges::move(last.calls, std::back_inserter(calls_));
    ParsedAnswer all{std::move(last.text), std::move(calls_)};
    *this = AnswerStream(tools_);
    return all;
}

}  // namespace cria
