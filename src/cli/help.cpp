#include "cli/help.h"

#include <algorithm>

namespace cria {
namespace {

constexpr int kWidest = 90;
constexpr std::size_t kOptionColumn = 28;

// Paragraphs (separated by empty lines) filled to `width`, each line after `indent` spaces.
std::string fill(std::string_view text, std::size_t indent, std::size_t width) {
    std::string out;
    std::string line;
    const auto end_line = [&] {
        if (!line.empty()) out += std::string(indent, ' ') + line + "\n";
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
        const std::string_view word = text.substr(0, end);
        if (!line.empty() && indent + line.size() + 1 + word.size() > width) end_line();
        if (!word.empty()) line += (line.empty() ? "" : " ") + std::string(word);
        if (text.substr(end).starts_with("\n\n")) {
            end_line();
            out += "\n";
            text.remove_prefix(1);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    end_line();
    return out;
}

std::string option_lines(const OptionInfo& option, std::size_t width) {
    std::string left = fmt::format("  {}", fmt::join(option.names, ", "));
    if (!option.type.empty()) left += " " + option.type;
    const std::string right = fill(option.help, kOptionColumn, width);
    if (left.size() + 2 > kOptionColumn) return left + "\n" + right;
    return left + right.substr(std::min(left.size(), right.size()));
}

std::string synopsis(const VerbInfo& verb) {
    std::string line = "cria " + verb.page.name;
    for (const OptionInfo& option : verb.options) {
        if (!option.positional) continue;
        const std::string name = option.names.front() + (option.repeated ? "..." : "");
        line += option.required ? " " + name : " [" + name + "]";
    }
    return line + " [OPTIONS]";
}

}  // namespace

std::string overview(const std::vector<VerbInfo>& verbs) {
    std::string out =
        "Cria: the native home of Llama 3.2. Runs and trains small Llamas on this machine.\n\n"
        "Usage: cria VERB [OPTIONS]\n\nVerbs:\n";
    for (const VerbInfo& verb : verbs) out += fmt::format("  {:<12} {}\n", verb.page.name, verb.page.summary);
    out +=
        "\nStart with:\n"
        "  cria demo                     a guided tour with the model that ships\n"
        "  cria run demo                 talk to it\n"
        "  cria help run                 all about a verb, with examples\n";
    return out;
}

std::string manual(const VerbInfo& verb, const Console& console) {
    const Page& page = verb.page;
    const auto width = static_cast<std::size_t>(std::clamp(console.width(), 40, kWidest));
    const auto heading = [&](std::string_view text) { return "\n" + console.styled(text, Style::bold) + "\n"; };
    std::string own, everywhere;
    for (const OptionInfo& option : verb.options) {
        (option.everywhere ? everywhere : own) += option_lines(option, width);
    }
    std::string out = console.styled("NAME", Style::bold) + fmt::format("\n  cria {} - {}\n", page.name, page.summary);
    out += heading("SYNOPSIS") + "  " + synopsis(verb) + "\n";
    if (!page.alias.empty()) out += fmt::format("  cria {} ... is the same\n", page.alias);
    out += heading("DESCRIPTION") + fill(page.description, 2, width);
    if (!own.empty()) out += heading("OPTIONS") + own;
    out += heading("OPTIONS OF EVERY VERB") + everywhere;
    out += heading("EXAMPLES") + page.examples;
    out += heading("EXIT CODES") +
           "  0 done   1 something asked or given is wrong   2 wrong usage\n"
           "  3 not enough memory or disk   130 interrupted\n";
    return out;
}

}  // namespace cria
