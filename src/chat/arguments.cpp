// Arguments of calls against the tool's JSON Schema: the part of the language that tools use.
#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "base/nearest.h"
#include "chat/literal.h"
#include "chat/tool_call.h"
#include "text/unicode.h"

namespace cria {
namespace {

// The member of a schema, when it is there and of the kind that the keyword has.
using Kind = OrderedJson::value_t;
const OrderedJson* keyword(const OrderedJson& schema, const char* name, std::initializer_list<Kind> kinds) {
    if (!schema.is_object()) return nullptr;
    const auto found = schema.find(name);
    if (found == schema.end() || std::ranges::find(kinds, found->type()) == kinds.end()) return nullptr;
    return &*found;
}

const OrderedJson* number_keyword(const OrderedJson& schema, const char* name) {
    return keyword(schema, name, {Kind::number_integer, Kind::number_unsigned, Kind::number_float});
}

// Text as a message shows it: cut after `limit` bytes, between characters.
std::string cut(std::string text, std::size_t limit) {
    if (text.size() <= limit) return text;
    text.resize(limit);
    text.resize(valid_utf8_prefix(text));
    return text + "...";
}

std::string shown(const OrderedJson& value) { return cut(json_line(value), 60); }

std::string shown_choices(const OrderedJson& value) { return cut(json_line(value), 300); }

bool is_whole(const OrderedJson& value) {
    return value.is_number_integer() || (value.is_number_float() && std::trunc(value.get<double>()) == value);
}

// Types by their JSON Schema names and those of Python, which Llama's definitions use ("dict"). A type that
// nobody knows admits everything.
bool has_type(const OrderedJson& value, const OrderedJson& type) {
    if (!type.is_string()) return true;
    const auto& name = type.get_ref<const std::string&>();
    const auto is = [&](std::initializer_list<std::string_view> names) {
        return std::ranges::find(names, name) != names.end();
    };
    if (is({"string", "str"})) return value.is_string();
    if (is({"integer", "int"})) return is_whole(value);
    if (is({"number", "float", "double"})) return value.is_number();
    if (is({"boolean", "bool"})) return value.is_boolean();
    if (is({"array", "list", "tuple"})) return value.is_array();
    if (is({"object", "dict"})) return value.is_object();
    if (is({"null", "none", "None"})) return value.is_null();
    return true;
}

bool digits(std::string_view text, std::size_t at, std::size_t count) {
    return at + count <= text.size() &&
           std::ranges::all_of(text.substr(at, count), [](char c) { return c >= '0' && c <= '9'; });
}

int number_at(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    for (const char c : text.substr(at, count)) value = value * 10 + (c - '0');
    return value;
}

// 2024-09-21 (RFC 3339 full-date), a day that exists.
bool is_date(std::string_view text) {
    if (text.size() != 10 || !digits(text, 0, 4) || text[4] != '-' || !digits(text, 5, 2) || text[7] != '-' ||
        !digits(text, 8, 2))
        return false;
    const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
    if (month < 1 || month > 12) return false;
    constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= kDays[static_cast<std::size_t>(month - 1)] + (leap && month == 2 ? 1 : 0);
}

// 15:30 or 15:30:00, as models write times.
bool is_clock(std::string_view text) {
    const bool minutes = digits(text, 0, 2) && text.size() >= 5 && text[2] == ':' && digits(text, 3, 2);
    if (!minutes || number_at(text, 0, 2) > 23 || number_at(text, 3, 2) > 59) return false;
    if (text.size() == 5) return true;
    return text.size() == 8 && text[5] == ':' && digits(text, 6, 2) && number_at(text, 6, 2) < 60;
}

// RFC 3339 date-time, also with the seconds, their fraction or the zone left out.
bool is_date_time(std::string_view text) {
    if (text.size() < 16 || !is_date(text.substr(0, 10)) || (text[10] != 'T' && text[10] != 't' && text[10] != ' '))
        return false;
    text.remove_prefix(11);
    if (text.ends_with('Z') || text.ends_with('z')) {
        text.remove_suffix(1);
    } else if (const std::size_t zone = text.find_last_of("+-"); zone != std::string_view::npos) {
        if (text.size() - zone != 6 || !is_clock(text.substr(zone + 1))) return false;
        text = text.substr(0, zone);
    }
    if (const std::size_t point = text.find('.'); point != std::string_view::npos) {
        if (point + 1 == text.size() || !digits(text, point + 1, text.size() - point - 1)) return false;
        text = text.substr(0, point);
    }
    return is_clock(text);
}

// Checks one call; `path` in messages is the argument's, e.g. attendees[2].name.
class Checker {
public:
    explicit Checker(std::string_view tool) : tool_(tool) {}

