// A model ready to answer: weights, tokenizer, and what its folder says about how to use it.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "model/llama.h"
#include "store/held_models.h"
#include "store/model_folder.h"
#include "text/tokenizer.h"

namespace cria {

// generation_config.json, as far as it matters; see docs of `transformers`, GenerationConfig.
struct GenerationDefaults {
    std::vector<TokenId> stop_ids{};
    std::optional<float> temperature{};  // 0 when the file says not to sample
    std::optional<float> top_p{};
    std::optional<std::int32_t> top_k{};
    std::optional<float> repetition_penalty{};
};
Result<GenerationDefaults> read_generation_defaults(Os& os, const Path& file);

// "f32", "bf16" or "i8", of keys and values; empty: the model's own.
Result<std::optional<DType>> read_kv_type(const std::string& name);

struct LoadedModel {
    std::string name;
    ModelFiles files;
    Llama model;
    Tokenizer tokenizer;
    GenerationDefaults defaults;
    std::string system;    // the folder's system.txt, filled in; empty without one
    bool instruct;         // trained on conversations: <|eot_id|> ends its answers
    std::int64_t context;  // positions that the model has room for
    std::chrono::nanoseconds load_time;
    std::unique_ptr<Announcement> announcement;  // to cria ps; null where it could not be written
};

// What a model needs memory for beside its weights.
struct MemoryPlan {
    std::optional<DType> kv_type{};  // of keys and values; else as the weights are
    std::int64_t sequences = 1;      // at once, each with the whole context
    std::string beside{};            // another model that will be loaded after it, with as much context
};

// `context` 0: what the model was made for, at most 8192. Errors: a type of keys and values that its heads do not fit,
// what does not fit into memory (both numbers), a context beyond the model's, a tokenizer with ids that the model does
// not have.
Result<std::unique_ptr<LoadedModel>> load_named_model(Cli& cli, const std::string& name, std::int64_t context,
                                                      LoadOptions options = {}, const MemoryPlan& plan = {});

// A system message with {today} ("Monday 2026-03-09") and {days} (the next four working days, in that form,
// separated by commas) filled in.
std::string fill_system(std::string text, std::chrono::sys_days today);

}  // namespace cria
