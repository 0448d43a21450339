#include "train/recipe.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

constexpr std::string_view kSmall = R"(model:
  config: {layers: 2, width: 64, heads: 4, kv_heads: 2, ffn_width: 128, tied_embeddings: true}
tokenizer:
  train: {vocabulary: 1024}
data:
  - office:
      languages: {en: 3, de: 1}
    weight: 2
  - jsonl: chats.jsonl
context: 256
batch: {tokens: 1024, micro_tokens: 512}
optimizer:
  learning_rate: 2e-3
  warmup: 10
  schedule: linear
  betas: [0.9, 0.99]
steps: 100
seed: 7
output: {folder: out, dtype: bf16}
)";

std::string with(std::string_view from, std::string_view to) {
    std::string text(kSmall);
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

std::string complaint(std::string_view text, std::vector<std::string> overrides = {}) {
    const auto recipe = parse_recipe(text, "r.yaml", overrides);
    if (recipe) return "no complaint";
    EXPECT_EQ(recipe.error().kind, ErrorKind::invalid_input);
    return recipe.error().message;
}

TEST(Recipe, ReadsEveryPart) {
    const auto recipe = parse_recipe(kSmall, "r.yaml", {});
    ASSERT_TRUE(recipe) << recipe.error().message;
    EXPECT_EQ(recipe->model.config->head_dim, 16);
    EXPECT_TRUE(recipe->model.config->tied_embeddings);
    EXPECT_EQ(recipe->tokenizer.vocabulary, 1024);
    ASSERT_EQ(recipe->data.size(), 2u);
    EXPECT_EQ(recipe->data[0].languages.at("en"), 3);
    EXPECT_EQ(recipe->data[0].weight, 2);
    EXPECT_EQ(recipe->data[1].kind, DataRecipe::Kind::jsonl);
    EXPECT_EQ(recipe->micro_tokens, 512);
    EXPECT_EQ(recipe->optimizer.schedule, Schedule::linear);
    EXPECT_EQ(recipe->optimizer.beta2, 0.99);
    EXPECT_EQ(recipe->output_dtype, DType::bf16);
    EXPECT_EQ(recipe->checkpoint_folder, Path("out/checkpoints"));
}

TEST(Recipe, NamesAMisspeltKeyItsLineAndTheNearest) {
    EXPECT_EQ(complaint(with("learning_rate", "lerning_rate")),
              "r.yaml line 13: optimizer.lerning_rate is no key of a recipe; did you mean optimizer.learning_rate?");
    EXPECT_EQ(complaint(with("steps: 100", "stepz: 100")), "r.yaml line 17: stepz is no key of a recipe; did you mean steps?");
    EXPECT_EQ(complaint(with("jsonl: chats.jsonl", "jsonnl: chats.jsonl")),
              "r.yaml line 9: data.1.jsonnl is no key of a recipe; did you mean data.1.jsonl?");
    EXPECT_EQ(complaint(with("seed: 7", "zzzzzz: 7")).substr(0, 66),
              "r.yaml line 18: zzzzzz is no key of a recipe; the keys here are ac");
}

TEST(Recipe, SaysTypeAndRange) {
    EXPECT_EQ(complaint(with("steps: 100", "steps: many")),
              "r.yaml line 17: steps is 'many'; a whole number from 1 to 1000000000 was wanted");
    EXPECT_EQ(complaint(with("2e-3", "-1")), "r.yaml line 13: optimizer.learning_rate is '-1'; a number in (0, 10] was wanted");
    EXPECT_EQ(complaint(with("schedule: linear", "kind: moun")),
              "r.yaml line 15: optimizer.kind is 'moun'; one of adamw, muon was wanted");
    EXPECT_EQ(complaint(with("linear", "square")),
              "r.yaml line 15: optimizer.schedule is 'square'; one of cosine, linear, constant was wanted");
    EXPECT_EQ(complaint(with("[0.9, 0.99]", "[0.9]")),
              "r.yaml line 16: optimizer.betas is a list; a list of 2 numbers in [0, 1) was wanted");
    EXPECT_EQ(complaint(with("true", "yes")),
              "r.yaml line 2: model.config.tied_embeddings is 'yes'; true or false was wanted");
    EXPECT_EQ(complaint(with("{en: 3, de: 1}", "{en: -3}")),
              "r.yaml line 7: data.0.office.languages gives 'en' the weight '-3'; a number in [0, 1e6] was wanted");
    EXPECT_EQ(complaint(with("micro_tokens: 512", "micro_tokens: 100")),
              "r.yaml line 11: batch gives a pass 100 tokens; at least the context of 256 was wanted");
    EXPECT_NE(complaint(with("steps: 100\n", "")).find("the recipe lacks the key steps"), std::string::npos);
    EXPECT_NE(complaint(with("  train:", "  folder: x\n  train:")).find("exactly one of folder, train; it has 2"),
              std::string::npos);
    EXPECT_NE(complaint(with("steps: 100", "steps: 100\nsteps: 2")).find("steps is there twice"), std::string::npos);
}

TEST(Recipe, EveryDocumentNeedsASource) {
    const auto first = [](std::string_view keys) { return with("    weight: 2\n", keys); };
    const auto both = [&](std::string_view keys, std::string_view last) {
        std::string text = first(keys);
        return text.replace(text.find("chats.jsonl\n"), 12, "chats.jsonl\n" + std::string(last));
    };
    EXPECT_TRUE(parse_recipe(both("    until: 10\n", "    from: 10\n"), "r.yaml", {}));
    EXPECT_TRUE(parse_recipe(both("    from: 5\n", "    until: 10\n"), "r.yaml", {}));
    EXPECT_NE(complaint(both("    until: 10\n", "    from: 11\n")).find("data has no source for document 10;"),
              std::string::npos);
    EXPECT_NE(complaint(both("    from: 3\n", "    from: 2\n")).find("data has no source for document 0;"),
              std::string::npos);
    EXPECT_NE(complaint(both("    until: 9\n", "    until: 12\n")).find("data has no source for document 12;"),
              std::string::npos);
    EXPECT_EQ(complaint(first("    from: 7\n    until: 7\n")),
              "r.yaml line 9: data.0.until is 7; a document after from, 7, was wanted");
}

TEST(Recipe, RefusesWhatIsNoRecipe) {
    EXPECT_NE(complaint("{").find("not YAML"), std::string::npos);
    EXPECT_NE(complaint("- a\n- b\n").find("a list where the recipe's keys were wanted"), std::string::npos);
    EXPECT_NE(complaint("").find("lacks the key"), std::string::npos);
    EXPECT_NE(complaint("? [a]\n: b\n").find("a list as a key"), std::string::npos);
    EXPECT_NE(complaint(std::string(100'000, '[')).find("r.yaml"), std::string::npos);
    EXPECT_NE(complaint("model: &a [*a]\n").find("r.yaml"), std::string::npos);
    EXPECT_EQ(complaint(with("jsonl: chats", "jsonl: \xff")), "r.yaml line 9: data.1.jsonl is not UTF-8");
    EXPECT_NE(complaint(std::string(2 << 20, ' ')).find("at most 1048576"), std::string::npos);
}

TEST(Recipe, OverridesAreCheckedTheSameWay) {
    const std::vector<std::string> good = {"steps=5", "data.1.weight=0.5", "checkpoint.folder=/tmp/x", "data.0.office.languages={th: 1}"};
    const auto recipe = parse_recipe(kSmall, "r.yaml", good);
    ASSERT_TRUE(recipe) << recipe.error().message;
    EXPECT_EQ(recipe->steps, 5);
    EXPECT_EQ(recipe->data[1].weight, 0.5);
    EXPECT_EQ(recipe->checkpoint_folder, Path("/tmp/x"));
    EXPECT_EQ(recipe->data[0].languages, (std::map<std::string, double>{{"th", 1.0}}));
    EXPECT_EQ(complaint(kSmall, {"steps=0"}),
              "--set steps=0: steps is '0'; a whole number from 1 to 1000000000 was wanted");
    EXPECT_EQ(complaint(kSmall, {"optimiser.clip=1"}),
              "--set optimiser.clip=1: optimiser is no key of a recipe; did you mean optimizer?");
    EXPECT_NE(complaint(kSmall, {"steps"}).find("wanted key=value"), std::string::npos);
    EXPECT_NE(complaint(kSmall, {"steps.x=1"}).find("has no place for steps.x"), std::string::npos);
    EXPECT_NE(complaint(kSmall, {"data.7.weight=1"}).find("has no place for data.7.weight"), std::string::npos);
    EXPECT_NE(complaint(kSmall, {"steps=[1"}).find("the value is not YAML"), std::string::npos);
}

TEST(Recipe, IdentityHoldsWhatDecidesTheWeights) {
    const auto identity = [](std::vector<std::string> overrides) {
        return recipe_identity(*parse_recipe(kSmall, "r.yaml", overrides));
    };
    EXPECT_EQ(identity({}), identity({"checkpoint.every=3", "output.folder=elsewhere", "activation_checkpointing=true"}));
    for (const std::string change : {"seed=8", "steps=101", "optimizer.clip=0.5", "data.0.weight=3", "dtype=bf16",
                                     "data.0.office.languages.en=4", "data.0.office.short_samples=4", "context=255", "model.config.width=128",
                                     "model.config.initializer_range=0.1", "data.0.until=9", "optimizer.kind=muon",
                                     "optimizer.momentum=0.9"})
        EXPECT_NE(identity({}), identity({change})) << change;
}

}  // namespace
}  // namespace cria
