// Any JSON as a model's configuration: an error, or numbers that fit each other and survive a round trip.
#include <cstdint>

#include "base/assert.h"
#include "model/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const auto json = parse_json({reinterpret_cast<const char*>(data), size}, "input");
    if (!json) return 0;
    const auto config = config_from_json(*json, "input");
    if (!config) return 0;
    CRIA_ASSERT(check_config(*config).has_value());
    CRIA_ASSERT(config->parameters() > 0);
    const auto again = config_from_json(Json::parse(config_to_json(*config).dump()), "again");
    CRIA_ASSERT(again && *again == *config);
    return 0;
}
