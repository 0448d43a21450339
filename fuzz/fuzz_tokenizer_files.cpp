// Any bytes as a tokenizer.json and as a tokenizer.model: an error, or a vocabulary that is written and read back the
// same.
#include <cstdint>

#include "base/assert.h"
#include "text/tokenizer_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto ranks = parse_tiktoken_ranks(text, "input")) {
        CRIA_ASSERT(*parse_tiktoken_ranks(write_tiktoken_ranks(*ranks), "input") == *ranks);
    } else {
        CRIA_ASSERT(ranks.error().message.starts_with("input"));
    }
    const auto tokenizer = parse_tokenizer_json(text, "input");
    if (!tokenizer) {
        CRIA_ASSERT(tokenizer.error().message.starts_with("input"));
        return 0;
    }
    const auto again = parse_tokenizer_json(write_tokenizer_json(*tokenizer), "input");
    CRIA_ASSERT(again && again->ranks() == tokenizer->ranks() && again->specials() == tokenizer->specials());
    return 0;
}
