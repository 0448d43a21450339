#include "chat/call_head.h"

#include <algorithm>
#include <array>
#include <string>

#include "chat/literal.h"

namespace cria {
namespace {

// Names, quotes and some spaces; a call does not begin with more than this before its first argument.
constexpr std::size_t kMaxHeadBytes = 512;

// Reads the head; a step at the end of the text makes the verdict "undecided".
class HeadReader {
public:
    HeadReader(std::string_view text, std::span<const ToolDefinition> tools) : text_(text), tools_(tools) {}

    CallHead read() {
        skip_space();
        if (at_end()) return CallHead::undecided;
        switch (text_[at_]) {
            case '[': return list();
            case '{': return json_object();
            case '<': return tag();
            default: return method();
        }
    }

private:
    bool at_end() const { return at_ == text_.size(); }
    void skip_space() {
        while (!at_end() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    }

    // The verdict on a word that ran into the end of the text or was followed by something else, when it is
    // to be one of the tools' names and `suffix`.
    CallHead judge(std::string_view word, std::string_view suffix, bool complete) const {
        for (const ToolDefinition& tool : tools_) {
            const std::string wanted = tool.name + std::string(suffix);
            if (complete ? wanted == word : wanted.starts_with(word))
                return complete ? CallHead::call : CallHead::undecided;
        }
        return CallHead::text;
    }

    CallHead named(std::string_view suffix, std::string_view next) {
        const std::size_t begin = at_;
        while (!at_end() && is_name_character(text_[at_])) ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (at_end()) return judge(word, suffix, false);
        skip_space();
        const CallHead verdict = judge(word, suffix, true);
        if (verdict != CallHead::call) return verdict;
        if (at_end()) return CallHead::undecided;
        return next.contains(text_[at_]) ? CallHead::call : CallHead::text;
    }

    CallHead list() {
        ++at_;
        skip_space();
        if (at_end()) return CallHead::undecided;
        return text_[at_] == '{' ? json_object() : named("", "(");
    }

    CallHead method() { return named(".call", "("); }

    CallHead tag() {
        constexpr std::string_view kTag = "<function=";
        const std::string_view here = text_.substr(at_, kTag.size());
        if (here != kTag) return kTag.starts_with(here) ? CallHead::undecided : CallHead::text;
        at_ += kTag.size();
        return named("", ">{");
    }

    // The text between quotes at the position; `complete` when the closing quote is there.
    struct Quoted {
        std::string_view text;
        bool complete;
    };
    Quoted quoted() {
        const char quote = text_[at_++];
        const std::size_t begin = at_;
        while (!at_end() && text_[at_] != quote) ++at_;
        const Quoted found{text_.substr(begin, at_ - begin), !at_end()};
        if (found.complete) ++at_;
        return found;
    }
    bool at_quote() const { return text_[at_] == '"' || text_[at_] == '\''; }

    CallHead json_object() {
        static constexpr std::array<std::string_view, 6> kKeys = {"name",       "type",      "function",
                                                                  "parameters", "arguments", "id"};
        ++at_;
        skip_space();
        if (at_end()) return CallHead::undecided;
        if (!at_quote()) return CallHead::text;
        const auto [key, complete] = quoted();
        if (!complete) {
            const bool may = std::ranges::any_of(kKeys, [&](std::string_view known) { return known.starts_with(key); });
            return may ? CallHead::undecided : CallHead::text;
        }
        if (std::ranges::find(kKeys, key) == kKeys.end()) return CallHead::text;
        skip_space();
        if (at_end()) return CallHead::undecided;
        if (text_[at_++] != ':') return CallHead::text;
        skip_space();
        if (at_end()) return CallHead::undecided;
        return json_value(key);
    }

    CallHead json_value(std::string_view key) {
        if (key == "function" && text_[at_] == '{') return CallHead::call;
        if (key != "name" && key != "type" && key != "function") return CallHead::call;
        if (!at_quote()) return CallHead::text;
        const auto [value, complete] = quoted();
        if (key != "type") return judge(value, "", complete);
        constexpr std::string_view kFunction = "function";
        if (complete) return value == kFunction ? CallHead::call : CallHead::text;
        return kFunction.starts_with(value) ? CallHead::undecided : CallHead::text;
    }

    std::string_view text_;
    std::span<const ToolDefinition> tools_;
    std::size_t at_ = 0;
};

}  // namespace

CallHead call_head(std::string_view text, std::span<const ToolDefinition> tools) {
    if (tools.empty()) return CallHead::text;
    const CallHead head = HeadReader(text.substr(0, kMaxHeadBytes), tools).read();
    return head == CallHead::undecided && text.size() >= kMaxHeadBytes ? CallHead::text : head;
}

}  // namespace cria
