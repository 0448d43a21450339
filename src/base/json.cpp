#include "base/json.h"

#include <algorithm>
#include <type_traits>
#include <vector>

namespace cria {
namespace {

// The deepest nesting of brackets outside strings, and the most members of one object (by its colons).
struct Shape {
    std::size_t depth = 0;
    std::size_t members = 0;
};

Shape shape_of(std::string_view text, std::size_t max_depth) {
    Shape shape;
    std::vector<std::size_t> members(max_depth + 1);  // of the open objects, by depth
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') ++i;
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            shape.depth = std::max(shape.depth, ++depth);
            if (depth <= max_depth) members[depth] = 0;
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        } else if (c == ':' && depth <= max_depth) {
            shape.members = std::max(shape.members, ++members[depth]);
        }
    }
    return shape;
}

template <class J>
Result<J> parse(std::string_view text, std::string_view who, JsonLimits limits) {
    if (text.size() > limits.max_bytes)
        return fail(ErrorKind::invalid_input, "{}: {} bytes of JSON; at most {} are read", who, text.size(),
                    limits.max_bytes);
    const Shape shape = shape_of(text, limits.max_depth);
    if (shape.depth > limits.max_depth)
        return fail(ErrorKind::invalid_input, "{}: JSON nested {} deep; at most {} is read", who, shape.depth,
                    limits.max_depth);
    if (std::is_same_v<J, OrderedJson> && shape.members > limits.max_ordered_members)
        return fail(ErrorKind::invalid_input, "{}: a JSON object with {} members; at most {} are read here", who,
                    shape.members, limits.max_ordered_members);
    try {
        return J::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        return fail(ErrorKind::corrupt, "{}: not JSON at byte {}", who, error.byte);
    } catch (const nlohmann::json::exception& error) {
        return fail(ErrorKind::corrupt, "{}: not JSON ({})", who, error.what());
    }
}

constexpr std::size_t kShown = 80;

}  // namespace

Result<Json> parse_json(std::string_view text, std::string_view who, JsonLimits limits) {
    return parse<Json>(text, who, limits);
}

Result<OrderedJson> parse_ordered_json(std::string_view text, std::string_view who, JsonLimits limits) {
    return parse<OrderedJson>(text, who, limits);
}

std::string json_text(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string json_text(const OrderedJson& value, int indent) {
    return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string shown_json(const Json& value) {
    const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    return text.size() <= kShown ? text : text.substr(0, kShown - 3) + "...";
}

}  // namespace cria

template class nlohmann::basic_json<>;
template class nlohmann::basic_json<nlohmann::ordered_map>;
