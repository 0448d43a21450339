#include "cli/environment.h"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace cria {
namespace {

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') return std::nullopt;
    return std::string(value);
}

std::optional<int> positive_number(const std::optional<std::string>& text) {
    int value = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    return error == std::errc{} && *end == '\0' && value > 0 ? std::optional(value) : std::nullopt;
}

}  // namespace

Environment read_environment() {
    Environment environment;
    std::error_code unknown;
    environment.program = std::filesystem::read_symlink("/proc/self/exe", unknown);
    environment.home = variable("HOME");
    environment.models = variable("CRIA_MODELS");
    environment.cache = variable("XDG_CACHE_HOME");
    environment.hf_endpoint = variable("HF_ENDPOINT");
    environment.hf_token = variable("HF_TOKEN");
    environment.hf_token_path = variable("HF_TOKEN_PATH");
    environment.hf_home = variable("HF_HOME");
    environment.hf_cache = variable("HF_HUB_CACHE");
    environment.runtime = variable("XDG_RUNTIME_DIR");
    environment.certificates = variable("SSL_CERT_FILE");
    environment.no_color = variable("NO_COLOR").has_value();
    environment.no_history = variable("CRIA_NOHISTORY").has_value();
    environment.plain_terminal = variable("TERM").value_or("dumb") == "dumb";
    environment.columns = positive_number(variable("COLUMNS"));
    return environment;
}

std::vector<Path> runtime_folders(const Environment& environment) {
    std::vector<Path> folders;
    if (environment.runtime && environment.runtime->is_absolute()) folders.push_back(*environment.runtime / "cria");
    if (environment.home) folders.push_back(*environment.home / ".cria" / "run");
    return folders;
}

std::vector<Path> model_folders(const Environment& environment) {
    std::vector<Path> folders;
    if (environment.models) folders.push_back(*environment.models);
    if (environment.home) folders.push_back(*environment.home / ".cria" / "models");
    if (!environment.program.empty()) {
        const Path beside = environment.program.parent_path().parent_path();
        folders.push_back(beside / "models");
        folders.push_back(beside / "share" / "cria" / "models");
    }
    return folders;
}

std::optional<Path> cache_folder(const Environment& environment) {
    // The XDG base directory specification: a relative path is to be ignored.
    if (environment.cache && environment.cache->is_absolute()) return *environment.cache / "cria";
    if (environment.home) return *environment.home / ".cache" / "cria";
    return std::nullopt;
}

}  // namespace cria
