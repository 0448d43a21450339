#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/os_fault.h"
#include "base/temp_folder.h"
#include "store/safetensors.h"
#include "train/checkpoint.h"
#include "train/loss.h"

namespace cria {
namespace {

const Path kGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/train";

// 20 steps of PyTorch in double precision (scripts/golden/make_train_golden.py) against ours in f32.
TEST(Golden, TwentyStepsFollowPyTorch) {
    const Json golden = *parse_json(*read_text(real_os(), kGolden / "golden.json", 1 << 20), "golden");
    OptimizerRecipe recipe;
    const Json& r = golden["recipe"];
    recipe.learning_rate = r["learning_rate"], recipe.warmup = r["warmup"], recipe.min_ratio = r["min_ratio"];
    recipe.beta1 = r["beta1"], recipe.beta2 = r["beta2"], recipe.epsilon = r["epsilon"];
    recipe.weight_decay = r["weight_decay"], recipe.clip = r["clip"];
    auto model = Llama::load(real_os(), kGolden, {.trainable = true});
    ASSERT_TRUE(model) << model.error().message;
    model->reserve_positions(64);
    std::vector<Document> documents;
    for (const Json& d : golden["documents"])
        documents.push_back({d["ids"].get<std::vector<TokenId>>(), d["weights"].get<std::vector<float>>()});
    const StepBatch batch = pack(documents, 48);
    ASSERT_EQ(batch.passes.size(), 3u);  // accumulation over passes of unequal targets

    ThreadPool pool(2);
    const Compute compute{pool, best_kernels()};
    PassMemory memory;
    Optimizer optimizer(model->parameters(), recipe, DType::f32);
    const std::int64_t steps = golden["steps"];
    for (std::int64_t step = 0; step < steps; ++step) {
        const Json& wanted = golden["records"][static_cast<std::size_t>(step)];
        optimizer.zero_gradients(compute);
        const double loss = loss_with_gradients(compute, memory, *model, batch);
        const double norm = optimizer.gradient_norm(compute), rate = learning_rate_at(recipe, step, steps);
        // 2^-24 at first; Adam's division by the root of small squares lets rounding grow with the steps.
        EXPECT_NEAR(loss, wanted["loss"].get<double>(), 2e-6 * static_cast<double>(step + 1)) << step;
        EXPECT_NEAR(norm, wanted["grad_norm"].get<double>(), 1e-5 * static_cast<double>(step + 1)) << step;
        EXPECT_DOUBLE_EQ(rate, wanted["lr"].get<double>());
        optimizer.step(compute, step + 1, rate, norm > recipe.clip ? recipe.clip / norm : 1);
    }
    const SafetensorsFile last = *open_safetensors(real_os(), kGolden / "final.safetensors");
    for (const Optimizer::Slot& slot : optimizer.slots()) {
        std::int64_t row = 0;
        for (std::size_t i = 0; i < slot.parameter.names.size(); ++i) {
            const Tensor wanted = *last.tensor(slot.parameter.names[i]);
            const float* ours = slot.master.f32() + row * slot.master.columns();
            for (std::int64_t j = 0; j < wanted.elements(); ++j)
                ASSERT_NEAR(ours[j], wanted.f32()[j], 2e-4f) << slot.parameter.names[i] << " " << j;
            row += slot.parameter.rows[i];
        }
    }
}

// A run small enough to be done many times.
class RunTest : public ::testing::Test {
protected:
    Recipe recipe(const std::string& name, std::vector<std::string> overrides = {}) {
        overrides.push_back(fmt::format("output.folder={}", (folder_ / name).string()));
        overrides.push_back(fmt::format("data.0.jsonl={}", (folder_ / "data.jsonl").string()));
        auto recipe = parse_recipe(kRecipe, "test", overrides);
        EXPECT_TRUE(recipe) << recipe.error().message;
        return *recipe;
    }
    void SetUp() override {
        std::string lines;
        for (int i = 0; i < 60; ++i)
            lines += fmt::format("{{\"messages\": [{{\"role\": \"user\", \"content\": \"{0} + 1?\"}}, "
                                 "{{\"role\": \"assistant\", \"content\": \"{1}\"}}]}}\n", i, i + 1);
        ASSERT_TRUE(write_atomically(real_os(), folder_ / "data.jsonl", lines));
    }
    Status train(Os& os, const Recipe& r, TrainHooks hooks) { return run_training(os, r, hooks); }
    Status train(const Recipe& r, int threads = 2) {
        ThreadPool pool(threads);
        return train(real_os(), r, TrainHooks{.compute = {pool, best_kernels()}});
    }
    std::string weights(const Recipe& r) {
        const auto bytes = read_text(real_os(), r.output / "model.safetensors", 1 << 24);
        EXPECT_TRUE(bytes);
        return bytes ? *bytes : "";
    }

