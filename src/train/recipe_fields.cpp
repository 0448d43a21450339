#include "train/recipe_fields.h"

#include <algorithm>
#include <charconv>

#include "base/nearest.h"
#include "text/unicode.h"

namespace cria {
namespace {

constexpr std::size_t kMaxListItems = 1000;

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t dot = path.find('.');
        parts.emplace_back(path.substr(0, dot));
        if (dot == std::string_view::npos) return parts;
        path.remove_prefix(dot + 1);
    }
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <class Names>
std::string joined(const Names& names) {
    std::string text;
    for (const auto& name : names) text += fmt::format("{}{}", text.empty() ? "" : ", ", name);
    return text;
}

bool is_utf8(std::string_view text) { return valid_utf8_prefix(text) == text.size(); }

std::string shown(const YAML::Node& node) {
    switch (node.Type()) {
        case YAML::NodeType::Scalar:
            return "'" + (node.Scalar().size() > 60 ? node.Scalar().substr(0, 60) + "…" : node.Scalar()) + "'";
        case YAML::NodeType::Sequence: return "a list";
        case YAML::NodeType::Map: return "a group of keys";
        default: return "nothing";
    }
}

// Whether the node is a number in the range; it is then in `value`.
bool read_number(const YAML::Node& node, const Range& range, double& value) {
    const auto number = node.IsScalar() ? parse_number<double>(node.Scalar()) : std::nullopt;
    value = number.value_or(0);
    return number && range.holds(value);
}

// The child of a mapping (by key) or of a list (by number); undefined when there is none.
std::optional<YAML::Node> child_of(YAML::Node& node, const std::string& part) {
    if (node.IsMap()) return node[part];
    const auto index = parse_number<std::size_t>(part);
    if (node.IsSequence() && index && *index < node.size()) return node[*index];
    return std::nullopt;
}

}  // namespace

bool Range::holds(double value) const {
    return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::text() const {
    return fmt::format("in {}{}, {}{}", low_open ? '(' : '[', low, high, high_open ? ')' : ']');
}

Result<RecipeTree> RecipeTree::parse(std::string_view text, std::string_view who,
                                     std::span<const std::string> overrides) {
    RecipeTree tree;
    tree.who_ = who;
    try {
        tree.root_ = YAML::Load(std::string(text));
        if (tree.root_.IsNull()) tree.root_ = YAML::Node(YAML::NodeType::Map);
        if (!tree.root_.IsMap())
            return fail(ErrorKind::invalid_input, "{}: {} where the recipe's keys were wanted", who, shown(tree.root_));
        for (const std::string& assignment : overrides) CRIA_TRY(tree.override_with(assignment));
    } catch (const YAML::Exception& error) {
        return fail(ErrorKind::invalid_input, "{} line {}: not YAML ({})", who, error.mark.line + 1, error.msg);
    }
    return tree;
}

Status RecipeTree::override_with(const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == 0 || equals == std::string::npos)
        return fail(ErrorKind::invalid_input, "--set {}: wanted key=value, e.g. --set optimizer.learning_rate=0.001",
                    assignment);
    const std::string path = assignment.substr(0, equals);
    YAML::Node value;
    try {
        value = YAML::Load(assignment.substr(equals + 1));
    } catch (const YAML::Exception& error) {
        return fail(ErrorKind::invalid_input, "--set {}: the value is not YAML ({})", assignment, error.msg);
    }
    YAML::Node node = root_;
    const std::vector<std::string> parts = split_path(path);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        auto child = child_of(node, parts[i]);
        if (!child)
            return fail(ErrorKind::invalid_input, "--set {}: the recipe has no place for {}: {} is {}", assignment, path,
                        i == 0 ? "it" : parts[i - 1], shown(node));
        if (i + 1 == parts.size()) {
            *child = value;
        } else if (!child->IsDefined() || child->IsNull()) {
            *child = YAML::Node(YAML::NodeType::Map);
        }
        node.reset(*child);
    }
    overridden_[path] = assignment;
    return {};
}

