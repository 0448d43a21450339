// Where a model's files are, found by path or by name. Four layouts are known:
//
//     Hugging Face   config.json  tokenizer.json | tokenizer.model  [generation_config.json]
//                    model.safetensors | model.safetensors.index.json with its shards
//     Meta           params.json  tokenizer.model  consolidated.00.pth, .01.pth, ...
//     ExecuTorch     params.json  tokenizer.model  NAME.pte
//     GGUF           one file, or NAME-00001-of-0000N.gguf and its shards; all else is in them
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"

namespace cria {

enum class ModelFormat { hugging_face, meta, gguf, executorch };

struct ModelFiles {
    ModelFormat format = ModelFormat::hugging_face;
    Path folder{};
    Path config{};                    // config.json, params.json, or the (first) GGUF file
    std::optional<Path> tokenizer{};  // tokenizer.json if there is one, else tokenizer.model; none of a GGUF file
    std::vector<Path> weights{};      // one, or the shards in their order
    std::optional<Path> generation_config{};
};

// The files of the model in `path`: a folder, or a .safetensors, .gguf or .pte file. Looks only whether they
// are there; the readers of each format check the contents.
// Errors: not_found names the missing piece; corrupt is an index that makes no sense; io.
Result<ModelFiles> open_model_folder(Os& os, const Path& path);
// The same for those who need weights and configuration only: a tokenizer may be missing.
Result<ModelFiles> open_model_weights(Os& os, const Path& path);

// A line for each file of weights: name, size and date. What was made from a model is out of date when these differ.
Result<std::string> describe_weights(Os& os, const ModelFiles& files);

// A model's folder (or file) by name within the search folders, the first that has it; else as a path.
// Absolute paths and those that begin with "." are only paths. not_found suggests the nearest name.
Result<Path> find_model(Os& os, std::string_view name_or_path, std::span<const Path> search_folders);

struct ModelListing {
    std::string name;
    Path folder;
    std::uint64_t bytes = 0;  // of all files in the folder
    std::int64_t modified_unix_s = 0;
};

// The models of all search folders, sorted by name; of two with one name, the one that find_model finds.
// A search folder that does not exist holds none.
Result<std::vector<ModelListing>> list_models(Os& os, std::span<const Path> search_folders);

}  // namespace cria
