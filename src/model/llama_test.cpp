// What must not change the numbers: packing, chunks, batches, threads, checkpointing, saving and loading.
#include <cstring>
#include <functional>

#include "base/os_fault.h"
#include "base/temp_folder.h"
#include "model/model_fixture.h"

namespace cria {
namespace {

const std::vector<std::int32_t> kIds = golden_ids(90, 61);

class EveryKernel : public testing::TestWithParam<const Kernels*> {
protected:
    Llama model_ = golden_llama(tiny_config());
    ThreadPool pool_{2};
    Compute compute_{pool_, *GetParam()};

    std::span<const std::int32_t> ids(std::int64_t first, std::int64_t count) const {
        return std::span(kIds).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    }
};

INSTANTIATE_TEST_SUITE_P(All, EveryKernel, testing::ValuesIn(available_kernels().begin(), available_kernels().end()),
                         [](const auto& tested) { return std::string(tested.param->name); });

TEST_P(EveryKernel, PackedDocumentsAreSeparateDocumentsBitForBit) {
    const std::vector<std::int64_t> lengths{31, 18, 41};
    const std::vector<float> together = logits_of(model_, compute_, kIds, packed(lengths));
    std::vector<float> apart;
    std::int64_t first = 0;
    for (const std::int64_t length : lengths) {
        const RowRun run{0, length, 0, nullptr};
        const std::vector<float> one = logits_of(model_, compute_, ids(first, length), {&run, 1});
        apart.insert(apart.end(), one.begin(), one.end());
        first += length;
    }
    EXPECT_EQ(together, apart);
}

TEST_P(EveryKernel, ChunksOfAPromptAreTheWholePromptBitForBit) {
    const RowRun run{0, 90, 0, nullptr};
    const std::vector<float> whole = logits_of(model_, compute_, kIds, {&run, 1});
    EXPECT_EQ(chunked_logits(model_, compute_, kIds, std::vector<std::int64_t>{90}), whole);
    EXPECT_EQ(chunked_logits(model_, compute_, kIds, std::vector<std::int64_t>{41, 17, 32}), whole);
    // Few rows are computed in another order; f32 sums of these sizes agree to about six digits.
    EXPECT_LE(relative_error(chunked_logits(model_, compute_, kIds, std::vector<std::int64_t>{3, 1, 80, 6}), whole),
              1e-5);
}

// Three sequences of different lengths decode together, and a fourth begins with a prompt, in one batch.
TEST_P(EveryKernel, ABatchOfSequencesIsEachAloneBitForBit) {
    const std::vector<std::int64_t> lengths{5, 17, 33};
    std::vector<KvCache> caches;
    std::vector<std::vector<float>> alone;
    for (const std::int64_t length : lengths) {
        for (int copy = 0; copy < 2; ++copy) {
            caches.emplace_back(model_.cache_shape(), 64);
            Arena arena;
            Pass pass(compute_, arena);
            const RowRun prompt{0, length, 0, &caches.back()};
            model_.forward(pass, ids(0, length), {{&prompt, 1}});
            caches.back().set_length(length);
        }
        const RowRun next{0, 1, length, &caches.back()};
        alone.push_back(logits_of(model_, compute_, ids(length, 1), {&next, 1}));
    }
    std::vector<RowRun> runs;
    std::vector<std::int32_t> batch;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
        runs.push_back({static_cast<std::int64_t>(i), 1, lengths[i], &caches[2 * i]});
        batch.push_back(kIds[static_cast<std::size_t>(lengths[i])]);
    }
    std::vector<float> expected;
    for (const auto& one : alone) expected.insert(expected.end(), one.begin(), one.end());
    EXPECT_EQ(logits_of(model_, compute_, batch, runs), expected);
}

TEST_P(EveryKernel, CheckpointedTrainingIsPlainTrainingBitForBit) {
    const std::vector<RowRun> runs = packed(std::vector<std::int64_t>{31, 12, 47});
    const TrainingRun plain = train_once(model_, compute_, kIds, runs);
    model_.set_activation_checkpointing(true);
    const TrainingRun again = train_once(model_, compute_, kIds, runs);
    EXPECT_EQ(plain.loss, again.loss);
    EXPECT_EQ(plain.gradients, again.gradients);
}

TEST_P(EveryKernel, ThreadsDoNotChangeTheNumbers) {
    const std::vector<RowRun> runs = packed(std::vector<std::int64_t>{31, 12, 47});
    ThreadPool one(1), three(3);
    const TrainingRun expected = train_once(model_, {one, *GetParam()}, kIds, runs);
    for (ThreadPool* pool : {&pool_, &three}) {
        const TrainingRun run = train_once(model_, {*pool, *GetParam()}, kIds, runs);
        EXPECT_EQ(run.loss, expected.loss);
        EXPECT_EQ(run.gradients, expected.gradients);
    }
}

TEST_P(EveryKernel, GradientsAddUpOverSteps) {
    const std::vector<RowRun> runs = packed(std::vector<std::int64_t>{90});
    const TrainingRun once = train_once(model_, compute_, kIds, runs);
    std::vector<std::int32_t> targets(kIds.begin() + 1, kIds.end());
    targets.push_back(kIgnore);
    Arena arena;
    Tape tape;
    Pass pass(compute_, arena, &tape);
    cross_entropy(pass, model_.forward(pass, kIds, {runs}), model_.head(), targets, 1.0 / 89);
    backward(pass);
    const std::vector<Parameter> parameters = model_.parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        std::vector<float> half = copy_of(parameters[i].weight->gradient);
        for (float& g : half) g /= 2;
        EXPECT_LE(relative_error(half, once.gradients[i]), 1e-6) << parameters[i].names.front();
    }
}

