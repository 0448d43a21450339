// Segments -> token ids.
#include "chat/prompt.h"

namespace cria {

Result<std::vector<TokenId>> encode_segments(const Tokenizer& tokenizer, std::span<const Segment> segments) {
    std::vector<TokenId> ids;
    for (const Segment& segment : segments) {
        if (segment.kind == Segment::Kind::text) {
            tokenizer.encode(segment.value, ids);
        } else if (const std::optional<TokenId> id = tokenizer.special(segment.value)) {
            ids.push_back(*id);
        } else {
            return fail(ErrorKind::unsupported,
                        "prompt: the tokenizer has no control token {}, which this form of prompt needs",
                        segment.value);
        }
    }
    return ids;
}

std::vector<TokenId> stop_tokens(const Tokenizer& tokenizer) {
    std::vector<TokenId> ids;
    for (const std::string_view name : {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"})
        if (const std::optional<TokenId> id = tokenizer.special(name)) ids.push_back(*id);
    return ids;
}

}  // namespace cria
