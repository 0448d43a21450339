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
    std::string value;    // control: "<|eot_id|>"; text: as it is
    int message = -1;     // the message it comes from: an index, -1 for what belongs to none
    bool answer = false;  // what the model itself writes: an assistant's content, calls and end token
    friend bool operator==(const Segment&, const Segment&) = default;
};

// How tools are told to the model.
enum class ToolFormat {
    pythonic,          // 3.2 lightweight: [f(a=1), g(b='x')], definitions in the system message
    pythonic_in_user,  // the same calls, definitions after the first user message's text
    json_in_user,      // the HF templates' default: definitions before the first user message's text
    json_in_system,    // the HF templates with tools_in_user_message = false
    json_message,      // Meta's 3.1 form: definitions in a user message of their own
    custom_tags,       // <function=f>{...}</function>, definitions in a user message of their own
};

// Whose layout of the system block, of calls of built-in tools, and of end tokens: Meta's documents or the
// chat templates on Hugging Face.
enum class PromptStyle { meta, hugging_face };

struct PromptOptions {
    PromptStyle style = PromptStyle::meta;
    ToolFormat tool_format = ToolFormat::pythonic;
    std::vector<ToolDefinition> tools{};
    std::vector<std::string> builtin_tools{};  // brave_search, wolfram_alpha, code_interpreter
    std::optional<std::string> date{};         // "21 September 2024": adds the two date lines
    bool always_system = false;                // as the HF templates: a system block even when empty
    bool trim = false;                         // as the HF templates: trims contents
    bool quote_results = false;                // tool results as JSON strings, as the HF templates: "25 C"
    bool python_tag = false;                   // <|python_tag|> before replayed pythonic calls
    bool add_generation_prompt = true;         // ends with the assistant's header
};

// The options with which render_chat writes what the chat templates of Llama 3.1 and 3.2 text models on
// Hugging Face write, but for tools, which the caller adds.
PromptOptions hugging_face_options(std::string date = "26 Jul 2024");

// The prompt of a conversation. An error says which message is wrong and why (roles, empty calls, ...).
Result<std::vector<Segment>> render_chat(std::span<const Message> messages, const PromptOptions& options);
// A base model's prompt: begin_of_text and the text.
std::vector<Segment> render_base(std::string_view text);

// Ids of the segments; each text segment is encoded by itself (as the reference does).
// An error when the tokenizer lacks a control token.
Result<std::vector<TokenId>> encode_segments(const Tokenizer& tokenizer, std::span<const Segment> segments);

// The tokens that end an answer: end of turn, end of message (a tool is to run), end of text; those that
// the tokenizer has.
std::vector<TokenId> stop_tokens(const Tokenizer& tokenizer);

}  // namespace cria