std::string RecipeTree::place(const std::string& path, const YAML::Node& node) const {
    const bool from_text = node.IsDefined() && !node.Mark().is_null();
    for (const auto& [key, assignment] : overridden_)
        if (path == key || path.starts_with(key + ".") || (!from_text && key.starts_with(path + ".")))
            return "--set " + assignment;
    if (!from_text) return who_;
    return fmt::format("{} line {}", who_, node.Mark().line + 1);
}

RecipeFields::RecipeFields(const RecipeTree& tree, YAML::Node node, std::string path)
    : tree_(tree), node_(node), path_(std::move(path)) {}

std::string RecipeFields::path_of(std::string_view key) const {
    return path_.empty() || key.empty() ? path_ + std::string(key) : fmt::format("{}.{}", path_, key);
}

void RecipeFields::complain(std::string_view key, std::string_view what) {
    if (!status_) return;
    YAML::Node at = node_;
    for (const auto& item : node_)
        if (item.first.IsScalar() && item.first.Scalar() == key) at.reset(item.first);
    const std::string path = path_of(key);
    status_ = fail(ErrorKind::invalid_input, "{}: {}{}{}", tree_.place(path, at), path, path.empty() ? "" : " ", what);
}

std::optional<YAML::Node> RecipeFields::take(std::string_view key) {
    known_.emplace_back(key);
    if (!status_) return std::nullopt;
    for (const auto& item : node_)
        if (item.first.IsScalar() && item.first.Scalar() == key) return item.second;
    return std::nullopt;
}

bool RecipeFields::has(std::string_view key) { return take(key).has_value(); }

std::optional<std::string> RecipeFields::scalar(std::string_view key, std::string_view wanted) {
    const auto node = take(key);
    if (!node) return std::nullopt;
    if (node->IsScalar()) {
        if (is_utf8(node->Scalar())) return node->Scalar();
        complain(key, "is not UTF-8");
        return std::nullopt;
    }
    complain(key, fmt::format("is {}; {} was wanted", shown(*node), wanted));
    return std::nullopt;
}

void RecipeFields::integer(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high) {
    const std::string wanted = fmt::format("a whole number from {} to {}", low, high);
    const auto text = scalar(key, wanted);
    if (!text) return;
    const auto number = parse_number<std::int64_t>(*text);
    if (!number || *number < low || *number > high)
        return complain(key, fmt::format("is '{}'; {} was wanted", *text, wanted));
    value = *number;
}

void RecipeFields::number(std::string_view key, double& value, Range range) {
    const std::string wanted = "a number " + range.text();
    const auto text = scalar(key, wanted);
    if (!text) return;
    const auto number = parse_number<double>(*text);
    if (!number || !range.holds(*number)) return complain(key, fmt::format("is '{}'; {} was wanted", *text, wanted));
    value = *number;
}

void RecipeFields::boolean(std::string_view key, bool& value) {
    const auto text = scalar(key, "true or false");
    if (!text) return;
    if (*text != "true" && *text != "false")
        return complain(key, fmt::format("is '{}'; true or false was wanted", *text));
    value = *text == "true";
}

void RecipeFields::text(std::string_view key, std::string& value) {
    if (auto text = scalar(key, "a text")) value = std::move(*text);
}

void RecipeFields::path(std::string_view key, Path& value) {
    const auto text = scalar(key, "a path");
    if (!text) return;
    if (text->empty() || text->find('\0') != std::string::npos) return complain(key, "is empty; a path was wanted");
    value = *text;
}

void RecipeFields::choice(std::string_view key, std::string& value, std::span<const std::string_view> choices) {
    const auto text = scalar(key, "one of " + joined(choices));
    if (!text) return;
    if (std::ranges::find(choices, *text) == choices.end())
        return complain(key, fmt::format("is '{}'; one of {} was wanted", *text, joined(choices)));
    value = *text;
}

