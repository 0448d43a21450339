#include "train/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "store/safetensors.h"

namespace cria {
namespace {

constexpr std::string_view kFormat = "cria-checkpoint-1";
constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kSuffix = ".safetensors";

std::vector<NamedTensor> tensors_of(Optimizer& optimizer) {
    std::vector<NamedTensor> tensors;
    for (const Optimizer::Slot& slot : optimizer.slots()) {
        const std::string& name = slot.parameter.names.front();
        tensors.push_back({name, slot.master});
        tensors.push_back({name + ".adam_m", slot.m});
        tensors.push_back({name + ".adam_v", slot.v});
    }
    return tensors;
}

bool is_checkpoint(const Path& path) {
    const std::string name = path.filename().string();
    return name.starts_with(kPrefix) && name.ends_with(kSuffix) &&
           std::all_of(name.begin() + kPrefix.size(), name.end() - kSuffix.size(),
                       [](char c) { return c >= '0' && c <= '9'; });
}

// Sorted by step: the names have leading zeros.
Result<std::vector<Path>> checkpoints_in(Os& os, const Path& folder) {
    std::vector<Path> paths = CRIA_TRY(os.list(folder));
    std::erase_if(paths, [](const Path& path) { return !is_checkpoint(path); });
    std::ranges::sort(paths, {},
                      [](const Path& p) { return std::pair(p.filename().string().size(), p.filename().string()); });
    return paths;
}

// What crashed writes left behind, and the oldest checkpoints beyond `keep`.
Status tidy(Os& os, const Path& folder, std::int64_t keep) {
    for (const Path& path : CRIA_TRY(os.list(folder)))
        if (path.extension() == ".part" && is_checkpoint(path.stem())) CRIA_TRY(os.remove(path));
    const std::vector<Path> paths = CRIA_TRY(checkpoints_in(os, folder));
    for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < paths.size(); ++i) CRIA_TRY(os.remove(paths[i]));
    return {};
}

Result<bool> exists(Os& os, const Path& path) {
    const auto info = os.info(path);
    if (!info && info.error().kind != ErrorKind::not_found) return std::unexpected(info.error());
    return info.has_value();
}

std::unexpected<Error> damaged(const Path& path, std::string_view what) {
    return fail(ErrorKind::corrupt, "{}: {}; remove the file to go on from the checkpoint before it", path.string(),
                what);
}

// The first difference, as a sentence; empty when there is none.
std::string difference(const OrderedJson& saved, const OrderedJson& wanted) {
    const auto text = [](const OrderedJson& pairs, const std::string& key) {
        return pairs.contains(key) ? json_text(pairs[key]) : std::string("not set");
    };
    for (const auto* pairs : {&saved, &wanted})
        for (const auto& [key, value] : pairs->items())
            if (text(saved, key) != text(wanted, key))
                return fmt::format("it was made with {} {}, the recipe now says {}", key, text(saved, key),
                                   text(wanted, key));
    return {};
}

Result<TrainState> state_from(const Path& path, const SafetensorsMetadata& metadata) {
    const auto found = metadata.find("state");
    if (found == metadata.end()) return damaged(path, "no state in it");
    const Json json = CRIA_TRY(parse_json(found->second, path.string()));
    TrainState state;
    if (!json.is_object() || !json.contains("data_position") || !json["data_position"].is_array())
        return damaged(path, "its state makes no sense");
    for (const std::string_view key : {"step", "tokens", "seconds"})
        if (!json.contains(key) || !json[key].is_number()) return damaged(path, "its state lacks " + std::string(key));
    for (const Json& taken : json["data_position"]) {
        if (!taken.is_number_unsigned()) return damaged(path, "its data position makes no sense");
        state.data_position.push_back(taken.get<std::uint64_t>());
    }
    state.step = json["step"].get<std::int64_t>();
    state.tokens = json["tokens"].get<std::int64_t>();
    state.seconds = json["seconds"].get<double>();
    if (state.step < 0 || state.tokens < 0) return damaged(path, "its state has negative counts");
    return state;
}

Status fill(const Path& path, const SafetensorsFile& file, const NamedTensor& target) {
    const SafetensorsEntry* entry = file.find(target.name);
    if (entry == nullptr) return damaged(path, "lacks the tensor " + target.name);
    if (entry->dtype != DType::f32 || entry->shape != target.tensor.shape())
        return damaged(path, fmt::format("{} is {} {}; f32 {} was wanted", target.name, name_of(entry->dtype),
                                         entry->shape.text(), target.tensor.shape().text()));
    const Tensor tensor = file.tensor(*entry);
    std::memcpy(target.tensor.raw(), tensor.raw(), tensor.bytes());
    return {};
}

}  // namespace

Status write_checkpoint(Os& os, const Path& folder, const TrainState& state, const OrderedJson& identity,
                        Optimizer& optimizer, std::int64_t keep) {
    CRIA_TRY(os.make_folders(folder));
    const Json json = {{"step", state.step},
                       {"tokens", state.tokens},
                       {"seconds", state.seconds},
                       {"data_position", state.data_position}};
    const SafetensorsMetadata metadata = {
        {"format", std::string(kFormat)}, {"state", json_text(json)}, {"recipe", json_text(identity)}};
    const Path path = folder / fmt::format("{}{:08}{}", kPrefix, state.step, kSuffix);
    CRIA_TRY(write_safetensors(os, path, tensors_of(optimizer), metadata));
    return tidy(os, folder, keep);
}

Result<std::optional<Path>> newest_checkpoint(Os& os, const Path& folder) {
    if (!CRIA_TRY(exists(os, folder))) return std::optional<Path>();
    const std::vector<Path> paths = CRIA_TRY(checkpoints_in(os, folder));
    return paths.empty() ? std::optional<Path>() : std::optional(paths.back());
}

Status remove_checkpoints(Os& os, const Path& folder) {
    return CRIA_TRY(exists(os, folder)) ? tidy(os, folder, 0) : Status();
}

Result<TrainState> read_checkpoint(Os& os, const Path& path, const OrderedJson& identity, Optimizer& optimizer) {
    const SafetensorsFile file = CRIA_TRY(open_safetensors(os, path));
    const auto& metadata = file.metadata();
    const auto format = metadata.find("format"), recipe = metadata.find("recipe");
    if (format == metadata.end() || format->second != kFormat || recipe == metadata.end())
        return damaged(path, fmt::format("not of the format {}", kFormat));
    const OrderedJson saved = CRIA_TRY(parse_ordered_json(recipe->second, path.string()));
    if (const std::string differs = saved.is_object() ? difference(saved, identity) : "it has no recipe";
        !differs.empty())
        return fail(ErrorKind::invalid_input,
                    "{}: this checkpoint belongs to another run: {}; restore that, start anew with --fresh, or choose "
                    "another checkpoint.folder",
                    path.string(), differs);
    const TrainState state = CRIA_TRY(state_from(path, metadata));
    const std::vector<NamedTensor> targets = tensors_of(optimizer);
    if (file.entries().size() != targets.size())
        return damaged(path, fmt::format("{} tensors; {} were wanted", file.entries().size(), targets.size()));
    for (const NamedTensor& target : targets) CRIA_TRY(fill(path, file, target));
    return state;
}

}  // namespace cria
