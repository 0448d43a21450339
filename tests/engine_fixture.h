// A small model, quantised unless another is made, requests for it, and what each of them gets alone.
#pragma once

#include <gtest/gtest.h>

#include "base/random.h"
#include "base/temp_folder.h"
#include "engine/engine.h"
#include "model/model_files.h"
#include "quant/gguf_export.h"
#include "text/tokenizer_files.h"

namespace cria {

class EngineFixture : public testing::Test {
protected:
    static constexpr std::int64_t kContext = 512;

    explicit EngineFixture(int threads = 2) : pool_(threads) {}

    void SetUp() override {
        ASSERT_TRUE(real_os().make_folders(source_));
        std::filesystem::copy(Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer/tokenizer.json",
                              source_ / "tokenizer.json");
        tokenizer_.emplace(*load_tokenizer(real_os(), source_));
        make_model("q8_0");
        ASSERT_TRUE(model_->packed());
    }

    // A random model of numbers of `source`, in a GGUF file of one type.
    void make_model(std::string_view type, std::int64_t ffn_width = 96, DType source = DType::f32) {
        LlamaConfig config;
        config.layers = 2, config.width = 64, config.heads = 4, config.kv_heads = 2, config.head_dim = 16;
        config.ffn_width = ffn_width, config.context = kContext;
        config.initializer_range = 0.1f;
        config.vocabulary = tokenizer_->size();
        config.bos_id = 0, config.eos_ids = {1};
        ASSERT_TRUE(Llama::random(config, 3, DType::f32, false)->save(real_os(), source_, source));
        const ModelFiles files = *open_model_folder(real_os(), source_);
        model_.reset();
        ASSERT_TRUE(export_gguf(real_os(), files, gguf_, type, compute_, [](const auto&, double) { return true; }));
        model_.emplace(*Llama::load(real_os(), gguf_, {.compute = &compute_}));
        model_->reserve_positions(kContext);
    }

    Engine engine(const EngineOptions& options, Os& os = real_os()) {
        return Engine(os, *model_, *tokenizer_, compute_, options);
    }

    // Prompts of one to 300 tokens, half of which begin alike; some answers are greedy, some are penalised.
    Request random_request(std::uint64_t seed) const {
        Random random(seed, 77);
        const auto vocabulary = static_cast<std::uint32_t>(model_->config().vocabulary);
        Request request;
        const std::uint32_t length = 1 + random.below(300);
        const bool alike = random.below(2) == 0;
        for (std::uint32_t i = 0; i < length; ++i) {
            const TokenId any = static_cast<TokenId>(random.below(vocabulary));
            request.prompt.push_back(alike && i < 200 ? static_cast<TokenId>(i * 31 % vocabulary) : any);
        }
        request.scope = random.below(3) == 0 ? "other" : "";
        request.options.sampling.temperature = random.below(3) == 0 ? 0.0f : 0.8f;
        request.options.sampling.seed = seed;
        if (random.below(4) == 0) request.options.sampling.frequency_penalty = 0.2f;
        request.options.max_tokens = random.below(120);
        return request;
    }

    // What the request gets alone, without drafts, of an engine that has seen nothing before.
    std::vector<TokenId> alone(Request request) {
        Engine fresh = engine(one_at_a_time(kContext));
        request.options.drafts = false;
        return fresh.generate(request.prompt, request.options, [](std::string_view) {})->ids;
    }

    static void expect_empty(const Engine& engine) {
        const Engine::Load load = engine.load();
        EXPECT_EQ(load.running, 0);
        EXPECT_EQ(load.waiting, 0);
        EXPECT_EQ(load.free_pages + load.remembered_pages, load.pages);
    }

    TempFolder folder_;
    Path source_ = folder_ / "m", gguf_ = folder_ / "m.gguf";
    ThreadPool pool_;
    Compute compute_{pool_, best_kernels()};
    std::optional<Tokenizer> tokenizer_;
    std::optional<Llama> model_;
};

}  // namespace cria
