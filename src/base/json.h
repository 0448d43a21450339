// JSON with limits: nlohmann::json behind one parse function that neither throws nor recurses without bound, and one
// function that writes.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cria {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t max_bytes = 64u << 20;
    std::size_t max_depth = 64;
    std::size_t max_ordered_members = 1024;  // of one ordered object, which is searched from its beginning
};

// `who` begins the message of an error: the file or the request that the text came from.
Result<Json> parse_json(std::string_view text, std::string_view who, JsonLimits limits = {});
// The same, keeping the order of keys.
Result<OrderedJson> parse_ordered_json(std::string_view text, std::string_view who, JsonLimits limits = {});

// The text of a value: on one line, or indented by so many blanks. Bytes that are not UTF-8 come out as U+FFFD.
std::string json_text(const Json& value, int indent = -1);
std::string json_text(const OrderedJson& value, int indent = -1);
// For messages: on one line, in ASCII, cut after 80 characters.
std::string shown_json(const Json& value);

}  // namespace cria

// Compiled once, in json.cpp: most of the time that a file with JSON takes goes there otherwise.
extern template class nlohmann::basic_json<>;
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
