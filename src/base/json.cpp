#include "base/json.h"

#include <algorithm>

namespace cria {
namespace {

// The deepest nesting of brackets outside strings.
std::size_t nesting_depth(std::string_view text) {
    std::size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

template <class J>
Result<J> parse(std::string_view text, std::string_view who, JsonLimits limits) {
    if (text.size() > limits.max_bytes)
        return fail(ErrorKind::invalid_input, "{}: {} bytes of JSON; at most {} are read", who, text.size(),
                    limits.max_bytes);
    if (const std::size_t depth = nesting_depth(text); depth > limits.max_depth)
        return fail(ErrorKind::invalid_input, "{}: JSON nested {} deep; at most {} is read", who, depth,
                    limits.max_depth);
    try {
        return J::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        return fail(ErrorKind::corrupt, "{}: not JSON at byte {}", who, error.byte);
    } catch (const nlohmann::json::exception& error) {
        return fail(ErrorKind::corrupt, "{}: not JSON ({})", who, error.what());
    }
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view who, JsonLimits limits) {
    return parse<Json>(text, who, limits);
}

Result<OrderedJson> parse_ordered_json(std::string_view text, std::string_view who, JsonLimits limits) {
    return parse<OrderedJson>(text, who, limits);
}

}  // namespace cria
