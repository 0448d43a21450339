// A training recipe: everything that decides what is trained, on what, and where it goes (docs/training.md).
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/os.h"
#include "base/result.h"
#include "model/config.h"
#include "tensor/dtype.h"

namespace cria {

// Where the model comes from: exactly one of the three.
struct ModelRecipe {
    std::optional<LlamaConfig> config;  // inline; vocabulary, context and special ids come from the rest
    std::string name;                   // a known configuration with random weights
    Path folder;                        // a model to train further
};

// Where the tokenizer comes from: a folder, or trained from the recipe's own data.
struct TokenizerRecipe {
    Path folder;
    std::int64_t vocabulary = 0;     // ids in all, control tokens included
    std::int64_t documents = 20000;  // how many documents of the data it learns from
    bool single_digits = false;      // no token has two digits: numbers are spelt out
};

// One source of documents. `weight`: its share of the documents drawn.
struct DataRecipe {
    static constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();
    enum class Kind { office, copy, jsonl } kind = Kind::office;
    double weight = 1;
    std::int64_t from = 0;                      // the source takes part from this document of the run on, ...
    std::int64_t until = kNoEnd;                // ... before this one
    double prompt_weight = 0;                   // of the loss of tokens that are no answer; answers have 1
    std::map<std::string, double> languages{};  // office: language code -> share; empty: the generator's own
    std::int64_t short_samples = 0;             // office: so many short samples come first
    bool hard = false;                          // office: more of what a model gets wrong
    std::uint64_t seed = 0;                     // office, copy
    std::int64_t alphabet = 0;                  // copy: how many different tokens at first; 0: all
    std::int64_t doubling = 0;                  // copy: documents in which the alphabet doubles; 0: it stays
    Path path{};                                // jsonl
};

enum class Schedule { cosine, linear, constant };
enum class OptimizerKind { adamw, muon };  // muon: for the matrices inside the layers, AdamW for the rest

struct OptimizerRecipe {
    OptimizerKind kind = OptimizerKind::adamw;
    double learning_rate = 1e-3;
    std::int64_t warmup = 100;  // steps
    Schedule schedule = Schedule::cosine;
    double min_ratio = 0.1;  // of learning_rate, at the last step
    double momentum = 0.95;  // muon's beta
    double beta1 = 0.9;
    double beta2 = 0.95;
    double epsilon = 1e-8;
    double weight_decay = 0.1;
    double clip = 1.0;  // largest global gradient norm; 0: never clipped
};

struct Recipe {
    ModelRecipe model;
    TokenizerRecipe tokenizer;
    std::vector<DataRecipe> data;
    std::int64_t context = 1024;
    std::int64_t step_tokens = 8192;   // at most, per step
    std::int64_t micro_tokens = 8192;  // at most, per pass; a step is as many passes as it takes
    OptimizerRecipe optimizer;
    std::int64_t steps = 1000;
    std::uint64_t seed = 0;
    DType dtype = DType::f32;  // of the weights that passes see; the optimizer always keeps f32
    bool activation_checkpointing = false;
    std::int64_t validate_every = 100;       // steps; 0: never
    std::int64_t validation_documents = 64;  // held out of training
    std::int64_t checkpoint_every = 200;     // steps; 0: only when interrupted
    std::int64_t checkpoint_keep = 2;
    Path checkpoint_folder;  // default: <output>/checkpoints
    Path output;             // the folder of the finished model
    DType output_dtype = DType::f32;
};

// `overrides` are "key=value" with dotted keys. Errors (invalid_input) name the key, its line, and for an
// unknown one the nearest that exists.
Result<Recipe> parse_recipe(std::string_view text, std::string_view who, std::span<const std::string> overrides);
Result<Recipe> read_recipe(Os& os, const Path& path, std::span<const std::string> overrides);

// What decides the weights at every step, as flat "key": value pairs in a fixed order. Two recipes with
// equal pairs train bit for bit the same.
OrderedJson recipe_identity(const Recipe& recipe);

}  // namespace cria