// Once its arena has grown, a step needs no more memory.
TEST(Llama, AStepAfterTheFirstAllocatesNoActivations) {
    Llama model = golden_llama(tiny_config());
    ThreadPool pool(2);
    Arena arena;
    Tape tape;
    const std::vector<RowRun> runs = packed(std::vector<std::int64_t>{90});
    std::size_t after_two = 0;
    for (int step = 0; step < 4; ++step) {
        arena.reset();
        tape.clear();
        Pass pass({pool, best_kernels()}, arena, &tape);
        cross_entropy(pass, model.forward(pass, kIds, {runs}), model.head(), kIds, 1);
        backward(pass);
        if (step == 1) after_two = arena.capacity_bytes();
        if (step > 1) {
            EXPECT_EQ(arena.capacity_bytes(), after_two);
        }
    }
}

TEST(Llama, RandomIsTheSameForTheSameSeed) {
    const auto first_weights = [](std::uint64_t seed, DType type) {
        Llama model = Llama::random(tiny_config(), seed, type, false).value();
        std::vector<std::uint16_t> bits;
        for (const Parameter& parameter : model.parameters()) {
            const Tensor& value = parameter.weight->value;
            const auto* words = static_cast<const std::uint16_t*>(value.raw());
            bits.insert(bits.end(), words, words + value.bytes() / 2);
        }
        return bits;
    };
    EXPECT_EQ(first_weights(7, DType::bf16), first_weights(7, DType::bf16));
    EXPECT_NE(first_weights(7, DType::bf16), first_weights(8, DType::bf16));
}

TEST(Llama, RandomHasTheAskedDeviations) {
    LlamaConfig config = tiny_config();
    config.width = 64;
    config.ffn_width = 256;
    config.layers = 8;
    Llama model = Llama::random(config, 3, DType::f32, false).value();
    for (const Parameter& parameter : model.parameters()) {
        double squares = 0;
        for (const float w : parameter.weight->value.f32_span()) squares += double{w} * w;
        const double deviation = std::sqrt(squares / static_cast<double>(parameter.weight->value.elements()));
        const std::string& name = parameter.names.front();
        const bool residual = name.contains("o_proj") || name.contains("down_proj");
        const double expected = !parameter.decay ? 1.0 : residual ? 0.02 / 4 : 0.02;
        EXPECT_NEAR(deviation, expected, 0.05 * expected) << name;  // thousands of draws: a few per cent
    }
}

