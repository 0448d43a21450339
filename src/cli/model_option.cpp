#include "cli/model_option.h"

#include "model/model_files.h"
#include "store/model_folder.h"
#include "text/tokenizer_files.h"

namespace cria {

void add_model_option(Options& options, std::string& model) {
    options.value("-m,--model", model, "MODEL", "a model's name (see cria list), folder, or file", Need::required);
}

Result<Path> find_named_model(Cli& cli, const std::string& model) {
    auto found = find_model(cli.os, model, model_folders(cli.environment));
    if (!found && found.error().kind == ErrorKind::not_found && model == "demo")
        return fail(ErrorKind::not_found,
                    "the demo model is not in models/demo; make it with `cria train recipes/demo.yaml`");
    return found;
}

Result<Tokenizer> load_named_tokenizer(Cli& cli, const std::string& model) {
    Path path = CRIA_TRY(find_named_model(cli, model));
    if (path.extension() == ".safetensors") path = path.parent_path();
    const auto files = open_model_weights(cli.os, path);
    if (files && files->format == ModelFormat::gguf) return read_tokenizer(cli.os, *files);
    return load_tokenizer(cli.os, path);
}

}  // namespace cria
