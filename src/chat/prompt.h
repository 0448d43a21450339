// Messages -> typed segments -> token ids: the only place where control tokens are made.
//
// A segment is either the name of a control token or text; text from a user can therefore never become
// a control token, whatever it spells. The forms are those of Llama 3.1 and 3.2 (docs/prompts.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/message.h"
#include "text/tokenizer.h"

namespace cria {

struct Segment {
    enum class Kind { control, text } kind;
    std::string value;  // control: "<|eot_id|>"; text: as it is
    friend bool operator==(const Segment&, const Segment&) = default;
};

// How tools are told to the model.
enum class ToolFormat {
    pythonic,       // 3.2 lightweight: [f(a=1), g(b='x')], definitions in the system message
    json_in_user,   // the HF template's default: definitions before the first user message
    json_in_system,
    custom_tags,    // <function=f>{...}</function>
};

struct PromptOptions {
    ToolFormat tool_format = ToolFormat::pythonic;
    std::vector<ToolDefinition> tools{};
    std::vector<std::string> builtin_tools{};     // brave_search, wolfram_alpha, code_interpreter
    std::optional<std::string> date{};            // "21 September 2024": adds the two date lines
    bool always_system = false;                   // as the HF templates: a system block even when empty
    bool trim = false;                            // as the HF templates: trims contents
    bool add_generation_prompt = true;            // ends with the assistant's header
};

// The prompt of a conversation. An error says which message is wrong and why (roles, empty calls, ...).
Result<std::vector<Segment>> render_chat(std::span<const Message> messages, const PromptOptions& options);
// A base model's prompt: begin_of_text and the text.
std::vector<Segment> render_base(std::string_view text);

// Ids of the segments; each text segment is encoded by itself (as the reference does).
// An error when the tokenizer lacks a control token.
Result<std::vector<TokenId>> encode_segments(const Tokenizer& tokenizer, std::span<const Segment> segments);

}  // namespace cria
