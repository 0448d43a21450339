#include "house_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace cria::house {
namespace {

// The floors of the house; a room includes lower floors only.
const std::map<std::string_view, int> kFloors = {
    {"base", 0},  {"tensor", 1}, {"kernels", 2}, {"http", 2},  {"sandbox", 2}, {"ops", 3},      {"text", 3},
    {"chat", 3},  {"image", 3},  {"store", 3},   {"model", 4}, {"quant", 4},   {"demo", 4},     {"engine", 5},
    {"train", 5}, {"stack", 6},  {"agent", 6},   {"eval", 6},  {"rag", 6},     {"provider", 6}, {"safety", 6},
    {"api", 7},   {"web", 7},    {"cli", 8},     {"server", 8}};
// Same-floor arrows, from -> to.
const std::set<std::pair<std::string_view, std::string_view>> kArrows = {{"chat", "text"}, {"quant", "model"}};

constexpr std::size_t kMaxFileLines = 800;
constexpr std::size_t kMaxColumns = 120;
constexpr std::size_t kMaxFunctionLines = 70;

struct Ban {
    std::string_view token;
    std::string_view wanted;
    std::vector<std::string_view> allowed;  // path prefixes
};

const std::vector<Ban>& banned_calls() {
    static const std::vector<Ban> bans = {
        {"getenv", "only the doors read the environment", {"src/cli/", "src/server/"}},
        {"throw", "errors are Result values", {"src/tensor/tensor.cpp"}},
        {"abort", "use CRIA_ASSERT for our bugs, Result for the world's faults", {"src/base/assert.cpp"}},
        {"terminate", "use CRIA_ASSERT for our bugs, Result for the world's faults", {}},
        {"fopen", "files go through Os", {"src/base/os"}},
        {"ifstream", "files go through Os", {}},
        {"ofstream", "files go through Os", {}},
        {"random_device", "randomness comes from Os and base/random.h", {"src/base/os"}},
        {"mt19937", "randomness comes from Os and base/random.h", {}},
        {"system_clock::now", "clocks are read through Os", {"src/base/os"}},
        {"steady_clock::now", "clocks are read through Os", {"src/base/os", "src/tensor/thread_pool.cpp"}},
    };
    return bans;
}

// Written in two halves, so that this file does not break its own rule.
const std::array<std::string, 8> kBannedWords = {
    "TO"
    "DO",
    "FIX"
    "ME",
    "XX"
    "X:",
    "/op"
    "t/ref",
    "/wor"
    "k/",
    "/hom"
    "e/",
    "/roo"
    "t/",
    "--index"
    "-url"};
// Hosts that a link may name.
const std::set<std::string_view> kHosts = {"127.0.0.1",      "llama3-2-lightweight.llamameta.net",
                                           "www.llama.com",  "huggingface.co",
                                           "numpy.org",      "arxiv.org",
                                           "github.com",     "www.unicode.org",
                                           "cli.github.com", "www.w3.org",
                                           "json-schema.org"};

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::size_t line_at(std::string_view text, std::size_t position) {
    return 1 + static_cast<std::size_t>(
                   std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

bool is_cpp(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".h"); }
bool is_test(std::string_view path) {
    return path.ends_with("_test.cpp") || path.ends_with("_testing.h") || path.starts_with("tests/");
}

std::optional<std::string_view> room_of(std::string_view path) {
    if (!path.starts_with("src/")) return std::nullopt;
    path.remove_prefix(4);
    const std::size_t slash = path.find('/');
    return slash == path.npos ? std::nullopt : std::optional(path.substr(0, slash));
}

// The "..." of an #include line.
std::optional<std::string_view> quoted_include(std::string_view line) {
    constexpr std::string_view kDirective = "#include \"";
    if (!line.starts_with(kDirective)) return std::nullopt;
    line.remove_prefix(kDirective.size());
    return line.substr(0, line.find('"'));
}

std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Where `token` stands as a whole word in `code`.
std::vector<std::size_t> find_token(std::string_view code, std::string_view token) {
    std::vector<std::size_t> places;
    for (std::size_t at = code.find(token); at != code.npos; at = code.find(token, at + 1)) {
        const bool begins = at == 0 || !is_word(code[at - 1]);
        const std::size_t end = at + token.size();
        if (begins && (end == code.size() || !is_word(code[end]))) places.push_back(at);
    }
    return places;
}

// Copies text while blanking what is not code. `keep_strings` is for nobody: literals keep only their quotes.
class Blanker {
public:
    explicit Blanker(std::string_view text) : text_(text), code_(text) {}

    std::string run() {
        while (at_ < text_.size()) {
            if (starts("//")) {
                blank_until(std::min(text_.find('\n', at_), text_.size()));
            } else if (starts("/*")) {
                blank_until(end_after("*/", at_ + 2));
            } else if (starts("R\"") && (at_ == 0 || !is_word(text_[at_ - 1]))) {
                blank_raw_string();
            } else if (text_[at_] == '"' || (text_[at_] == '\'' && (at_ == 0 || !is_word(text_[at_ - 1])))) {
                blank_literal(text_[at_]);
            } else {
                ++at_;
            }
        }
        return std::move(code_);
    }

private:
    bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
    std::size_t end_after(std::string_view what, std::size_t from) const {
        const std::size_t found = text_.find(what, from);
        return found == text_.npos ? text_.size() : found + what.size();
    }
    void blank_until(std::size_t end) {
        for (; at_ < end; ++at_)
            if (text_[at_] != '\n') code_[at_] = ' ';
    }
    void blank_raw_string() {
        const std::size_t open = std::min(text_.find('(', at_), text_.size());
        const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
        blank_until(end_after(close, open));
    }
    void blank_literal(char quote) {
        std::size_t end = ++at_;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') end += text_[end] == '\\' ? 2u : 1u;
        blank_until(std::min(end, text_.size()));
        at_ = std::min(end + 1, text_.size());
    }

    std::string_view text_;
    std::string code_;
    std::size_t at_ = 0;
};

// Whether the text before a '{' declares a function (and not a type, a namespace or a variable).
bool opens_function(std::string_view head) {
    for (const std::string_view other : {"namespace", "class", "struct", "enum", "union", "concept"})
        if (!find_token(head, other).empty()) return false;
    const std::size_t open = head.find('(');
    if (open == head.npos) return false;
    const std::size_t assign = head.find('=');
    return assign == head.npos || assign > open || head.find("operator") < assign;
}

// `member_{1}` in a constructor's list of members: its brace opens no body.
bool opens_member(std::string_view head) {
    return !head.empty() && is_word(head.back()) && head.find(')') != head.npos && head.find(" : ") != head.npos;
}

// Lines of `code` that are more than literals of a table.
std::size_t lines_with_code(std::string_view code) {
    const auto lines = lines_of(code);
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](std::string_view line) {
        return line.find('"') == line.npos || std::any_of(line.begin(), line.end(), is_word);
    }));
}

