#include "cli/user_models.h"

#include <algorithm>

#include "base/strings.h"
#include "store/model_folder.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxTokenBytes = 4096;

std::optional<Path> hub_home(const Environment& environment) {
    if (environment.hf_home) return environment.hf_home;
    if (environment.home) return *environment.home / ".cache" / "huggingface";
    return std::nullopt;
}

}  // namespace

Result<Path> user_model_folder(const Environment& environment) {
    if (environment.models) return *environment.models;
    if (environment.home) return *environment.home / ".cria" / "models";
    return fail(ErrorKind::not_found, "there is no place for models: neither CRIA_MODELS nor HOME is set");
}

Status check_model_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= 200 && !name.starts_with('.') && !name.contains('/') &&
                      std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (good) return {};
    return fail(ErrorKind::invalid_input,
                "'{}' is no name for a model: one word without slashes or a dot in front is wanted", name);
}

Result<Path> find_user_model(Os& os, const Environment& environment, std::string_view name) {
    const Path folder = CRIA_TRY(user_model_folder(environment));
    if (check_model_name(name) && os.info(folder / name)) return folder / name;
    const CatalogueModel* known = find_in_catalogue(name);
    if (known != nullptr && os.info(folder / folder_name(*known))) return folder / folder_name(*known);
    CRIA_TRY(check_model_name(name));
    return fail(ErrorKind::not_found, "there is no model '{}' in {}; `cria list` shows those there are", name,
                folder.string());
}

Status move_into_place(Os& os, const Path& staging, const Path& target) {
    if (os.info(target)) CRIA_TRY(remove_model(os, target));
    CRIA_TRY(os.rename(staging, target));
    return os.sync_folder(target.parent_path());
}

Status remove_model(Os& os, const Path& folder) {
    const Path hidden = folder.parent_path() / ("." + folder.filename().string() + ".rm");
    if (os.info(hidden)) CRIA_TRY(os.remove(hidden));
    CRIA_TRY(os.rename(folder, hidden));
    CRIA_TRY(os.sync_folder(folder.parent_path()));
    return os.remove(hidden);
}

Result<HubAccess> hub_access(Os& os, const Environment& environment) {
    HubAccess access;
    if (environment.hf_endpoint) access.endpoint = *environment.hf_endpoint;
    while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
    if (environment.hf_token) {
        access.token = trimmed(*environment.hf_token);
    } else if (const auto home = hub_home(environment)) {
        const Path file = environment.hf_token_path.value_or(*home / "token");
        const auto text = read_text(os, file, kMaxTokenBytes);
        if (text) access.token = trimmed(*text);
    }
    if (std::ranges::any_of(access.token, [](char c) { return c <= ' ' || c > '~'; }))
        return fail(ErrorKind::invalid_input, "the Hugging Face token holds a space or another odd character");
    return access;
}

Result<Path> find_in_hub_cache(Os& os, const Environment& environment, const HubName& name) {
    const auto home = hub_home(environment);
    if (!home) return fail(ErrorKind::not_found, "there is no cache");
    std::string folder = "models--" + name.repository;
    folder.replace(folder.find('/'), 1, "--");
    const Path model = environment.hf_cache.value_or(*home / "hub") / folder;
    const std::string commit(trimmed(CRIA_TRY(read_text(os, model / "refs" / name.revision, kMaxTokenBytes))));
    CRIA_TRY(check_model_name(commit));
    const Path snapshot = model / "snapshots" / commit;
    CRIA_TRY(open_model_weights(os, snapshot));
    return snapshot;
}

}  // namespace cria