    static constexpr std::string_view kRecipe = R"(
model: {config: {layers: 1, width: 16, heads: 2, kv_heads: 1, ffn_width: 24, tied_embeddings: true}}
tokenizer: {train: {vocabulary: 520, documents: 20}}
data: [{jsonl: x}]
context: 64
batch: {tokens: 256, micro_tokens: 128}
optimizer: {learning_rate: 0.01, warmup: 2}
steps: 8
validation: {every: 4, documents: 4}
checkpoint: {every: 3, keep: 2}
output: {folder: x, dtype: bf16}
)";
    TempFolder folder_;
};

TEST_F(RunTest, ThreadsDoNotChangeABit) {
    for (const std::string kind : {"optimizer.kind=adamw", "optimizer.kind=muon"}) {
        const Recipe one = recipe("one-" + kind, {kind}), two = recipe("two-" + kind, {kind});
        ASSERT_TRUE(train(one, 1));
        ASSERT_TRUE(train(two, 2));
        EXPECT_EQ(weights(one), weights(two)) << kind;
    }
    EXPECT_NE(weights(recipe("one-optimizer.kind=adamw")), weights(recipe("one-optimizer.kind=muon")));
}

TEST_F(RunTest, WritesAModelFolder) {
    const Recipe r = recipe("model");
    ASSERT_TRUE(train(r));
    for (const char* name : {"config.json", "model.safetensors", "tokenizer.json", "generation_config.json", "training.json",
                             "log.jsonl", "loss.svg"})
        EXPECT_TRUE(real_os().info(r.output / name)) << name;
    const auto model = Llama::load(real_os(), r.output, {});
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_EQ(model->config().vocabulary, 520);
    EXPECT_EQ(model->config().eos_ids.size(), 3u);
    const std::string log = *read_text(real_os(), r.output / "log.jsonl", 1 << 20);
    EXPECT_EQ(std::ranges::count(log, '\n'), 8);
    const Json line = *parse_json(log.substr(0, log.find('\n')), "log");
    for (const char* key : {"step", "tokens", "loss", "grad_norm", "lr", "tokens_per_s", "peak_share"})
        EXPECT_TRUE(line.contains(key)) << key;
    // An untrained model guesses: the loss begins at the logarithm of the vocabulary.
    EXPECT_NEAR(line["loss"].get<double>(), std::log(520.0), 0.1);
    // Trained further from the folder that was written, with its tokenizer.
    Recipe further = recipe("further");
    further.model.config.reset();
    further.model.folder = r.output;
    further.tokenizer.folder = r.output;
    const Status status = train(further);
    EXPECT_TRUE(status) << status.error().message;
}

TEST_F(RunTest, CancelledRunGoesOnToTheSameWeights) {
    for (const std::string change : {"dtype=f32", "dtype=bf16", "optimizer.kind=muon"}) {
        const Recipe whole = recipe("whole-" + change, {change});
        ASSERT_TRUE(train(whole));
        const Recipe parts = recipe("parts-" + change, {change});
        ThreadPool pool(2);
        for (const std::int64_t stop : {2, 5}) {
            std::atomic<bool> cancel = false;
            TrainHooks hooks{.compute = {pool, best_kernels()}, .cancel = &cancel};
            hooks.on_step = [&](const TrainProgress& progress) { cancel = progress.record.step == stop; };
            const Status status = train(real_os(), parts, hooks);
            ASSERT_FALSE(status);
            EXPECT_EQ(status.error().kind, ErrorKind::cancelled);
        }
        ASSERT_TRUE(train(parts));
        EXPECT_EQ(weights(whole), weights(parts));
        const std::string log = *read_text(real_os(), parts.output / "log.jsonl", 1 << 20);
        EXPECT_EQ(std::ranges::count(log, '\n'), 8);
    }
}

TEST_F(RunTest, AFaultAtAnyCallLosesNothing) {
    const std::vector<std::string> brief = {"steps=2", "checkpoint.every=1", "checkpoint.keep=1", "validation.every=0"};
    const Recipe whole = recipe("whole", brief), r = recipe("faulty", brief);
    ThreadPool pool(1);
    const TrainHooks hooks{.compute = {pool, best_kernels()}};
    FaultyOs counting(real_os(), {});
    ASSERT_TRUE(train(counting, whole, hooks));
    ASSERT_GT(counting.calls(), 20u);
    for (std::uint64_t call = 1; call <= counting.calls(); ++call) {
        ASSERT_TRUE(real_os().remove(r.output));
        // In turn a fault that passes and one that stays, as a dead disk would.
        FaultyOs faulty(real_os(), {.fail_at_call = call, .fail_ever_after = call % 2 == 0});
        const Status status = train(faulty, r, hooks);
        const bool told = status || status.error().message.find("injected") != std::string::npos;
        EXPECT_TRUE(told) << status.error().message;
        ASSERT_TRUE(train(real_os(), r, hooks)) << call;
        ASSERT_EQ(weights(whole), weights(r)) << call;
    }
}

TEST_F(RunTest, AFullDiskLeavesTheLastCheckpoint) {
    const Recipe r = recipe("full", {"steps=6"});
    ThreadPool pool(1);
    const TrainHooks hooks{.compute = {pool, best_kernels()}};
    const Recipe whole = recipe("whole", {"steps=6"});
    ASSERT_TRUE(train(whole));
    const std::uint64_t one = real_os().info(whole.checkpoint_folder / "step-00000003.safetensors")->size_bytes;
    // Room for the tokenizer and one checkpoint and a half.
    const std::uint64_t tokenizer = real_os().info(whole.checkpoint_folder / "tokenizer.json")->size_bytes;
    FaultyOs small(real_os(), {.disk_bytes = tokenizer + one + one / 2});
    const Status status = train(small, r, hooks);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::no_space);
    EXPECT_EQ(newest_checkpoint(real_os(), r.checkpoint_folder).value()->filename(), "step-00000003.safetensors");
    ASSERT_TRUE(train(r));
    EXPECT_EQ(weights(whole), weights(r));
}

