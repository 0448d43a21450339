// Any bytes as an OpenAI conversation in JSON, rendered in every form: an error, or a prompt whose control
// tokens are ours alone.
#include <cstdint>
#include <set>
#include <string>

#include "base/assert.h"
#include "chat/guard.h"
#include "chat/openai_messages.h"
#include "chat/prompt.h"

namespace {

using namespace cria;

Tokenizer byte_tokenizer() {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    std::map<std::string, TokenId> specials;
    for (const char* name : {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
                             "<|eot_id|>", "<|python_tag|>"})
        specials.emplace(name, static_cast<TokenId>(256 + specials.size()));
    auto tokenizer = Tokenizer::create(ranks, specials);
    CRIA_ASSERT(tokenizer);
    return std::move(*tokenizer);
}

void check(const Result<std::vector<Segment>>& segments) {
    static const Tokenizer tokenizer = byte_tokenizer();
    if (!segments) {
        CRIA_ASSERT(!segments.error().message.empty());
        return;
    }
    const auto ids = encode_segments(tokenizer, *segments);
    CRIA_ASSERT(ids);
    std::size_t controls = 0, special_ids = 0;
    for (const Segment& segment : *segments) controls += segment.kind == Segment::Kind::control;
    for (const TokenId id : *ids) special_ids += tokenizer.is_special(id);
    CRIA_ASSERT(controls == special_ids);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto json = parse_ordered_json(text, "input", {.max_bytes = 1 << 16, .max_depth = 32});
    if (!json) return 0;
    const auto conversation = conversation_from_json(*json);
    if (!conversation) {
        CRIA_ASSERT(!conversation.error().message.empty());
        return 0;
    }
    for (int form = 0; form < 6; ++form) {
        PromptOptions options = form % 2 == 0 ? PromptOptions{} : hugging_face_options();
        options.tool_format = static_cast<ToolFormat>(form);
        options.tools = conversation->tools;
        if (form % 3 == 0) options.builtin_tools = {"brave_search", "code_interpreter"};
        check(render_chat(conversation->messages, options));
    }
    check(render_guard(conversation->messages, {}));
    return 0;
}
