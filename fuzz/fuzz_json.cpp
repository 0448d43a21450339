// Any bytes as JSON under small limits: an error, or a value that is written and read back the same.
#include <cstdint>

#include "base/assert.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto json = parse_ordered_json(text, "input", {.max_bytes = 4096, .max_depth = 16});
    if (!json) {
        CRIA_ASSERT(json.error().message.starts_with("input: "));
        return 0;
    }
    const auto again = parse_ordered_json(json->dump(), "input", {.max_depth = 16});
    CRIA_ASSERT(again && *again == *json);
    return 0;
}
