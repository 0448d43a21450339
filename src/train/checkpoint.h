// Checkpoints: all that a run needs to go on as if nothing had happened.
//
// One safetensors file a checkpoint, step-00000200.safetensors: each parameter's f32 weight under the name of
// its first tensor, its Adam moments under NAME.adam_m and NAME.adam_v, and the rest as metadata. A file is
// written whole, synced and renamed before an older one goes, so that after a crash at any moment the newest
// one in the folder is complete.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/json.h"
#include "base/os.h"
#include "base/result.h"
#include "train/optimizer.h"

namespace cria {

// Where a run stands.
struct TrainState {
    std::int64_t step = 0;    // steps done
    std::int64_t tokens = 0;  // rows read so far
    double seconds = 0;       // spent training, over all sessions
    std::vector<std::uint64_t> data_position{};
    friend bool operator==(const TrainState&, const TrainState&) = default;
};

// Writes the checkpoint of `state.step` and then removes all but the newest `keep`.
// Errors: no_space (bytes needed and bytes left), io; the earlier checkpoints are untouched then.
Status write_checkpoint(Os& os, const Path& folder, const TrainState& state, const OrderedJson& identity,
                        Optimizer& optimizer, std::int64_t keep);

// The newest checkpoint in the folder, if there is any.
Result<std::optional<Path>> newest_checkpoint(Os& os, const Path& folder);

// Removes all checkpoints in the folder; fine if there are none.
Status remove_checkpoints(Os& os, const Path& folder);

// Fills the optimizer's masters and moments (round_weights() is the caller's). Errors: invalid_input when the
// recipe's identity differs (the first key that does, with both values); corrupt.
Result<TrainState> read_checkpoint(Os& os, const Path& path, const OrderedJson& identity, Optimizer& optimizer);

}  // namespace cria
