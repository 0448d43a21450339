// Any JSON as a list of a tool's schema and a call's arguments: a verdict, and a message that is not endless.
#include <cstdint>

#include "base/assert.h"
#include "chat/tool_call.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto json = parse_ordered_json(text, "input", {.max_bytes = 1 << 16, .max_depth = 32});
    if (!json || !json->is_array() || json->size() != 2) return 0;
    const Status status = check_arguments({"f", (*json)[1]}, {"f", "", (*json)[0]});
    CRIA_ASSERT(status || (!status.error().message.empty() && status.error().message.size() < 20'000));
    return 0;
}
