// Reading a recipe's YAML key by key, with every key, type and range checked and every complaint placed.
#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"

namespace cria {

struct Range {
    double low;
    double high;
    bool low_open = false;
    bool high_open = false;
    bool holds(double value) const;
    std::string text() const;  // "in (0, 1]"
};

// A recipe's text as a tree, with `--set key=value` laid over it. The root is a mapping.
class RecipeTree {
public:
    // `overrides` are "a.b.c=value"; the values are YAML. `who` begins every message. Errors: invalid_input.
    static Result<RecipeTree> parse(std::string_view text, std::string_view who,
                                    std::span<const std::string> overrides);

    const YAML::Node& root() const { return root_; }
    // "recipes/demo.yaml line 12", or "--set optimizer.clip=x" for a value that came from there.
    std::string place(const std::string& path, const YAML::Node& node) const;

private:
    Status override_with(const std::string& assignment);

    std::string who_;
    YAML::Node root_;
    std::map<std::string, std::string> overridden_;  // path -> the assignment
};

// One mapping of the tree. Ask for every key that it may have, then finish(): keys that nobody asked for are
// named there. The first complaint is kept and later calls do nothing. Values stay as they are when their
// key is absent.
class RecipeFields {
public:
    RecipeFields(const RecipeTree& tree, YAML::Node node, std::string path);

    bool has(std::string_view key);
    void integer(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high);
    void number(std::string_view key, double& value, Range range);
    void boolean(std::string_view key, bool& value);
    void text(std::string_view key, std::string& value);
    void path(std::string_view key, Path& value);
    void choice(std::string_view key, std::string& value, std::span<const std::string_view> choices);
    void numbers(std::string_view key, std::span<double> values, Range range);  // a list of exactly that many
    void mapping(std::string_view key, FunctionRef<void(RecipeFields&)> read);
    // A mapping from free names to numbers, e.g. languages to weights.
    void weights(std::string_view key, std::map<std::string, double>& values);
    void each(std::string_view key, FunctionRef<void(RecipeFields&)> read);  // a list of mappings
    void require(std::string_view key);
    void only_one_of(std::span<const std::string_view> keys);  // exactly one must be there

    // Complains about `key` (or about the mapping itself when empty) at its place.
    void complain(std::string_view key, std::string_view what);
    const Status& finish();

private:
    std::optional<YAML::Node> take(std::string_view key);
    std::optional<std::string> scalar(std::string_view key, std::string_view wanted);
    std::string path_of(std::string_view key) const;
    void check_keys();
    void run(YAML::Node node, std::string path, FunctionRef<void(RecipeFields&)> read);

    const RecipeTree& tree_;
    YAML::Node node_;
    std::string path_;
    std::vector<std::string> known_;
    Status status_{};
};

}  // namespace cria
