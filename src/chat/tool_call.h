// The way back: what the model wrote -> text or calls of tools.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/message.h"

namespace cria {

// [f(a='x', n=2), g()] with Python literals: how Llama 3.2 writes calls. Strings are quoted as Python's
// repr does; an argument whose name is no identifier is written as **{'name': value}.
std::string format_pythonic_calls(std::span<const ToolCall> calls);

// An answer longer than this is text, whatever it looks like; and no answer makes more calls than this.
inline constexpr std::size_t kMaxCallBytes = 1u << 20;
inline constexpr std::size_t kMaxCalls = 64;

struct ParsedAnswer {
    std::string text;  // what a person reads; empty when the answer is calls only
    std::vector<ToolCall> calls{};
};

// Understands every shape that Llama 3.1 and 3.2 emit, with or without <|python_tag|>:
//   [f(a=1, b='x'), g()]   {"name": "f", "parameters": {...}} (also with "type": "function"; also a list or
//   several separated by ';')   <function=f>{...}</function>   brave_search.call(query="x")
// `python_tag`: whether the control token <|python_tag|> stood before the text. Text after it that is no
// call of a known shape is a call of code_interpreter(code=...); one of a known shape that names no tool
// is text.
// The calls open the answer; what follows them is text. Text that is no call comes back as it is. Never
// fails, in time linear in the text: a model may write anything. Well-formed UTF-8 only, else it is text.
// Only names in `tools` (and the built-ins after python_tag) count as calls.
ParsedAnswer parse_answer(std::string_view text, bool python_tag, std::span<const ToolDefinition> tools);

// The same for an answer that comes in pieces. Holds back what may be a call and lets text through as soon
// as it is certain to be text. However the answer is cut, the pieces and finish() together are what
// parse_answer gives for the whole.
class AnswerStream {
public:
    // `tools` outlives the stream.
    explicit AnswerStream(std::span<const ToolDefinition> tools) : tools_(tools) {}

    // The text that may be shown now.
    std::string push(std::string_view text);
    // The control token <|python_tag|> came: what follows is a call. Gives the text held back until now.
    std::string python_tag();
    // The text not yet shown, and all calls. The stream is then as new.
    ParsedAnswer finish();

private:
    enum class State { undecided, held, text };
    std::string release();

    std::span<const ToolDefinition> tools_;
    State state_ = State::undecided;
    bool tagged_ = false;
    std::string pending_;
    std::vector<ToolCall> calls_;
};

// Whether the arguments satisfy the tool's schema: type (by JSON Schema's names or Python's, also a list of
// them), required, properties, additionalProperties (false unless said, where there are properties), enum,
// anyOf, oneOf (read as anyOf), minimum, maximum, items, minItems, maxItems, and the formats date and
// date-time. Other keywords say nothing here. The error names the tool, the argument, what came and what
// was wanted.
Status check_arguments(const ToolCall& call, const ToolDefinition& tool);

}  // namespace cria
