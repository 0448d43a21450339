// Any bytes as config.json: an error that names the file, or a configuration that is whole: it passes its own
// check, has a number of parameters, and is written and read back the same.
#include <cstdint>

#include "base/assert.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto json = parse_json(text, "config.json", {.max_bytes = 1 << 16});
    if (!json) return 0;
    const auto config = config_from_json(*json, "config.json");
    if (!config) {
        CRIA_ASSERT(config.error().message.starts_with("config.json: "));
        return 0;
    }
    CRIA_ASSERT(check_config(*config) && config->parameters() > 0);
    const auto written = parse_json(config_to_json(*config).dump(), "config.json");
    CRIA_ASSERT(written.has_value());
    const auto again = config_from_json(*written, "config.json");
    CRIA_ASSERT(again && *again == *config);
    return 0;
}