void add(Findings& findings, std::string_view path, std::size_t line, std::string_view what) {
    findings.push_back(fmt::format("{}:{}: {}", path, line, what));
}

}  // namespace

std::string code_only(std::string_view text) { return Blanker(text).run(); }

Findings check_includes(const SourceFile& file) {
    Findings findings;
    const auto room = room_of(file.path);
    if (!room) return findings;
    const auto own = kFloors.find(*room);
    if (own == kFloors.end())
        return {fmt::format("{}:1: the room '{}' has no floor in house_rules.cpp", file.path, *room)};
    std::size_t number = 0;
    for (const std::string_view line : lines_of(file.text)) {
        ++number;
        const auto path = quoted_include(line);
        if (!path) continue;
        const std::string_view other = path->substr(0, path->find('/'));
        const auto floor = kFloors.find(other);
        if (path->find('/') == path->npos || floor == kFloors.end())
            add(findings, file.path, number, fmt::format("\"{}\" is not named from src/ as room/file.h", *path));
        else if (other != *room && floor->second >= own->second && !kArrows.contains({*room, other}))
            add(findings, file.path, number,
                fmt::format("{} (floor {}) includes {} (floor {}); only lower floors may be", *room, own->second, other,
                            floor->second));
    }
    return findings;
}

Findings check_calls(const SourceFile& file) {
    Findings findings;
    if (!file.path.starts_with("src/") || is_test(file.path)) return findings;
    const std::string code = code_only(file.text);
    for (const Ban& ban : banned_calls()) {
        const auto allows = [&](std::string_view prefix) { return file.path.starts_with(prefix); };
        if (std::any_of(ban.allowed.begin(), ban.allowed.end(), allows)) continue;
        for (const std::size_t at : find_token(code, ban.token))
            add(findings, file.path, line_at(code, at), fmt::format("'{}': {}", ban.token, ban.wanted));
    }
    return findings;
}