TEST_F(RunTest, CheckpointsOfAnotherRecipeAndDamagedOnesAreNamed) {
    ASSERT_TRUE(train(recipe("run")));
    const Status other = train(recipe("run", {"optimizer.learning_rate=0.5"}));
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("optimizer.learning_rate 0.01, the recipe now says 0.5"), std::string::npos)
        << other.error().message;
    ThreadPool pool(1);
    EXPECT_TRUE(train(real_os(), recipe("run", {"optimizer.learning_rate=0.5"}),
                      TrainHooks{.compute = {pool, best_kernels()}, .fresh = true}));
    const Path newest = **newest_checkpoint(real_os(), recipe("run").checkpoint_folder);
    EXPECT_EQ(newest.filename(), "step-00000008.safetensors");
    std::string bytes = *read_text(real_os(), newest, 1 << 24);
    ASSERT_TRUE(write_atomically(real_os(), newest, std::string_view(bytes).substr(0, bytes.size() / 2)));
    const Status damaged = train(recipe("run"));
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().kind, ErrorKind::corrupt) << damaged.error().message;
}

TEST_F(RunTest, MemorisesOneBatch) {
    const std::string line = R"({"messages": [{"role": "user", "content": "Who?"}, {"role": "assistant", "content": "Ana, on Friday."}]})";
    ASSERT_TRUE(write_atomically(real_os(), folder_ / "data.jsonl", line));
    double loss = 1e9;
    ThreadPool pool(2);
    TrainHooks hooks{.compute = {pool, best_kernels()}};
    hooks.on_step = [&](const TrainProgress& progress) { loss = progress.record.loss; };
    const Status status = train(real_os(), recipe("overfit", {"steps=150", "optimizer.learning_rate=0.02", "validation.every=0",
                                                      "tokenizer.train.vocabulary=512"}), hooks);
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_LT(loss, 0.01);
}

TEST_F(RunTest, ActivationCheckpointingAndPassSizeChangeLittleOrNothing) {
    ASSERT_TRUE(train(recipe("kept")));
    ASSERT_TRUE(train(recipe("again", {"activation_checkpointing=true"})));
    EXPECT_EQ(weights(recipe("kept")), weights(recipe("again")));
    // The first step's loss with one pass and with many: the same mean, summed in another order.
    std::vector<double> losses;
    ThreadPool pool(2);
    TrainHooks hooks{.compute = {pool, best_kernels()}};
    hooks.on_step = [&](const TrainProgress& progress) { losses.push_back(progress.record.loss); };
    ASSERT_TRUE(train(real_os(), recipe("large", {"batch.micro_tokens=256", "steps=1"}), hooks));
    ASSERT_TRUE(train(real_os(), recipe("small", {"batch.micro_tokens=64", "steps=1"}), hooks));
    EXPECT_NEAR(losses[0], losses[1], 1e-6 * losses[0]);
}

TEST_F(RunTest, SaysThatALossIsNoNumber) {
    const Recipe made = recipe("made", {"steps=1"});
    ASSERT_TRUE(train(made));
    std::string bytes = weights(made);
    bytes.replace(bytes.size() - 2, 2, "\xc0\x7f");  // the last bf16 weight becomes a NaN
    ASSERT_TRUE(write_atomically(real_os(), made.output / "model.safetensors", bytes));
    Recipe wild = recipe("wild");
    wild.model.config.reset();
    wild.model.folder = made.output;
    const Status status = train(wild);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("lower optimizer.learning_rate"), std::string::npos) << status.error().message;
}

}  // namespace
}  // namespace cria
