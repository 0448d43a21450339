#include "store/model_folder.h"

#include <algorithm>
#include <array>
#include <charconv>
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
                        index.string(), shown_json(file));
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

Result<ModelFiles> open_hugging_face(Os& os, const Path& path, bool is_folder) {
    ModelFiles files;
    files.folder = is_folder ? path : path.parent_path();
    files.config = files.folder / "config.json";
    if (!CRIA_TRY(exists(os, files.config)))
        return fail(ErrorKind::not_found, "{} has no config.json; is it a model's folder?", files.folder.string());
    files.weights = is_folder ? CRIA_TRY(weights_of(os, path)) : std::vector<Path>{path};
    const Path generation = files.folder / "generation_config.json";
    if (CRIA_TRY(exists(os, generation))) files.generation_config = generation;
    return files;
}

// A program of ExecuTorch, with params.json beside it.
Result<ModelFiles> open_program(Os& os, const Path& program) {
    ModelFiles files{.format = ModelFormat::executorch, .folder = program.parent_path(), .weights = {program}};
    files.config = files.folder / "params.json";
    if (!CRIA_TRY(exists(os, files.config)))
        return fail(ErrorKind::not_found, "{} has no params.json, which {} needs beside it", files.folder.string(),
                    program.filename().string());
    return files;
}

Result<ModelFiles> open_meta(Os& os, const Path& folder) {
    ModelFiles files{.format = ModelFormat::meta, .folder = folder, .config = folder / "params.json"};
    std::vector<Path> programs;
    for (const Path& path : CRIA_TRY(os.list(folder))) {
        const std::string name = path.filename().string();
        if (name.starts_with("consolidated.") && name.ends_with(".pth")) files.weights.push_back(path);
        if (path.extension() == ".pte") programs.push_back(path);
    }
    if (!files.weights.empty()) return files;
    if (programs.size() == 1) return open_program(os, programs.front());
    if (programs.size() > 1)
        return fail(ErrorKind::invalid_input, "{} has {} programs; name one of them, such as {}", folder.string(),
                    programs.size(), programs.front().string());
    return fail(ErrorKind::not_found,
                "{} has a params.json and no consolidated.*.pth or .pte file; a model's weights are wanted there",
                folder.string());
}

// A GGUF file; of one that is split, all parts by the number in the name of the first.
Result<ModelFiles> open_gguf_files(Os& os, const Path& path) {
    ModelFiles files{.format = ModelFormat::gguf, .folder = path.parent_path(), .config = path, .weights = {path}};
    const std::string stem = path.stem().string();
    static constexpr std::string_view kFirst = "-00001-of-";
    const std::size_t at = stem.rfind(kFirst);
    if (at == std::string::npos || stem.size() != at + kFirst.size() + 5) return files;
    int count = 0;
    const char* digits = stem.data() + at + kFirst.size();
    if (std::from_chars(digits, digits + 5, count).ptr != digits + 5) return files;
    for (int part = 2; part <= count; ++part) {
        const std::string name = fmt::format("{}-{:05}-of-{:05}.gguf", stem.substr(0, at), part, count);
        files.weights.push_back(files.folder / name);
        if (!CRIA_TRY(exists(os, files.weights.back())))
            return fail(ErrorKind::not_found, "{} is missing (one of {} parts); download the model again",
                        files.weights.back().string(), count);
    }
    return files;
}

// The GGUF files of a folder that begin a model: whole ones and first parts.
Result<std::vector<Path>> gguf_models_in(Os& os, const Path& folder) {
    std::vector<Path> models;
    for (const Path& path : CRIA_TRY(os.list(folder))) {
        const std::string stem = path.stem().string();
        const bool later_part = stem.contains("-of-") && !stem.contains("-00001-of-");
        if (path.extension() == ".gguf" && !later_part) models.push_back(path);
    }
    return models;
}

