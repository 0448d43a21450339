// Llamas in programs of ExecuTorch, those of quantised_golden_test.cpp: what the program says, and lies.
#include "model/executorch_weights.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "model/llama.h"
#include "model/model_files.h"

namespace cria {
namespace {

const Path kExecutorchGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/executorch";

TEST(ExecutorchLlama, TheProgramSaysWhatParamsDoNot) {
    const auto config_of = [](const char* name) {
        return *read_config(real_os(), *open_model_weights(real_os(), kExecutorchGolden / name));
    };
    const LlamaConfig trimmed = config_of("trimmed"), named = config_of("named");
    EXPECT_EQ(trimmed.output_ids, (std::vector<std::int32_t>{16, 7, 63, 0, 31}));
    EXPECT_TRUE(named.output_ids.empty());
    ASSERT_TRUE(trimmed.rope_scaling && named.rope_scaling);
    EXPECT_EQ(trimmed.rope_scaling->factor, 32.0f);
    EXPECT_EQ(named.rope_scaling->factor, 32.0f);
    EXPECT_FALSE(named.tied_embeddings);
}

TEST(ExecutorchLlama, ATrimmedOutputIsNotTrained) {
    const auto model = Llama::load(real_os(), kExecutorchGolden / "trimmed", {.trainable = true});
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().kind, ErrorKind::unsupported);
    EXPECT_NE(model.error().message.find("trimmed to 5 of 64 tokens"), std::string::npos) << model.error().message;
}

// What params.json says must be what the program does.
TEST(ExecutorchLlama, ParamsThatDoNotFitAreNamed) {
    const TempFolder folder;
    std::filesystem::copy(kExecutorchGolden / "trimmed", folder / "m");
    const auto complaint = [&](std::string_view from, std::string_view to) {
        std::string params = *read_text(real_os(), kExecutorchGolden / "trimmed/params.json", 1 << 20);
        params.replace(params.find(from), from.size(), to);
        EXPECT_TRUE(write_atomically(real_os(), folder / "m/params.json", params));
        const auto model = Llama::load(real_os(), folder / "m", {});
        return model ? std::string("none") : model.error().message;
    };
    const auto expect = [&](std::string_view from, std::string_view to, std::string_view says) {
        const std::string message = complaint(from, to);
        EXPECT_NE(message.find(says), std::string::npos) << message;
    };
    expect("\"n_layers\": 2", "\"n_layers\": 2", "none");
    expect("\"n_layers\": 2", "\"n_layers\": 3", "it has 15 products with constant matrices of XNNPACK; 3 layers");
    expect("\"dim\": 128", "\"dim\": 256", "'model.layers.0.input_layernorm.weight' was not found");
    expect("\"hidden_dim\": 128", "\"hidden_dim\": 64", "gate_proj.weight' is [128, 128]; by the configuration");
    expect("\"vocab_size\": 64", "\"vocab_size\": 65", "embed_tokens.weight' is [64, 128]; by the configuration");
    expect("\"vocab_size\": 64", "\"vocab_size\": 63", "stands for token 63, twice or beyond the vocabulary of 63");
    expect("\"use_scaled_rope\": true", "\"use_scaled_rope\": false", "use_scaled_rope is false, but the angles");
    expect(", \"use_scaled_rope\": true", "", "none");  // what is not said is the program's matter
    expect("\"rope_freq_base\": 500000.0", "\"rope_freq_base\": 10000.0", "position 1 turns pair");
    expect("\"use_scaled_rope\"", "\"use_hf_rope\": true, \"use_scaled_rope\"", "use_hf_rope is true");
}

// A program that is no Llama's says so.
TEST(ExecutorchLlama, AnotherNetworkIsRefused) {
    const auto program = open_executorch(real_os(), kExecutorchGolden / "tiny.pte");
    ASSERT_TRUE(program);
    LlamaConfig config = *config_named("llama-guard3-1b-pruned");
    const auto llama = find_llama(*program, config, "tiny.pte");
    ASSERT_FALSE(llama);
    EXPECT_EQ(llama.error().message,
              "tiny.pte: it has 1 products with constant matrices of XNNPACK; 12 layers of a Llama have 85");
}

}  // namespace
}  // namespace cria