void RecipeFields::numbers(std::string_view key, std::span<double> values, Range range) {
    const auto node = take(key);
    if (!node) return;
    const std::string wanted = fmt::format("a list of {} numbers {}", values.size(), range.text());
    if (!node->IsSequence() || node->size() != values.size())
        return complain(key, fmt::format("is {}; {} was wanted", shown(*node), wanted));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const YAML::Node item = (*node)[i];
        if (!read_number(item, range, values[i]))
            return complain(key, fmt::format("has {} in it; {} was wanted", shown(item), wanted));
    }
}

void RecipeFields::weights(std::string_view key, std::map<std::string, double>& values) {
    const auto node = take(key);
    if (!node) return;
    if (!node->IsMap()) return complain(key, fmt::format("is {}; names with their weights were wanted", shown(*node)));
    values.clear();
    for (const auto& item : *node) {
        double weight = 0;
        if (!item.first.IsScalar() || !is_utf8(item.first.Scalar()) || !read_number(item.second, {0, 1e6}, weight))
            return complain(key, fmt::format("gives {} the weight {}; a number in [0, 1e6] was wanted",
                                             shown(item.first), shown(item.second)));
        values[item.first.Scalar()] = weight;
    }
}

void RecipeFields::run(YAML::Node node, std::string path, FunctionRef<void(RecipeFields&)> read) {
    RecipeFields fields(tree_, node, std::move(path));
    read(fields);
    status_ = fields.finish();
}

void RecipeFields::mapping(std::string_view key, FunctionRef<void(RecipeFields&)> read) {
    const auto node = take(key);
    if (!node) return;
    if (node->IsNull()) return run(YAML::Node(YAML::NodeType::Map), path_of(key), read);
    if (!node->IsMap()) return complain(key, fmt::format("is {}; a group of keys was wanted", shown(*node)));
    run(*node, path_of(key), read);
}

void RecipeFields::each(std::string_view key, FunctionRef<void(RecipeFields&)> read) {
    const auto node = take(key);
    if (!node) return;
    if (!node->IsSequence() || node->size() == 0 || node->size() > kMaxListItems)
        return complain(key, fmt::format("is {}; a list of 1 to {} items was wanted", shown(*node), kMaxListItems));
    for (std::size_t i = 0; i < node->size() && status_; ++i) {
        const std::string path = fmt::format("{}.{}", path_of(key), i);
        const YAML::Node item = (*node)[i];
        if (!item.IsMap()) return complain(key, fmt::format("has {} as item {}; keys were wanted", shown(item), i));
        run(item, path, read);
    }
}

void RecipeFields::require(std::string_view key) {
    if (!has(key)) complain("", fmt::format("{}lacks the key {}", path_.empty() ? "the recipe " : "", key));
}

void RecipeFields::only_one_of(std::span<const std::string_view> keys) {
    const auto count = std::ranges::count_if(keys, [&](std::string_view key) { return has(key); });
    if (count != 1) complain("", fmt::format("needs exactly one of {}; it has {}", joined(keys), count));
}

void RecipeFields::check_keys() {
    std::set<std::string> seen;
    for (const auto& item : node_) {
        if (!item.first.IsScalar()) return complain("", fmt::format("has {} as a key", shown(item.first)));
        const std::string& key = item.first.Scalar();
        if (!seen.insert(key).second) return complain(key, "is there twice");
        if (std::ranges::find(known_, key) != known_.end()) continue;
        const std::string_view meant = nearest(key, known_);
        const std::string hint = meant.empty() ? "the keys here are " + joined(std::set(known_.begin(), known_.end()))
                                               : fmt::format("did you mean {}?", path_of(meant));
        return complain(key, "is no key of a recipe; " + hint);
    }
}

const Status& RecipeFields::finish() {
    // A misspelt key is the better explanation for a missing one, so it is told first.
    const Status earlier = std::exchange(status_, {});
    check_keys();
    if (status_) status_ = earlier;
    return status_;
}

}  // namespace cria
