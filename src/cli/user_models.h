// The models that the user keeps: where, under which names, and how one is put there or taken away.
#pragma once

#include <string_view>

#include "base/os.h"
#include "cli/environment.h"
#include "store/hub.h"

namespace cria {

// $CRIA_MODELS or ~/.cria/models: where models are put.
Result<Path> user_model_folder(const Environment& environment);

// Whether `name` may be a model's folder: one step of a path, not hidden.
Status check_model_name(std::string_view name);

// A model of the user's own folder by its name, or by one of the catalogue's; models that came with the program, and
// paths, are not the user's.
Result<Path> find_user_model(Os& os, const Environment& environment, std::string_view name);

// Renames a complete folder to its name. What has that name is taken away first, so that there is never a mix of both.
Status move_into_place(Os& os, const Path& staging, const Path& target);

// A folder away: first out of sight in one step, then file by file.
Status remove_model(Os& os, const Path& folder);

// The hub and the token that the environment names (HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HOME).
Result<HubAccess> hub_access(Os& os, const Environment& environment);

// A snapshot in Hugging Face's cache, where other programs have fetched the model; not_found when there is none.
Result<Path> find_in_hub_cache(Os& os, const Environment& environment, const HubName& name);

}  // namespace cria