// Whether a folder holds a model in any layout.
Result<bool> is_model_folder(Os& os, const Path& folder) {
    for (const char* name : {"config.json", "params.json"})
        if (CRIA_TRY(exists(os, folder / name))) return true;
    const auto info = os.info(folder);
    if (!info || !info->is_folder) return false;
    return CRIA_TRY(gguf_models_in(os, folder)).size() == 1;
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

Result<ModelFiles> open_model_weights(Os& os, const Path& path) {
    const FileInfo info = CRIA_TRY(os.info(path));
    if (!info.is_folder && path.extension() == ".gguf") return open_gguf_files(os, path);
    if (!info.is_folder && path.extension() == ".pte") return open_program(os, path);
    if (!info.is_folder && path.extension() != ".safetensors")
        return fail(ErrorKind::invalid_input,
                    "{} is a file; a model's folder (or a .gguf file, or a .safetensors or .pte file in a folder) is "
                    "wanted",
                    path.string());
    if (!info.is_folder || CRIA_TRY(exists(os, path / "config.json")))
        return open_hugging_face(os, path, info.is_folder);
    if (CRIA_TRY(exists(os, path / "params.json"))) return open_meta(os, path);
    const std::vector<Path> models = CRIA_TRY(gguf_models_in(os, path));
    if (models.size() == 1) return open_gguf_files(os, models.front());
    if (models.size() > 1)
        return fail(ErrorKind::invalid_input, "{} has {} GGUF files; name one of them, such as {}", path.string(),
                    models.size(), models.front().string());
    return fail(ErrorKind::not_found,
                "{} has no config.json, no params.json and no .gguf file; is it a model's folder?", path.string());
}

Result<ModelFiles> open_model_folder(Os& os, const Path& path) {
    ModelFiles files = CRIA_TRY(open_model_weights(os, path));
    if (files.format == ModelFormat::gguf) return files;
    constexpr std::array<std::string_view, 3> kTokenizers = {"tokenizer.json", "tokenizer.model",
                                                             "original/tokenizer.model"};
    files.tokenizer = CRIA_TRY(first_existing(os, files.folder, kTokenizers));
    if (!files.tokenizer)
        return fail(ErrorKind::not_found,
                    "{} has no tokenizer.json and no tokenizer.model; copy one from the model's source",
                    files.folder.string());
    return files;
}

Result<std::string> describe_weights(Os& os, const ModelFiles& files) {
    std::string lines;
    for (const Path& path : files.weights) {
        const FileInfo info = CRIA_TRY(os.info(path));
        lines += fmt::format("{} {} {}\n", path.filename().string(), info.size_bytes, info.modified_unix_s);
    }
    return lines;
}

Result<Path> find_model(Os& os, std::string_view name_or_path, std::span<const Path> search_folders) {
    if (name_or_path.empty() || name_or_path.contains('\0'))
        return fail(ErrorKind::invalid_input,
                    "a model's name or folder is wanted; `cria list` shows the models there are");
    const Path path(name_or_path);
    if (is_name(name_or_path)) {
        for (const Path& folder : search_folders)
            if (CRIA_TRY(exists(os, folder / path)) && CRIA_TRY(is_model_folder(os, folder / path)))
                return folder / path;
    }
    if (CRIA_TRY(exists(os, path))) return path;
    return fail(ErrorKind::not_found, "no model '{}'; {}", name_or_path, suggestion(os, name_or_path, search_folders));
}

Result<std::vector<ModelListing>> list_models(Os& os, std::span<const Path> search_folders) {
    std::map<std::string, ModelListing> found;
    for (const Path& folder : search_folders) {
        if (!CRIA_TRY(exists(os, folder))) continue;
        for (const Path& path : CRIA_TRY(os.list(folder)))
            if (!path.filename().string().starts_with('.') && CRIA_TRY(is_model_folder(os, path)))
                found.try_emplace(path.filename().string(), CRIA_TRY(look_at(os, path)));
    }
    std::vector<ModelListing> models;
    for (auto& [name, model] : found) models.push_back(std::move(model));
    return models;
}

}  // namespace cria
