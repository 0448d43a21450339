// A training run, from a recipe to a model folder.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "base/os.h"
#include "base/result.h"
#include "ops/pass.h"
#include "train/recipe.h"
#include "train/run_log.h"

namespace cria {

// Where a run stands, after every step.
struct TrainProgress {
    StepRecord record;
    std::int64_t steps = 0;
    double seconds_done = 0;  // spent training, over all sessions
    double seconds_left = 0;  // estimated
};

// What the door gives to a run. Callbacks may be empty; they are called on the caller's thread.
struct TrainHooks {
    Compute compute;
    double peak_flops = 0;                       // the machine's f32 roof, flop/s; 0: not known
    const std::atomic<bool>* cancel = nullptr;   // looked at between steps
    bool fresh = false;                          // do not go on from a checkpoint: remove them first
    std::string command{};                       // for training.json
    Path json_log{};                             // default: <output>/log.jsonl
    std::function<void(const TrainProgress&)> on_step{};
    std::function<void(std::string_view)> on_message{};  // sentences for the person waiting
};

// Trains, going on from the newest checkpoint if there is one, and writes into recipe.output: config.json,
// model.safetensors, tokenizer.json, generation_config.json, training.json, log.jsonl, loss.svg.
// Errors: cancelled, after a checkpoint was written; invalid_input from the recipe, the data or a loss that is
// no number any more; no_space and io, with the checkpoints before intact.
Status run_training(Os& os, const Recipe& recipe, const TrainHooks& hooks);

}  // namespace cria
