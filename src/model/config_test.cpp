#include "model/config.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(Config, NamedModelsHaveTheirExactParameters) {
    // From the models' own dimensions; the vision models count the text part with its cross-attention layers
    // (8,030,294,016 + 1,744,898,064 and 70,553,772,032 + 17,113,093,160).
    const std::pair<std::string_view, std::int64_t> expected[] = {
        {"llama3.2-1b", 1'235'814'400},          {"llama3.2-3b", 3'212'749'824},
        {"llama3.1-8b", 8'030'261'248},          {"llama3.1-70b", 70'553'706'496},
        {"llama-guard3-1b", 1'498'482'688},      {"llama-guard3-1b-pruned", 1'123'076'096},
        {"llama-guard3-8b", 8'030'261'248},      {"llama3.2-11b-vision", 9'775'192'080},
        {"llama3.2-90b-vision", 87'666'865'192},
    };
    EXPECT_EQ(config_names().size(), std::size(expected));
    for (const auto& [name, parameters] : expected) {
        const Result<LlamaConfig> config = config_named(name);
        ASSERT_TRUE(config) << name;
        EXPECT_TRUE(check_config(*config)) << name;
        EXPECT_EQ(config->parameters(), parameters) << name;
    }
    EXPECT_EQ(config_named("llama3.2-11b-vision")->cross_attention_layers,
              (std::vector<std::int64_t>{3, 8, 13, 18, 23, 28, 33, 38}));
    EXPECT_EQ(config_named("llama3.2-1b")->rope_scaling->factor, 32.0f);
    EXPECT_EQ(config_named("llama3.2-1b")->head_dim, 64);
}

TEST(Config, UnknownNameSuggestsOne) {
    const Result<LlamaConfig> config = config_named("lama3.2-1b");
    ASSERT_FALSE(config);
    EXPECT_TRUE(config.error().message.contains("'llama3.2-1b'")) << config.error().message;
    EXPECT_TRUE(config_named("gpt").error().message.contains("llama3.1-8b"));
}

TEST(Config, GoesThroughJsonUnchanged) {
    for (const std::string_view name : config_names()) {
        LlamaConfig config = *config_named(name);
        config.eos_ids = {128001, 128008, 128009};
        config.initializer_range = 0.5f;
        const Result<Json> json = parse_json(config_to_json(config).dump(), "test");
        const Result<LlamaConfig> again = config_from_json(*json, "test");
        ASSERT_TRUE(again) << again.error().message;
        EXPECT_EQ(*again, config) << name;
    }
}

constexpr std::string_view kOld = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama",
    "hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
    "num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-05,
    "rope_theta": 500000.0, "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
    "original_max_position_embeddings": 8192, "rope_type": "llama3"}, "tie_word_embeddings": true,
    "hidden_act": "silu", "attention_bias": false, "mlp_bias": false, "torch_dtype": "bfloat16",
    "bos_token_id": 128000, "eos_token_id": 128001, "pad_token_id": null})";

TEST(Config, ReadsBothGenerationsOfKeys) {
    const Json old_form = *parse_json(kOld, "test");
    EXPECT_EQ(config_from_json(old_form, "test").value(), config_named("llama3.2-1b").value());
    Json new_form = old_form;
    new_form["rope_parameters"] = new_form["rope_scaling"];
    new_form["rope_parameters"]["rope_theta"] = 500000.0;
    new_form.erase("rope_scaling");
    new_form.erase("rope_theta");
    new_form["dtype"] = "bfloat16";
    EXPECT_EQ(config_from_json(new_form, "test").value(), config_named("llama3.2-1b").value());
    Json vision;
    vision["model_type"] = "mllama";
    vision["text_config"] = new_form;
    vision["text_config"]["model_type"] = "mllama_text_model";
    vision["text_config"]["cross_attention_layers"] = {3, 8};
    EXPECT_EQ(config_from_json(vision, "test").value().cross_attention_layers, (std::vector<std::int64_t>{3, 8}));
}

struct Wrong {
    std::string patch;  // merged into the configuration
    std::string said;   // in the message
};

class WrongConfig : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfig, IsANamedError) {
    Json json = *parse_json(kOld, "test");
    json.merge_patch(*parse_json(GetParam().patch, "patch"));
    const Result<LlamaConfig> config = config_from_json(json, "config.json");
    ASSERT_FALSE(config) << GetParam().patch;
    EXPECT_TRUE(config.error().message.starts_with("config.json: ")) << config.error().message;
    EXPECT_TRUE(config.error().message.contains(GetParam().said)) << config.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongConfig,
    testing::Values(
        Wrong{R"({"hidden_size": null})", "hidden_size is missing"}, Wrong{R"({"hidden_size": 0})", "hidden_size is 0"},
        Wrong{R"({"hidden_size": -2048})", "hidden_size is -2048"},
        Wrong{R"({"hidden_size": "2048"})", "hidden_size is \"2048\""},
        Wrong{R"({"hidden_size": 2048.5})", "hidden_size is 2048.5"},
        Wrong{R"({"num_hidden_layers": 18446744073709551615})", "num_hidden_layers"},
        Wrong{R"({"num_hidden_layers": 1000000000})", "num_hidden_layers is 1000000000"},
        Wrong{R"({"num_attention_heads": 0})", "num_attention_heads is 0"},
        Wrong{R"({"num_key_value_heads": 5})", "num_key_value_heads 5"}, Wrong{R"({"head_dim": 63})", "head_dim is 63"},
        Wrong{R"({"head_dim": 100000})", "head_dim"}, Wrong{R"({"vocab_size": 99999999999})", "vocab_size"},
        Wrong{R"({"max_position_embeddings": 0})", "max_position_embeddings"},
        Wrong{R"({"rms_norm_eps": 0})", "rms_norm_eps"}, Wrong{R"({"rms_norm_eps": "tiny"})", "rms_norm_eps"},
        Wrong{R"({"rope_theta": -1})", "rope_theta"}, Wrong{R"({"rope_theta": 1e300})", "rope_theta"},
        Wrong{R"({"initializer_range": -0.5})", "initializer_range is -0.5"},
        Wrong{R"({"rope_scaling": [1]})", "rope scaling"},
        Wrong{R"({"rope_scaling": {"rope_type": "yarn"}})", "'yarn'"},
        Wrong{R"({"rope_scaling": {"factor": 0}})", "factor is 0"},
        Wrong{R"({"rope_scaling": {"low_freq_factor": 4}})", "low_freq_factor is 4"},
        Wrong{R"({"rope_scaling": {"original_max_position_embeddings": 0}})", "original_max"},
        Wrong{R"({"hidden_act": "relu"})", "'relu'"}, Wrong{R"({"attention_bias": true})", "attention_bias"},
        Wrong{R"({"model_type": "gpt2"})", "'gpt2'"}, Wrong{R"({"model_type": "mllama"})", "text_config"},
        Wrong{R"({"bos_token_id": 128256})", "bos_token_id is 128256"},
        Wrong{R"({"eos_token_id": [1, 99999999999]})", "eos_token_id"},
        Wrong{R"({"eos_token_id": [1, -1]})", "eos_token_id"},
        Wrong{R"({"cross_attention_layers": [3, 3]})", "layer 3"},
        Wrong{R"({"cross_attention_layers": [16]})", "layer 16"}));

TEST(Config, IsAnObject) {
    for (const char* text : {"[]", "null", "3", "\"llama\"", "{}"})
        EXPECT_FALSE(config_from_json(*parse_json(text, "test"), "config.json")) << text;
}

}  // namespace
}  // namespace cria
