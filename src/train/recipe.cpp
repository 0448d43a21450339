#include "train/recipe.h"

#include <array>

#include "train/recipe_fields.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxRecipeBytes = 1 << 20;
constexpr std::int64_t kMaxContext = 1 << 20;
constexpr std::int64_t kMaxTokens = 1 << 24;
constexpr std::int64_t kMaxCount = 1'000'000'000;
constexpr Range kPositive{0, 1e9, true, false};

void read_seed(RecipeFields& fields, std::uint64_t& seed) {
    auto value = static_cast<std::int64_t>(seed);
    fields.integer("seed", value, 0, INT64_MAX);
    seed = static_cast<std::uint64_t>(value);
}

void read_dtype(RecipeFields& fields, DType& dtype, std::span<const std::string_view> choices) {
    std::string name(name_of(dtype));
    fields.choice("dtype", name, choices);
    dtype = *dtype_named(name);
}

void read_rope_scaling(RecipeFields& fields, RopeScaling& scaling) {
    const auto real = [&](std::string_view key, float& value) {
        double number = static_cast<double>(value);
        fields.number(key, number, kPositive);
        value = static_cast<float>(number);
    };
    real("factor", scaling.factor);
    real("low_frequency_factor", scaling.low_frequency_factor);
    real("high_frequency_factor", scaling.high_frequency_factor);
    real("original_context", scaling.original_context);
}

void read_config(RecipeFields& fields, LlamaConfig& config) {
    for (const std::string_view key : {"layers", "width", "heads", "kv_heads", "ffn_width"}) fields.require(key);
    fields.integer("layers", config.layers, 1, 1024);
    fields.integer("width", config.width, 1, 1 << 20);
    fields.integer("heads", config.heads, 1, 1 << 16);
    fields.integer("kv_heads", config.kv_heads, 1, 1 << 16);
    config.head_dim = config.heads > 0 ? config.width / config.heads : 0;
    fields.integer("head_dim", config.head_dim, 1, 1 << 16);
    fields.integer("ffn_width", config.ffn_width, 1, 1 << 22);
    fields.integer("context", config.context, 1, kMaxContext);
    double epsilon = static_cast<double>(config.norm_epsilon), theta = static_cast<double>(config.rope_theta);
    fields.number("norm_epsilon", epsilon, {0, 1, true, false});
    fields.number("rope_theta", theta, {1, 1e12});
    config.norm_epsilon = static_cast<float>(epsilon);
    config.rope_theta = static_cast<float>(theta);
    fields.mapping("rope_scaling",
                   [&](RecipeFields& inner) { read_rope_scaling(inner, config.rope_scaling.emplace()); });
    fields.boolean("tied_embeddings", config.tied_embeddings);
    double range = static_cast<double>(config.initializer_range);
    fields.number("initializer_range", range, {0, 10});
    config.initializer_range = static_cast<float>(range);
}

void read_model(RecipeFields& fields, ModelRecipe& model) {
    fields.only_one_of(std::array<std::string_view, 3>{"config", "name", "folder"});
    fields.mapping("config", [&](RecipeFields& inner) { read_config(inner, model.config.emplace()); });
    fields.text("name", model.name);
    fields.path("folder", model.folder);
}

void read_tokenizer(RecipeFields& fields, TokenizerRecipe& tokenizer) {
    fields.only_one_of(std::array<std::string_view, 2>{"folder", "train"});
    fields.path("folder", tokenizer.folder);
    fields.mapping("train", [&](RecipeFields& inner) {
        inner.require("vocabulary");
        inner.integer("vocabulary", tokenizer.vocabulary, 300, 1 << 20);
        inner.integer("documents", tokenizer.documents, 1, 10'000'000);
        inner.boolean("single_digits", tokenizer.single_digits);
    });
}

// Every document of the run, the first and the last included, needs a source to come from.
void check_no_gap(RecipeFields& fields, const std::vector<DataRecipe>& data) {
    std::int64_t covered = 0;
    for (bool grew = true; grew && covered < DataRecipe::kNoEnd;) {
        grew = false;
        for (const DataRecipe& source : data) {
            if (source.from > covered || source.until <= covered) continue;
            covered = source.until;
            grew = true;
        }
    }
    if (covered < DataRecipe::kNoEnd)
        fields.complain("data", fmt::format("has no source for document {}; set from and until so that there always is "
                                            "one, the last without until",
                                            covered));
}

