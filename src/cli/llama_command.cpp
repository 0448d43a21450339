#include "cli/llama_command.h"

#include <algorithm>
#include <map>
#include <set>

namespace cria {
namespace {

using Words = std::vector<std::string>;

struct Parsed {
    std::map<std::string, std::string> values{};
    std::set<std::string> flags{};
};

// "--model-id X", "--model-id=X" and flags.
Result<Parsed> parse(const Words& words, std::size_t from) {
    static const std::map<std::string, std::string> kValues{{"-m", "model"},
                                                            {"--model", "model"},
                                                            {"--model-id", "model"},
                                                            {"--source", "source"},
                                                            {"--meta-url", "meta-url"},
                                                            {"--hf-token", "hf-token"},
                                                            {"--max-parallel", "parallel"}};
    Parsed parsed;
    for (std::size_t i = from; i < words.size(); ++i) {
        const std::size_t equals = std::min(words[i].find('='), words[i].size());
        const std::string name = words[i].substr(0, equals);
        const auto value = kValues.find(name);
        if (value == kValues.end()) {
            parsed.flags.insert(name);
            continue;
        }
        if (equals == words[i].size() && ++i == words.size())
            return fail(ErrorKind::invalid_input, "llama: {} wants a value", name);
        parsed.values[value->second] =
            equals < words[i].size() && words[i].starts_with(name + "=") ? words[i].substr(equals + 1) : words[i];
    }
    return parsed;
}

Result<Words> with_model(Words command, const Parsed& parsed) {
    const auto model = parsed.values.find("model");
    if (model == parsed.values.end()) return fail(ErrorKind::invalid_input, "llama: --model-id is missing");
    command.push_back(model->second);
    return command;
}

Result<Words> download(const Parsed& parsed) {
    Words command = CRIA_TRY(with_model({"pull"}, parsed));
    for (const auto& [name, option] : {std::pair("meta-url", "--meta-url"), std::pair("hf-token", "--token"),
                                       std::pair("parallel", "--connections")})
        if (const auto value = parsed.values.find(name); value != parsed.values.end())
            command.insert(command.end(), {option, value->second});
    const auto source = parsed.values.find("source");
    if (source != parsed.values.end() && source->second == "meta" && !parsed.values.contains("meta-url"))
        return fail(ErrorKind::invalid_input, "llama: --source meta wants the link of Meta's e-mail in --meta-url");
    return command;
}

}  // namespace

Result<Words> from_llama_command(const Words& arguments) {
    const std::size_t start = !arguments.empty() && arguments[0] == "model" ? 1 : 0;
    const std::string verb = arguments.size() > start ? arguments[start] : "";
    const Parsed parsed = CRIA_TRY(parse(arguments, start + 1));
    if (verb == "download") return download(parsed);
    if (verb == "verify-download") return with_model({"verify"}, parsed);
    if (start == 1 && verb == "list")
        return parsed.flags.contains("--downloaded") ? Words{"list"} : Words{"pull", "--list"};
    if (start == 1 && verb == "describe") return with_model({"show"}, parsed);
    if (start == 1 && verb == "remove") return with_model({"rm"}, parsed);
    return fail(ErrorKind::invalid_input,
                "llama: of the old command there are `model list`, `model describe`, `model remove`, `download` and "
                "`verify-download`; see cria help for the rest");
}

}  // namespace cria
