#include "cli/model_option.h"

#include "cli/user_models.h"
#include "model/model_files.h"
#include "store/model_folder.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

// A model that is here under the name of its repository, or in Hugging Face's cache, and what to do when it is not.
Result<Path> find_by_other_names(Cli& cli, const std::string& model, Error error) {
    const auto name = parse_hub_name(model);
    if (!name) return std::unexpected(std::move(error));
    if (const CatalogueModel* known = find_in_catalogue(model)) {
        const auto found = find_model(cli.os, folder_name(*known), model_folders(cli.environment));
        if (found) return found;
    }
    if (const auto cached = find_in_hub_cache(cli.os, cli.environment, *name)) return cached;
    if (find_in_catalogue(model) == nullptr && !model.starts_with("hf.co/")) return std::unexpected(std::move(error));
    return fail(ErrorKind::not_found, "{} is not on this machine; `cria pull {}` fetches it", model, model);
}

}  // namespace

void add_model_option(Options& options, std::string& model) {
    options.value("-m,--model", model, "MODEL", "a model's name (see cria list), folder, or file", Need::required);
}

void add_int8_option(Options& options, bool& int8) {
    options.flag(
        "--int8", int8,
        "run weights of f32, bf16 or f16 in eight bits: half the memory of 16, and about twice as fast; rounded "
        "once, and kept beside the model");
}

Result<Path> find_named_model(Cli& cli, const std::string& model) {
    auto found = find_model(cli.os, model, model_folders(cli.environment));
    if (!found && found.error().kind == ErrorKind::not_found && model == "demo")
        return fail(ErrorKind::not_found,
                    "the demo model is not in models/demo; make it with `cria train recipes/demo.yaml` and `cria train "
                    "recipes/demo-finetune.yaml`");
    if (!found && found.error().kind == ErrorKind::not_found) return find_by_other_names(cli, model, found.error());
    return found;
}

Result<Tokenizer> load_named_tokenizer(Cli& cli, const std::string& model) {
    Path path = CRIA_TRY(find_named_model(cli, model));
    if (path.extension() == ".safetensors" || path.extension() == ".pte") path = path.parent_path();
    const auto files = open_model_weights(cli.os, path);
    if (files && files->format == ModelFormat::gguf) return read_tokenizer(cli.os, *files);
    return load_tokenizer(cli.os, path);
}

}  // namespace cria