Findings check_layout(const SourceFile& file) {
    Findings findings;
    const auto lines = lines_of(file.text);
    if (lines.size() > kMaxFileLines)
        add(findings, file.path, lines.size(),
            fmt::format("{} lines; at most {} are wanted", lines.size(), kMaxFileLines));
    if (file.path.ends_with(".h") && file.text.find("#pragma once\n") == file.text.npos)
        add(findings, file.path, 1, "#pragma once is missing");
    const std::string code = code_only(file.text);
    const auto code_lines = lines_of(code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].find('\t') != lines[i].npos) add(findings, file.path, i + 1, "a tab; four spaces are wanted");
        if (lines[i].ends_with('\r')) add(findings, file.path, i + 1, "a carriage return at the end");
        // Words of other languages and prompts live in string literals, which cannot always be broken well.
        const std::size_t columns = code_points(lines[i]);
        const bool has_text = lines[i].find('"') != lines[i].npos || code_lines[i].find_first_not_of(' ') == code.npos;
        if (columns > kMaxColumns && !(has_text && lines[i].find("//") == lines[i].npos))
            add(findings, file.path, i + 1, fmt::format("{} columns; at most {} are wanted", columns, kMaxColumns));
    }
    return findings;
}

Findings check_functions(const SourceFile& file) {
    Findings findings;
    std::string code = code_only(file.text);
    std::size_t line_start = 0;
    for (const std::string_view line : lines_of(code)) {  // directives are no part of a function's head
        if (line.starts_with('#'))
            std::fill_n(code.begin() + static_cast<std::ptrdiff_t>(line_start), line.size(), ' ');
        line_start += line.size() + 1;
    }
    enum class Brace { outer, member, function, inner };
    std::vector<Brace> open;
    std::size_t head = 0;   // where the text before the next brace begins
    std::size_t first = 0;  // where the function being read begins
    for (std::size_t i = 0; i < code.size(); ++i) {
        const bool outside = open.empty() || open.back() == Brace::outer;
        if (code[i] == '{') {
            const std::string_view text = std::string_view(code).substr(head, i - head);
            const Brace kind = !outside               ? Brace::inner
                               : opens_member(text)   ? Brace::member
                               : opens_function(text) ? Brace::function
                                                      : Brace::outer;
            open.push_back(kind);
            if (kind == Brace::function) first = std::min(code.find_first_not_of(" \n", head), i);
            if (kind == Brace::outer) head = i + 1;
        } else if (code[i] == '}' && !open.empty()) {
            const Brace kind = open.back();
            open.pop_back();
            const std::size_t lines =
                kind == Brace::function ? lines_with_code(std::string_view(code).substr(first, i + 1 - first)) : 0;
            if (lines > kMaxFunctionLines)
                add(findings, file.path, line_at(code, first),
                    fmt::format("a function of {} lines; at most {} are wanted", lines, kMaxFunctionLines));
            if (kind == Brace::function || kind == Brace::outer) head = i + 1;
        } else if (code[i] == ';' && outside) {
            head = i + 1;
        }
    }
    return findings;
}

Findings check_words(const SourceFile& file) {
    Findings findings;
    const std::string_view text = file.text;
    for (const std::string& word : kBannedWords)
        for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1))
            add(findings, file.path, line_at(text, at), fmt::format("'{}' has no place in the repository", word));
    for (std::size_t at = text.find("://"); at != text.npos; at = text.find("://", at + 1)) {
        const std::size_t end = std::min(text.find_first_of(" /\n\"'`)>:,;", at + 3), text.size());
        const std::string_view host = text.substr(at + 3, end - at - 3);
        if (host.find('.') != host.npos && !kHosts.contains(host))
            add(findings, file.path, line_at(text, at),
                fmt::format("a link to '{}', which house_rules.cpp does not know", host));
    }
    return findings;
}

Findings check_cycles(const std::vector<SourceFile>& files) {
    std::map<std::string, std::vector<std::string>> includes;
    for (const SourceFile& file : files)
        for (const std::string_view line : lines_of(file.text))
            if (const auto path = quoted_include(line)) includes[file.path].push_back("src/" + std::string(*path));

    // Headers that lead to no cycle are taken away, from the leaves upwards; what stays is in a cycle or above one.
    bool changed = true;
    while (changed) {
        changed = false;
        for (auto it = includes.begin(); it != includes.end();) {
            const auto stays = [&](const std::string& path) { return includes.contains(path); };
            const bool leaf = std::none_of(it->second.begin(), it->second.end(), stays);
            changed = changed || leaf;
            it = leaf ? includes.erase(it) : std::next(it);
        }
    }
    Findings findings;
    for (const auto& [path, others] : includes)
        if (path.ends_with(".h")) add(findings, path, 1, "is in a cycle of includes, or includes one");
    return findings;
}

Findings check_file(const SourceFile& file) {
    Findings all = check_words(file);
    const auto append = [&all](Findings more) { all.insert(all.end(), more.begin(), more.end()); };
    if (is_cpp(file.path)) {
        append(check_includes(file));
        append(check_calls(file));
        append(check_layout(file));
        append(check_functions(file));
    }
    return all;
}

}  // namespace cria::house
