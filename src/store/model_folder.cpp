#include "store/model_folder.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/json.h"
#include "base/nearest.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxIndexBytes = 64u << 20;

// Whether the path exists; an error only where the operating system cannot say.
Result<bool> exists(Os& os, const Path& path) {
    const auto info = os.info(path);
    if (info) return true;
    if (info.error().kind == ErrorKind::not_found) return false;
    return std::unexpected(info.error());
}

Result<std::optional<Path>> first_existing(Os& os, const Path& folder, std::span<const std::string_view> names) {
    for (const std::string_view name : names)
        if (CRIA_TRY(exists(os, folder / name))) return folder / name;
    return std::nullopt;
}

// The shards that an index names, each a plain file name beside it.
Result<std::vector<Path>> shards_of(Os& os, const Path& index) {
    const std::string text = CRIA_TRY(read_text(os, index, kMaxIndexBytes));
    const Json json = CRIA_TRY(parse_json(text, index.string()));
    const auto map = json.is_object() ? json.find("weight_map") : json.end();
    if (map == json.end() || !map->is_object() || map->empty())
        return fail(ErrorKind::corrupt, "{}: no weight_map with the file of each tensor", index.string());
    std::set<std::string> names;
    for (const auto& [tensor, file] : map->items()) {
        const auto* name = file.get_ptr<const std::string*>();
        if (name == nullptr || Path(*name).filename() != *name || *name == "." || *name == ".." || name->empty())
            return fail(ErrorKind::corrupt, "{}: weight_map sends a tensor to {}; a file name is wanted",
                        index.string(), file.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 100));
        names.insert(*name);
    }
    std::vector<Path> shards;
    for (const std::string& name : names) {
        shards.push_back(index.parent_path() / name);
        if (!CRIA_TRY(exists(os, shards.back())))
            return fail(ErrorKind::not_found, "{} of {} is missing (one of {} shards); download the model again",
                        shards.back().string(), index.string(), names.size());
    }
    return shards;
}

Result<std::vector<Path>> weights_of(Os& os, const Path& folder) {
    const Path single = folder / "model.safetensors";
    if (CRIA_TRY(exists(os, single))) return std::vector<Path>{single};
    const Path index = folder / "model.safetensors.index.json";
    if (CRIA_TRY(exists(os, index))) return shards_of(os, index);
    return fail(ErrorKind::not_found,
                "{} has no model.safetensors and no model.safetensors.index.json; a model's weights are wanted there",
                folder.string());
}

// A name that is to be looked up in the search folders.
bool is_name(std::string_view text) { return !text.starts_with('/') && !text.starts_with('.'); }

std::string suggestion(Os& os, std::string_view name, std::span<const Path> search_folders) {
    const auto models = list_models(os, search_folders);
    std::vector<std::string> names;
    if (models)
        for (const ModelListing& model : *models) names.push_back(model.name);
    if (const std::string_view near = nearest(name, names); !near.empty())
        return fmt::format("did you mean '{}'?", near);
    return "`cria list` shows the models there are; a folder with config.json works too";
}

Result<ModelListing> look_at(Os& os, const Path& folder) {
    ModelListing model{folder.filename().string(), folder, 0, 0};
    for (const Path& path : CRIA_TRY(os.list(folder))) {
        const auto info = os.info(path);
        if (!info || info->is_folder) continue;  // a file that just vanished counts nothing
        model.bytes += info->size_bytes;
        model.modified_unix_s = std::max(model.modified_unix_s, info->modified_unix_s);
    }
    return model;
}

}  // namespace

Result<ModelFiles> open_model_folder(Os& os, const Path& path) {
    const FileInfo info = CRIA_TRY(os.info(path));
    if (!info.is_folder && path.extension() != ".safetensors")
        return fail(ErrorKind::invalid_input, "{} is a file; a model's folder (or a .safetensors file in it) is wanted",
                    path.string());
    ModelFiles files;
    files.folder = info.is_folder ? path : path.parent_path();
    files.config_json = files.folder / "config.json";
    if (!CRIA_TRY(exists(os, files.config_json)))
        return fail(ErrorKind::not_found, "{} has no config.json; is it a model's folder?", files.folder.string());

    constexpr std::array<std::string_view, 3> kTokenizers = {"tokenizer.json", "tokenizer.model",
                                                             "original/tokenizer.model"};
    const auto tokenizer = CRIA_TRY(first_existing(os, files.folder, kTokenizers));
    if (!tokenizer)
        return fail(ErrorKind::not_found,
                    "{} has no tokenizer.json and no tokenizer.model; copy one from the model's source",
                    files.folder.string());
    files.tokenizer = *tokenizer;

    files.safetensors = CRIA_TRY(weight_files(os, path));
    const Path generation = files.folder / "generation_config.json";
    if (CRIA_TRY(exists(os, generation))) files.generation_config = generation;
    return files;
}

Result<std::vector<Path>> weight_files(Os& os, const Path& path) {
    if (!CRIA_TRY(os.info(path)).is_folder) return std::vector<Path>{path};
    return weights_of(os, path);
}

Result<Path> find_model(Os& os, std::string_view name_or_path, std::span<const Path> search_folders) {
    if (name_or_path.empty() || name_or_path.contains('\0'))
        return fail(ErrorKind::invalid_input,
                    "a model's name or folder is wanted; `cria list` shows the models there are");
    const Path path(name_or_path);
    if (is_name(name_or_path)) {
        for (const Path& folder : search_folders)
            if (CRIA_TRY(exists(os, folder / path / "config.json"))) return folder / path;
    }
    if (CRIA_TRY(exists(os, path))) return path;
    return fail(ErrorKind::not_found, "no model '{}'; {}", name_or_path, suggestion(os, name_or_path, search_folders));
}

Result<std::vector<ModelListing>> list_models(Os& os, std::span<const Path> search_folders) {
    std::map<std::string, ModelListing> found;
    for (const Path& folder : search_folders) {
        if (!CRIA_TRY(exists(os, folder))) continue;
        for (const Path& path : CRIA_TRY(os.list(folder)))
            if (CRIA_TRY(exists(os, path / "config.json")))
                found.try_emplace(path.filename().string(), CRIA_TRY(look_at(os, path)));
    }
    std::vector<ModelListing> models;
    for (auto& [name, model] : found) models.push_back(std::move(model));
    return models;
}

}  // namespace cria