TEST(Llama, SavesAndLoadsTheSameBits) {
    for (const DType type : {DType::f32, DType::bf16, DType::f16})
        for (const bool tied : {true, false}) {
            LlamaConfig config = tiny_config();
            config.tied_embeddings = tied;
            config.rope_scaling = RopeScaling{.factor = 32};
            const TempFolder folder;
            Llama saved = Llama::random(config, 5, type, false).value();
            ASSERT_TRUE(saved.save(real_os(), folder / "model", type));
            Result<Llama> loaded = Llama::load(real_os(), folder / "model", {});
            ASSERT_TRUE(loaded) << loaded.error().message;
            EXPECT_EQ(loaded->config(), config);
            const auto before = saved.parameters(), after = loaded->parameters();
            ASSERT_EQ(before.size(), after.size());
            for (std::size_t i = 0; i < before.size(); ++i) {
                EXPECT_EQ(after[i].weight->value.shape(), before[i].shape);
                if (after[i].weight->value.dtype() != before[i].weight->value.dtype()) {
                    EXPECT_EQ(after[i].shape.rank(), 1);  // norms are widened
                    continue;
                }
                EXPECT_EQ(std::memcmp(after[i].weight->value.raw(), before[i].weight->value.raw(),
                                      before[i].weight->value.bytes()),
                          0)
                    << before[i].names.front();
            }
        }
}

TEST(Llama, FaultsWhileSavingLeaveTheOldModel) {
    const TempFolder folder;
    Llama old_model = Llama::random(tiny_config(), 1, DType::bf16, false).value();
    Llama new_model = Llama::random(tiny_config(), 2, DType::bf16, false).value();
    ASSERT_TRUE(old_model.save(real_os(), folder / "m", DType::bf16));
    for (std::uint64_t bytes : {0u, 100u, 5000u}) {
        FaultyOs full(real_os(), {.disk_bytes = bytes});
        const Status saved = new_model.save(full, folder / "m", DType::bf16);
        ASSERT_FALSE(saved);
        EXPECT_EQ(saved.error().kind, ErrorKind::no_space);
        const Result<Llama> loaded = Llama::load(real_os(), folder / "m", {});
        ASSERT_TRUE(loaded) << loaded.error().message;
        EXPECT_EQ(std::memcmp(loaded->head().value.raw(), old_model.head().value.raw(), old_model.head().value.bytes()),
                  0);
    }
}

// ---- Checkpoints that do not fit their configuration ----

struct Broken {
    std::string name;
    std::function<void(std::vector<NamedTensor>&)> damage;
    std::vector<std::string> said;  // all of them in the message
};

NamedTensor& named(std::vector<NamedTensor>& tensors, std::string_view name) {
    return *std::ranges::find(tensors, name, &NamedTensor::name);
}

class BrokenCheckpoint : public testing::TestWithParam<Broken> {};

TEST_P(BrokenCheckpoint, IsANamedError) {
    const TempFolder folder;
    Llama model = Llama::random(tiny_config(), 1, DType::f32, false).value();
    ASSERT_TRUE(model.save(real_os(), folder / "m", DType::f32));
    std::vector<NamedTensor> tensors;
    {
        const SafetensorsFile file = open_safetensors(real_os(), folder / "m" / "model.safetensors").value();
        for (const SafetensorsEntry& entry : file.entries()) tensors.push_back({entry.name, file.tensor(entry)});
    }
    GetParam().damage(tensors);
    ASSERT_TRUE(write_safetensors(real_os(), folder / "m" / "model.safetensors", tensors));
    const Result<Llama> loaded = Llama::load(real_os(), folder / "m", {});
    ASSERT_FALSE(loaded);
    for (const std::string& text : GetParam().said)
        EXPECT_TRUE(loaded.error().message.contains(text)) << loaded.error().message;
}

