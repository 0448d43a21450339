// The option --model of the verbs that look at one, and finding what it names.
#pragma once

#include <string>

#include "cli/cli.h"
#include "cli/options.h"
#include "text/tokenizer.h"

namespace cria {

void add_model_option(Options& options, std::string& model);
// --int8: LoadOptions::int8.
void add_int8_option(Options& options, bool& int8);
// A name, folder or file -> the model's folder (or the file).
Result<Path> find_named_model(Cli& cli, const std::string& model);
// The tokenizer alone, also of a folder without weights, or of a tokenizer file.
Result<Tokenizer> load_named_tokenizer(Cli& cli, const std::string& model);

}  // namespace cria
