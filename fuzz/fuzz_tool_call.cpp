// Any bytes as a model's answer: read without failing, the same whole and in pieces, and what was read can
// be written and read again.
#include <cstdint>

#include "base/assert.h"
#include "chat/literal.h"
#include "chat/tool_call.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    static const std::vector<ToolDefinition> tools = {{"f", "", nullptr}, {"get_weather", "", nullptr}};
    if (size < 2) return 0;
    const bool python_tag = data[0] % 2 != 0;
    const std::size_t step = 1 + data[1] % 16;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    const ParsedAnswer answer = parse_answer(text, python_tag, tools);

    AnswerStream stream(tools);
    std::string streamed;
    if (python_tag) streamed += stream.python_tag();
    for (std::size_t at = 0; at < text.size(); at += step) streamed += stream.push(text.substr(at, step));
    const ParsedAnswer last = stream.finish();
    CRIA_ASSERT(streamed + last.text == answer.text);
    CRIA_ASSERT(last.calls == answer.calls);

    CRIA_ASSERT(answer.calls.size() <= kMaxCalls);
    for (const ToolCall& call : answer.calls) {
        const std::string again = "{\"name\": \"f\", \"arguments\": " + json_line(call.arguments) + "}";
        const ParsedAnswer json = parse_answer(again, false, tools);
        CRIA_ASSERT(json.calls.size() == 1 && json.calls[0].arguments == call.arguments);
        const std::vector<ToolCall> written = {{"f", call.arguments}};
        const ParsedAnswer pythonic = parse_answer(format_pythonic_calls(written), false, tools);
        CRIA_ASSERT(pythonic.calls.size() == 1 && Json(pythonic.calls[0].arguments) == Json(call.arguments));
    }
    return 0;
}