INSTANTIATE_TEST_SUITE_P(All, BrokenCheckpoint,
                         testing::Values(Broken{"Missing",
                                                [](auto& tensors) {
                                                    std::erase_if(tensors, [](const auto& tensor) {
                                                        return tensor.name == "model.layers.1.self_attn.k_proj.weight";
                                                    });
                                                },
                                                {"model.layers.1.self_attn.k_proj.weight", "[16, 24]", "missing"}},
                                         Broken{"Superfluous",
                                                [](auto& tensors) {
                                                    tensors.push_back({"model.layers.2.mlp.up_proj.weight",
                                                                       Tensor::zeros(DType::f32, {40, 24})});
                                                },
                                                {"model.layers.2.mlp.up_proj.weight", "[40, 24]", "2 layers"}},
                                         Broken{"Misshapen",
                                                [](auto& tensors) {
                                                    named(tensors, "model.layers.0.mlp.down_proj.weight").tensor =
                                                        Tensor::zeros(DType::f32, {40, 24});
                                                },
                                                {"model.layers.0.mlp.down_proj.weight", "[40, 24]", "[24, 40]"}},
                                         Broken{"WrongRank",
                                                [](auto& tensors) {
                                                    named(tensors, "model.norm.weight").tensor =
                                                        Tensor::zeros(DType::f32, {1, 24});
                                                },
                                                {"model.norm.weight", "[1, 24]", "[24]"}},
                                         Broken{"WrongType",
                                                [](auto& tensors) {
                                                    named(tensors, "model.embed_tokens.weight").tensor =
                                                        Tensor::zeros(DType::i8, {61, 24});
                                                },
                                                {"model.embed_tokens.weight", "i8", "bf16"}}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Llama, IgnoresWhatSaysNothingNew) {
    const TempFolder folder;
    Llama model = Llama::random(tiny_config(), 1, DType::f32, false).value();
    ASSERT_TRUE(model.save(real_os(), folder / "m", DType::f32));
    std::vector<NamedTensor> tensors;
    {
        const SafetensorsFile file = open_safetensors(real_os(), folder / "m" / "model.safetensors").value();
        for (const SafetensorsEntry& entry : file.entries()) tensors.push_back({entry.name, file.tensor(entry)});
    }
    tensors.push_back({"lm_head.weight", Tensor::zeros(DType::f32, {61, 24})});
    tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", Tensor::zeros(DType::f32, {4})});
    ASSERT_TRUE(write_safetensors(real_os(), folder / "m" / "model.safetensors", tensors));
    const Result<Llama> loaded = Llama::load(real_os(), folder / "m", {});
    EXPECT_TRUE(loaded) << loaded.error().message;
}

TEST(Llama, RefusesImagesByName) {
    LlamaConfig config = tiny_config();
    config.cross_attention_layers = {1};
    const TempFolder folder;
    ASSERT_TRUE(real_os().make_folders(folder / "m"));
    ASSERT_TRUE(write_atomically(real_os(), folder / "m" / "config.json", config_to_json(config).dump()));
    ASSERT_TRUE(write_atomically(real_os(), folder / "m" / "model.safetensors", ""));
    const Result<Llama> loaded = Llama::load(real_os(), folder / "m", {});
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().kind, ErrorKind::unsupported);
    EXPECT_TRUE(loaded.error().message.contains("until vision lands")) << loaded.error().message;
}

TEST(Llama, SaysWhatIsMissingFromAFolder) {
    const TempFolder folder;
    EXPECT_EQ(Llama::load(real_os(), folder / "none", {}).error().kind, ErrorKind::not_found);
    ASSERT_TRUE(write_atomically(real_os(), folder / "config.json", config_to_json(tiny_config()).dump()));
    const Result<Llama> empty = Llama::load(real_os(), folder.path(), {});
    ASSERT_FALSE(empty);
    EXPECT_TRUE(empty.error().message.contains("model.safetensors")) << empty.error().message;
    ASSERT_TRUE(write_atomically(real_os(), folder / "model.safetensors", ""));
    ASSERT_TRUE(write_atomically(real_os(), folder / "config.json", "{\"num_hidden_layers\": 1e99}"));
    const Result<Llama> wrong = Llama::load(real_os(), folder.path(), {});
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(wrong.error().message.contains("num_hidden_layers")) << wrong.error().message;
}

}  // namespace
}  // namespace cria
