// Everything that Cria takes from its surroundings, read once, here only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/os.h"

namespace cria {

struct Environment {
    Path program;                  // this executable; empty when unknown
    std::optional<Path> home{};    // HOME
    std::optional<Path> models{};  // CRIA_MODELS
    std::optional<Path> cache{};   // XDG_CACHE_HOME
    // Hugging Face's: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME, HF_HUB_CACHE.
    std::optional<std::string> hf_endpoint{}, hf_token{};
    std::optional<Path> hf_token_path{}, hf_home{}, hf_cache{};
    std::optional<Path> runtime{};              // XDG_RUNTIME_DIR
    std::optional<std::string> certificates{};  // SSL_CERT_FILE
    bool no_color = false;                      // NO_COLOR, see no-color.org
    bool no_history = false;                    // CRIA_NOHISTORY
    bool plain_terminal = false;                // TERM is dumb or missing
    std::optional<int> columns{};               // COLUMNS
};

Environment read_environment();

// Where the user's processes tell which models they hold, in the first that they can write to:
// $XDG_RUNTIME_DIR/cria, ~/.cria/run.
std::vector<Path> runtime_folders(const Environment& environment);

// Where models are looked for by name: $CRIA_MODELS, ~/.cria/models, and what came with the program.
std::vector<Path> model_folders(const Environment& environment);

// What can be made again at any time: $XDG_CACHE_HOME/cria, else ~/.cache/cria.
std::optional<Path> cache_folder(const Environment& environment);

}  // namespace cria