void read_source(RecipeFields& fields, DataRecipe& source) {
    fields.only_one_of(std::array<std::string_view, 3>{"office", "copy", "jsonl"});
    if (fields.has("copy")) source.kind = DataRecipe::Kind::copy;
    if (fields.has("jsonl")) source.kind = DataRecipe::Kind::jsonl;
    fields.number("weight", source.weight, {0, 1e6, true, false});
    fields.integer("from", source.from, 0, kMaxCount);
    fields.integer("until", source.until, 1, kMaxCount);
    fields.number("prompt_weight", source.prompt_weight, {0, 1});
    fields.path("jsonl", source.path);
    fields.mapping("office", [&](RecipeFields& inner) {
        inner.weights("languages", source.languages);
        inner.integer("short_samples", source.short_samples, 0, kMaxCount);
        inner.boolean("hard", source.hard);
        read_seed(inner, source.seed);
    });
    fields.mapping("copy", [&](RecipeFields& inner) {
        read_seed(inner, source.seed);
        inner.integer("alphabet", source.alphabet, 2, 1 << 20);
        inner.integer("doubling", source.doubling, 1, kMaxCount);
    });
    if (source.until <= source.from)
        fields.complain("until",
                        fmt::format("is {}; a document after from, {}, was wanted", source.until, source.from));
}

void read_optimizer(RecipeFields& fields, OptimizerRecipe& optimizer) {
    static constexpr std::array<std::string_view, 3> kSchedules = {"cosine", "linear", "constant"};
    static constexpr std::array<std::string_view, 2> kKinds = {"adamw", "muon"};
    std::string kind = "adamw";
    fields.choice("kind", kind, kKinds);
    optimizer.kind = kind == "muon" ? OptimizerKind::muon : OptimizerKind::adamw;
    fields.number("momentum", optimizer.momentum, {0, 1, false, true});
    fields.number("learning_rate", optimizer.learning_rate, {0, 10, true, false});
    fields.integer("warmup", optimizer.warmup, 0, kMaxCount);
    std::string schedule = "cosine";
    fields.choice("schedule", schedule, kSchedules);
    optimizer.schedule = schedule == "cosine"   ? Schedule::cosine
                         : schedule == "linear" ? Schedule::linear
                                                : Schedule::constant;
    fields.number("min_ratio", optimizer.min_ratio, {0, 1});
    std::array<double, 2> betas = {optimizer.beta1, optimizer.beta2};
    fields.numbers("betas", betas, {0, 1, false, true});
    optimizer.beta1 = betas[0];
    optimizer.beta2 = betas[1];
    fields.number("epsilon", optimizer.epsilon, {0, 1, true, false});
    fields.number("weight_decay", optimizer.weight_decay, {0, 1});
    fields.number("clip", optimizer.clip, {0, 1e6});
}

void read_batch(RecipeFields& fields, Recipe& recipe) {
    fields.integer("tokens", recipe.step_tokens, 1, kMaxTokens);
    recipe.micro_tokens = std::min(recipe.micro_tokens, recipe.step_tokens);
    fields.integer("micro_tokens", recipe.micro_tokens, 1, kMaxTokens);
    if (recipe.context > recipe.micro_tokens)
        fields.complain("", fmt::format("gives a pass {} tokens; at least the context of {} was wanted",
                                        recipe.micro_tokens, recipe.context));
    if (recipe.micro_tokens > recipe.step_tokens)
        fields.complain("", fmt::format("gives a pass {} tokens and a whole step only {}", recipe.micro_tokens,
                                        recipe.step_tokens));
}

void read_places(RecipeFields& fields, Recipe& recipe) {
    fields.mapping("validation", [&](RecipeFields& inner) {
        inner.integer("every", recipe.validate_every, 0, kMaxCount);
        inner.integer("documents", recipe.validation_documents, 1, 100'000);
    });
    fields.require("output");
    fields.mapping("output", [&](RecipeFields& inner) {
        static constexpr std::array<std::string_view, 3> kTypes = {"f32", "bf16", "f16"};
        inner.require("folder");
        inner.path("folder", recipe.output);
        read_dtype(inner, recipe.output_dtype, kTypes);
    });
    recipe.checkpoint_folder = recipe.output / "checkpoints";
    fields.mapping("checkpoint", [&](RecipeFields& inner) {
        inner.integer("every", recipe.checkpoint_every, 0, kMaxCount);
        inner.integer("keep", recipe.checkpoint_keep, 1, kMaxCount);
        inner.path("folder", recipe.checkpoint_folder);
    });
}

void read_all(RecipeFields& fields, Recipe& recipe) {
    static constexpr std::array<std::string_view, 2> kTypes = {"f32", "bf16"};
    for (const std::string_view key : {"model", "tokenizer", "data", "steps"}) fields.require(key);
    fields.mapping("model", [&](RecipeFields& inner) { read_model(inner, recipe.model); });
    fields.mapping("tokenizer", [&](RecipeFields& inner) { read_tokenizer(inner, recipe.tokenizer); });
    fields.each("data", [&](RecipeFields& inner) { read_source(inner, recipe.data.emplace_back()); });
    check_no_gap(fields, recipe.data);
    fields.integer("context", recipe.context, 2, kMaxContext);
    fields.mapping("batch", [&](RecipeFields& inner) { read_batch(inner, recipe); });
    if (!fields.has("batch") && recipe.context > recipe.step_tokens)
        fields.complain("context", fmt::format("is {}, more than the {} tokens of a step; set batch.tokens too",
                                               recipe.context, recipe.step_tokens));
    fields.mapping("optimizer", [&](RecipeFields& inner) { read_optimizer(inner, recipe.optimizer); });
    fields.integer("steps", recipe.steps, 1, kMaxCount);
    read_seed(fields, recipe.seed);
    read_dtype(fields, recipe.dtype, kTypes);
    fields.boolean("activation_checkpointing", recipe.activation_checkpointing);
    read_places(fields, recipe);
}

std::string_view name_of_kind(DataRecipe::Kind kind) {
    switch (kind) {
        case DataRecipe::Kind::office: return "office";
        case DataRecipe::Kind::copy: return "copy";
        case DataRecipe::Kind::jsonl: return "jsonl";
    }
    return "";
}

std::string_view name_of_schedule(Schedule schedule) {
    switch (schedule) {
        case Schedule::cosine: return "cosine";
        case Schedule::linear: return "linear";
        case Schedule::constant: return "constant";
    }
    return "";
}

}  // namespace