    Status object(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        if (const auto* required = keyword(schema, "required", {Kind::array}))
            for (const OrderedJson& name : *required)
                if (name.is_string() && !value.contains(name.get_ref<const std::string&>()))
                    return fail(ErrorKind::invalid_input, "{}: the argument \"{}\" is missing", tool_,
                                join(path, name.get_ref<const std::string&>()));
        const auto* properties = keyword(schema, "properties", {Kind::object});
        const auto* more = keyword(schema, "additionalProperties", {Kind::boolean, Kind::object});
        for (const auto& [name, item] : value.items()) {
            if (properties != nullptr && properties->contains(name)) {
                CRIA_TRY(check(item, (*properties)[name], join(path, name)));
            } else if (more != nullptr && more->is_object()) {
                CRIA_TRY(check(item, *more, join(path, name)));
            } else if (more != nullptr ? !more->get<bool>() : properties != nullptr) {
                return unknown(name, properties, path);
            }
        }
        return {};
    }

private:
    static std::string join(const std::string& path, const std::string& name) {
        return path.empty() ? cut(name, 60) : path + "." + cut(name, 60);
    }

    template <class... Args>
    std::unexpected<Error> wrong(const std::string& path, const OrderedJson& value, fmt::format_string<Args...> wanted,
                                 Args&&... args) const {
        return fail(ErrorKind::invalid_input, "{}: the argument \"{}\" is {}; it must be {}", tool_, path, shown(value),
                    fmt::format(wanted, std::forward<Args>(args)...));
    }

    Status unknown(const std::string& name, const OrderedJson* properties, const std::string& path) const {
        std::vector<std::string> known;
        if (properties != nullptr)
            for (const auto& [key, schema] : properties->items()) known.push_back(key);
        const std::string_view near = nearest(name, known);
        return fail(
            ErrorKind::invalid_input, "{}: there is no argument \"{}\"{}", tool_, join(path, name),
            near.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", join(path, std::string(near))));
    }

    Status check(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        CRIA_TRY(type(value, schema, path));
        CRIA_TRY(choice(value, schema, path));
        if (value.is_number()) return range(value, schema, path);
        if (value.is_string()) return format(value, schema, path);
        if (value.is_array()) return array(value, schema, path);
        if (value.is_object()) return object(value, schema, path);
        return {};
    }

    Status type(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        const auto* type = keyword(schema, "type", {Kind::string, Kind::array});
        if (type == nullptr) return {};
        const bool fits = type->is_string()
                              ? has_type(value, *type)
                              : std::ranges::any_of(*type, [&](const auto& t) { return has_type(value, t); });
        if (fits) return {};
        if (type->is_string()) return wrong(path, value, "of type {}", type->get_ref<const std::string&>());
        return wrong(path, value, "of one of the types {}", shown_choices(*type));
    }

    Status choice(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        if (const auto* choices = keyword(schema, "enum", {Kind::array}))
            if (std::ranges::find(*choices, value) == choices->end())
                return wrong(path, value, "one of {}", shown_choices(*choices));
        for (const char* name : {"anyOf", "oneOf"}) {
            const auto* schemas = keyword(schema, name, {Kind::array});
            if (schemas == nullptr || schemas->empty()) continue;
            const auto fits = [&](const OrderedJson& one) { return check(value, one, path).has_value(); };
            if (std::ranges::none_of(*schemas, fits))
                return wrong(path, value, "as one of {}", shown_choices(*schemas));
        }
        return {};
    }

    Status range(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        if (const auto* least = number_keyword(schema, "minimum"); least != nullptr && value < *least)
            return wrong(path, value, "at least {}", json_line(*least));
        if (const auto* most = number_keyword(schema, "maximum"); most != nullptr && value > *most)
            return wrong(path, value, "at most {}", json_line(*most));
        return {};
    }

    Status format(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        const auto* format = keyword(schema, "format", {Kind::string});
        if (format == nullptr) return {};
        const auto& text = value.get_ref<const std::string&>();
        if (*format == "date" && !is_date(text)) return wrong(path, value, "a date like 2024-09-21");
        if (*format == "date-time" && !is_date_time(text)) return wrong(path, value, "a time like 2024-09-21T15:30");
        return {};
    }

    Status array(const OrderedJson& value, const OrderedJson& schema, const std::string& path) const {
        if (const auto* least = number_keyword(schema, "minItems"); least != nullptr && value.size() < *least)
            return wrong(path, value, "a list of at least {}", json_line(*least));
        if (const auto* most = number_keyword(schema, "maxItems"); most != nullptr && value.size() > *most)
            return wrong(path, value, "a list of at most {}", json_line(*most));
        const auto* items = keyword(schema, "items", {Kind::object});
        if (items == nullptr) return {};
        for (std::size_t i = 0; i < value.size(); ++i)
            CRIA_TRY(check(value[i], *items, fmt::format("{}[{}]", path, i)));
        return {};
    }

    std::string_view tool_;
};

}  // namespace

Status check_arguments(const ToolCall& call, const ToolDefinition& tool) {
    if (!call.arguments.is_object())
        return fail(ErrorKind::invalid_input, "{}: the arguments are a JSON {}, not an object", tool.name,
                    call.arguments.type_name());
    return Checker(tool.name).object(call.arguments, tool.parameters, "");
}

}  // namespace cria
