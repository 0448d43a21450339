#include "train/prepare.h"

#include "chat/prompt.h"
#include "text/bpe_trainer.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

Result<Tokenizer> train_tokenizer(const TokenizerRecipe& recipe, DataStream& stream) {
    const auto specials = static_cast<std::int64_t>(llama3_specials(0).size());
    if (recipe.vocabulary < specials + 256)
        return fail(ErrorKind::invalid_input,
                    "tokenizer.train.vocabulary is {}; {} control tokens and the 256 bytes need at least {}",
                    recipe.vocabulary, specials, specials + 256);
    BpeTrainer trainer({.vocabulary = static_cast<std::size_t>(recipe.vocabulary - specials),
                        .single_digits = recipe.single_digits});
    CRIA_TRY(stream.texts(recipe.documents, [&](std::string_view text) { trainer.add(text); }));
    std::vector<std::string> ranks = CRIA_TRY(trainer.train());
    auto names = llama3_specials(ranks.size());
    return Tokenizer::create(std::move(ranks), std::move(names));
}

Result<LlamaConfig> config_for(const Recipe& recipe, const Tokenizer& tokenizer) {
    if (!recipe.model.config) return config_named(recipe.model.name);
    LlamaConfig config = *recipe.model.config;
    config.vocabulary = tokenizer.size();
    if (config.context == 0) config.context = recipe.context;
    const auto bos = tokenizer.special("<|begin_of_text|>");
    if (!bos) return fail(ErrorKind::invalid_input, "the tokenizer has no control token <|begin_of_text|>");
    config.bos_id = *bos;
    config.eos_ids = stop_tokens(tokenizer);
    return config;
}

}  // namespace

Result<Tokenizer> make_tokenizer(Os& os, const Recipe& recipe, DataStream& stream, const Path& trained, bool reuse) {
    if (!recipe.tokenizer.folder.empty()) return load_tokenizer(os, recipe.tokenizer.folder);
    if (reuse && os.info(trained)) return load_tokenizer(os, trained);
    Tokenizer tokenizer = CRIA_TRY(train_tokenizer(recipe.tokenizer, stream));
    CRIA_TRY(os.make_folders(trained.parent_path()));
    CRIA_TRY(write_atomically(os, trained, write_tokenizer_json(tokenizer)));
    return tokenizer;
}

Result<Llama> make_model(Os& os, const Recipe& recipe, const Tokenizer& tokenizer) {
    const auto made = [&]() -> Result<Llama> {
        if (!recipe.model.folder.empty()) return Llama::load(os, recipe.model.folder, {.trainable = true});
        const LlamaConfig config = CRIA_TRY(config_for(recipe, tokenizer));
        CRIA_TRY(check_config(config));
        return Llama::random(config, recipe.seed, DType::f32, true);
    };
    Llama model = CRIA_TRY(made());
    const LlamaConfig& config = model.config();
    if (config.vocabulary < tokenizer.size())
        return fail(ErrorKind::invalid_input, "the tokenizer has {} ids, the model knows {}", tokenizer.size(),
                    config.vocabulary);
    if (config.context < recipe.context)
        return fail(ErrorKind::invalid_input, "context is {}, more than the model's {}", recipe.context, config.context);
    model.set_activation_checkpointing(recipe.activation_checkpointing);
    model.reserve_positions(recipe.context);
    return model;
}

double step_flops(const LlamaConfig& c, const StepBatch& batch) {
    const auto product = [](std::int64_t a, std::int64_t b) { return static_cast<double>(a) * static_cast<double>(b); };
    const std::int64_t query_width = c.query_width();
    const double layer = product(c.width, 2 * query_width + 2 * c.kv_width()) + 3 * product(c.width, c.ffn_width);
    return 6 * (layer * static_cast<double>(c.layers * batch.rows) +
                product(c.width, c.vocabulary) * static_cast<double>(batch.target_rows)) +
           12 * product(c.layers, query_width) * batch.visible_pairs;
}

}  // namespace cria