Result<Recipe> parse_recipe(std::string_view text, std::string_view who, std::span<const std::string> overrides) {
    if (text.size() > kMaxRecipeBytes)
        return fail(ErrorKind::invalid_input, "{}: {} bytes; a recipe has at most {}", who, text.size(),
                    kMaxRecipeBytes);
    try {
        const RecipeTree tree = CRIA_TRY(RecipeTree::parse(text, who, overrides));
        Recipe recipe;
        RecipeFields fields(tree, tree.root(), "");
        read_all(fields, recipe);
        CRIA_TRY(fields.finish());
        return recipe;
    } catch (const YAML::Exception& error) {
        return fail(ErrorKind::invalid_input, "{} line {}: not a recipe ({})", who, error.mark.line + 1, error.msg);
    }
}

Result<Recipe> read_recipe(Os& os, const Path& path, std::span<const std::string> overrides) {
    return parse_recipe(CRIA_TRY(read_text(os, path, kMaxRecipeBytes)), path.string(), overrides);
}

OrderedJson recipe_identity(const Recipe& recipe) {
    OrderedJson pairs;
    if (recipe.model.config) pairs["model.config"] = json_text(config_to_json(*recipe.model.config));
    pairs["model.name"] = recipe.model.name;
    pairs["model.folder"] = recipe.model.folder.string();
    pairs["tokenizer.folder"] = recipe.tokenizer.folder.string();
    pairs["tokenizer.train.vocabulary"] = recipe.tokenizer.vocabulary;
    pairs["tokenizer.train.documents"] = recipe.tokenizer.documents;
    pairs["tokenizer.train.single_digits"] = recipe.tokenizer.single_digits;
    for (std::size_t i = 0; i < recipe.data.size(); ++i) {
        const DataRecipe& source = recipe.data[i];
        const std::string at = fmt::format("data.{}.", i);
        pairs[at + "kind"] = name_of_kind(source.kind);
        pairs[at + "weight"] = source.weight;
        pairs[at + "from"] = source.from;
        pairs[at + "until"] = source.until;
        pairs[at + "alphabet"] = source.alphabet;
        pairs[at + "doubling"] = source.doubling;
        pairs[at + "short_samples"] = source.short_samples;
        pairs[at + "hard"] = source.hard;
        pairs[at + "prompt_weight"] = source.prompt_weight;
        pairs[at + "path"] = source.path.string();
        pairs[at + "seed"] = source.seed;
        for (const auto& [language, weight] : source.languages) pairs[at + "languages." + language] = weight;
    }
    pairs["context"] = recipe.context;
    pairs["batch.tokens"] = recipe.step_tokens;
    pairs["batch.micro_tokens"] = recipe.micro_tokens;
    const OptimizerRecipe& o = recipe.optimizer;
    pairs["optimizer.kind"] = o.kind == OptimizerKind::muon ? "muon" : "adamw";
    pairs["optimizer.momentum"] = o.momentum;
    pairs["optimizer.learning_rate"] = o.learning_rate;
    pairs["optimizer.warmup"] = o.warmup;
    pairs["optimizer.schedule"] = name_of_schedule(o.schedule);
    pairs["optimizer.min_ratio"] = o.min_ratio;
    pairs["optimizer.betas"] = {o.beta1, o.beta2};
    pairs["optimizer.epsilon"] = o.epsilon;
    pairs["optimizer.weight_decay"] = o.weight_decay;
    pairs["optimizer.clip"] = o.clip;
    pairs["steps"] = recipe.steps;
    pairs["seed"] = recipe.seed;
    pairs["dtype"] = name_of(recipe.dtype);
    pairs["validation.documents"] = recipe.validation_documents;
    return pairs;
}

}  // namespace cria
