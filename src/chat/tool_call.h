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

struct ParsedAnswer {
    std::string text;  // what a person reads; empty when the answer is calls only
    std::vector<ToolCall> calls{};
};

// Understands every shape that Llama 3.1 and 3.2 emit, with or without <|python_tag|>:
//   [f(a=1, b='x'), g()]   {"name": "f", "parameters": {...}} (also with "type": "function"; also a list or
//   several separated by ';')   <function=f>{...}</function>   brave_search.call(query="x")
// `python_tag`: whether the control token <|python_tag|> stood before the text. Text after it that is no
// call of a known shape is a call of code_interpreter(code=...).
// Text that is no call comes back as text, unchanged. Never fails: a model may write anything.
// Only names in `tools` (and the built-ins after python_tag) count as calls.
ParsedAnswer parse_answer(std::string_view text, bool python_tag, std::span<const ToolDefinition> tools);

// Whether the arguments satisfy the tool's schema: required keys, no unknown keys, types, enums.
// The error names the tool, the argument, what came and what was wanted.
Status check_arguments(const ToolCall& call, const ToolDefinition& tool);

}  // namespace cria
