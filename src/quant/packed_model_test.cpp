// Models as they run: packed for the kernels, and kept in a file beside the model.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/os_fault.h"
#include "base/temp_folder.h"
#include "model/checkpoint.h"
#include "model/llama.h"
#include "model/model_files.h"
#include "quant/gguf_export.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

const Path kTokenizer = Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer/tokenizer.json";

class PackedModel : public testing::Test {
protected:
    // A model whose rows are whole blocks of every type.
    void SetUp() override { make(512); }
    void make(std::int64_t ffn_width) {
        LlamaConfig config;
        config.layers = 2, config.width = 256, config.heads = 4, config.kv_heads = 2, config.head_dim = 64;
        config.ffn_width = ffn_width, config.context = 128;
        config.initializer_range = 0.06f;
        ASSERT_TRUE(real_os().make_folders(folder_ / "m"));
        std::filesystem::copy(kTokenizer, folder_ / "m/tokenizer.json",
                              std::filesystem::copy_options::overwrite_existing);
        config.vocabulary = load_tokenizer(real_os(), folder_ / "m")->size() + 5;
        config.bos_id = 0, config.eos_ids = {1};
        ASSERT_TRUE(Llama::random(config, 3, DType::bf16, false)->save(real_os(), folder_ / "m", DType::bf16));
    }
    void quantize(std::string_view type) {
        const ModelFiles files = *open_model_folder(real_os(), folder_ / "m");
        const Status written =
            export_gguf(real_os(), files, gguf_, type, compute_, [](const ExportedTensor&, double) { return true; });
        ASSERT_TRUE(written) << written.error().message;
    }
    Result<Llama> load(Os& os) { return Llama::load(os, gguf_, {.compute = &compute_}); }
    // With a place beside the model's; notices_ has what it says.
    Result<Llama> load_with_cache(Os& os) {
        notices_.clear();
        return Llama::load(os, gguf_,
                           {.compute = &compute_,
                            .cache_folder = cached_.parent_path(),
                            .notice = [this](std::string_view text) { notices_.emplace_back(text); }});
    }
    void expect_notice(std::string_view words) {
        ASSERT_EQ(notices_.size(), 1u);
        EXPECT_NE(notices_[0].find(words), std::string::npos) << notices_[0];
    }

    std::vector<float> logits(const Llama& model) { return logits(model, compute_); }
    std::vector<float> logits(const Llama& model, const Compute& compute) {
        constexpr std::array<std::int32_t, 9> ids{5, 9, 200, 31, 7, 7, 100, 2, 64};
        Arena arena;
        Pass pass(compute, arena);
        const RowRun run{0, std::ssize(ids), 0, nullptr};
        const Value out = model.logits(pass, model.forward(pass, ids, Attendance{{&run, 1}}));
        return {out.tensor.f32(), out.tensor.f32() + out.tensor.elements()};
    }

    TempFolder folder_;
    Path gguf_ = folder_ / "m.gguf";
    Path packed_ = folder_ / fmt::format("m.gguf.packed{}", best_kernels().packed.lanes);
    TempFolder cache_;
    Path cached_ = cache_ / "of/this/model" / packed_.filename();
    std::vector<std::string> notices_;
    ThreadPool pool_{2};
    Compute compute_{pool_, best_kernels()};
};

// Root mean square of the difference over that of `b`.
double distance(const std::vector<float>& a, const std::vector<float>& b) {
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
        size += std::pow(static_cast<double>(b[i]), 2);
    }
    return std::sqrt(difference / size);
}

// Eight bits of activations: a rounding of 1/254 of the largest of 32, about 1 % of their root mean square.
TEST_F(PackedModel, AnswersAsTheWidenedOneDoes) {
    for (const char* type : {"q4_0", "q8_0", "q4_k_m", "q5_k_m", "q6_k"}) {
        quantize(type);
        const auto packed = load(real_os());
        ASSERT_TRUE(packed) << packed.error().message;
        const std::vector<float> ours = logits(*packed), widened = logits(*Llama::load(real_os(), gguf_, {}));
        EXPECT_LT(distance(ours, widened), 0.02) << type;
        EXPECT_NE(ours, widened) << "it was widened, too";
        ASSERT_TRUE(real_os().remove(gguf_));
    }
}

// The arena of a pass holds, to the byte, what a model without numbers says beforehand.
TEST_F(PackedModel, APassNeedsWhatItsOutlineSays) {
    constexpr std::array<std::int32_t, 40> ids{};
    for (const char* type : {"f32", "bf16", "f16", "q4_0", "q8_0", "q4_k_m"}) {
        quantize(type);
        const auto model = load(real_os());
        ASSERT_TRUE(model) << model.error().message;
        const ModelFiles files = *open_model_weights(real_os(), gguf_);
        const Checkpoint checkpoint = *Checkpoint::open(real_os(), files, model->config());
        const auto outline = Llama::outline(model->config(), checkpoint, compute_.kernels.packed.lanes);
        ASSERT_TRUE(outline) << outline.error().message;
        EXPECT_EQ(outline->cache_shape().type, model->cache_shape().type) << type;
        for (const std::int64_t rows : {1, 9, 17, 40})
            for (const std::int64_t logit_rows : {std::int64_t{1}, rows}) {
                const std::size_t said = outline->pass_bytes(compute_.kernels, rows, logit_rows);
                EXPECT_EQ(model->pass_bytes(compute_.kernels, rows, logit_rows), said);
                Arena arena;
                arena.reserve(said);
                Pass pass(compute_, arena);
                const RowRun run{0, rows, 0, nullptr};
                const Value hidden =
                    model->forward(pass, std::span(ids).first(static_cast<std::size_t>(rows)), {{&run, 1}});
                model->logits(pass, Value{hidden.tensor.slice_rows(rows - logit_rows, logit_rows)});
                EXPECT_EQ(arena.needed_bytes(), said) << type << " " << rows << " " << logit_rows;
                EXPECT_EQ(arena.capacity_bytes(), said);
            }
        ASSERT_TRUE(real_os().remove(gguf_));
    }
}

// Rounded at the first start, it is the Q8_0 that would have been written, and is kept like one.
TEST_F(PackedModel, NumbersRunInEightBits) {
    quantize("q8_0");
    const std::vector<float> wanted = logits(*load(real_os()));
    const LoadOptions options{.compute = &compute_, .int8 = true};
    const auto rounded = Llama::load(real_os(), folder_ / "m", options);
    ASSERT_TRUE(rounded) << rounded.error().message;
    EXPECT_EQ(logits(*rounded), wanted);
    EXPECT_TRUE(
        real_os().info(folder_ / fmt::format("m/model.safetensors.int8.packed{}", best_kernels().packed.lanes)));
    FaultyOs reading(real_os(), {.disk_bytes = 0});
    EXPECT_EQ(logits(*Llama::load(reading, folder_ / "m", options)), wanted);
    EXPECT_NE(logits(*Llama::load(real_os(), folder_ / "m", {.compute = &compute_})), wanted);
    // What is quantised stays as it is, and is not kept twice.
    EXPECT_EQ(logits(*Llama::load(reading, gguf_, options)), wanted);
}

// Large matrices of 16-bit numbers: in f32 the same bits as with the file as it is; from then on mapped. f16 numbers
// that are bf16 numbers are kept, and multiplied, as such.
TEST_F(PackedModel, LargeMatricesOfNumbersArePacked) {
    make(2048);
    std::map<std::string, std::vector<float>> fast;
    for (const std::string type : {"bf16", "f16"}) {
        quantize(type);
        const std::vector<float> wanted = logits(*Llama::load(real_os(), gguf_, {}));
        for (const Kernels* kernels : available_kernels()) {
            if (kernels->name == "scalar") continue;
            const Compute compute{pool_, *kernels};
            const auto packed = Llama::load(real_os(), gguf_, {.compute = &compute});
            ASSERT_TRUE(packed) << packed.error().message;
            EXPECT_TRUE(packed->packed());
            const std::vector<float> first = logits(*packed, compute);
            FaultyOs reading(real_os(), {.disk_bytes = 0});
            EXPECT_EQ(logits(*Llama::load(reading, gguf_, {.compute = &compute}), compute), first);
            const double allowed = kernels->paired.fast ? 0.01 : 1e-5;
            EXPECT_LT(distance(first, wanted), allowed) << type << " " << kernels->name;
            if (kernels->paired.fast) fast[type] = first;
        }
        EXPECT_TRUE(real_os().info(packed_));
        ASSERT_TRUE(real_os().remove(gguf_));
    }
    // What is below the smallest f16 numbers is rounded there.
    EXPECT_TRUE(fast.empty() || distance(fast["f16"], fast["bf16"]) < 1e-5);
}

// Without a place to write to, they are packed in memory.
TEST_F(PackedModel, NumbersArePackedInMemory) {
    make(2048);
    quantize("bf16");
    FaultyOs full(real_os(), {.disk_bytes = 0});
    const auto model = load_with_cache(full);
    ASSERT_TRUE(model) << model.error().message;
    expect_notice("in memory");
    EXPECT_EQ(logits(*model), logits(*load(real_os())));
}

TEST_F(PackedModel, WhatIsNoNumberIsNotRounded) {
    Llama model = *Llama::load(real_os(), folder_ / "m", {.exact = true});
    model.parameters()[2].weight->value.f32()[700] = NAN;
    ASSERT_TRUE(model.save(real_os(), folder_ / "m", DType::bf16));
    const auto rounded = Llama::load(real_os(), folder_ / "m", {.compute = &compute_, .int8 = true});
    ASSERT_FALSE(rounded);
    EXPECT_NE(rounded.error().message.find("self_attn.q_proj.weight' has numbers that are not finite"),
              std::string::npos)
        << rounded.error().message;
}

TEST_F(PackedModel, IsPackedOnce) {
    quantize("q4_0");
    const std::vector<float> first = logits(*load(real_os()));
    const std::string file = *read_text(real_os(), packed_, 1 << 26);
    FaultyOs reading(real_os(), {.disk_bytes = 0});
    EXPECT_EQ(logits(*load(reading)), first);
    EXPECT_EQ(*read_text(real_os(), packed_, 1 << 26), file);

    // Cut off, or of another model: made anew.
    ASSERT_TRUE(write_atomically(real_os(), packed_, std::string_view(file).substr(0, file.size() / 2)));
    EXPECT_EQ(logits(*load(real_os())), first);
    EXPECT_EQ(*read_text(real_os(), packed_, 1 << 26), file);
    quantize("q8_0");
    const std::vector<float> other = logits(*load(real_os()));
    EXPECT_NE(other, first);
    EXPECT_LT(distance(other, logits(*Llama::load(real_os(), gguf_, {}))), 0.02);
}

// What stands there is not what is wanted: it is packed anew, and the reason is said.
TEST_F(PackedModel, WhatIsOfNoUseIsMadeAnewAndSaid) {
    quantize("q4_0");
    ASSERT_TRUE(load_with_cache(real_os()));
    EXPECT_TRUE(notices_.empty()) << notices_[0];
    const std::string file = *read_text(real_os(), packed_, 1 << 26);
    const auto expect_made_anew = [&](const std::string& spoilt, std::string_view reason) {
        ASSERT_TRUE(write_atomically(real_os(), packed_, spoilt));
        ASSERT_TRUE(load_with_cache(real_os()));
        expect_notice(reason);
        expect_notice("packed anew");
        EXPECT_EQ(*read_text(real_os(), packed_, 1 << 26), file) << reason;
    };
    const auto with = [&](std::string_view from, std::string_view to) {
        std::string spoilt = file;
        CRIA_ASSERT(from.size() == to.size() && spoilt.contains(from));
        return spoilt.replace(spoilt.find(from), from.size(), to);
    };
    const std::string lanes = fmt::format("\"lanes\":\"{}\"", best_kernels().packed.lanes);
    expect_made_anew(file.substr(0, file.size() / 2), "m.gguf.packed");
    expect_made_anew("no such thing", "m.gguf.packed");
    expect_made_anew(with(lanes, lanes.substr(0, lanes.size() - 2) + "3\""), "another processor");
    expect_made_anew(with("packed weights 1", "packed weights 0"), "another version");
    expect_made_anew(with("m.gguf ", "n.gguf "), "other files");
    expect_made_anew(with("layers.0.mlp", "layers.7.mlp"), "is not there");
    ASSERT_TRUE(load_with_cache(real_os()));
    EXPECT_TRUE(notices_.empty()) << notices_[0];
}

TEST_F(PackedModel, AReadOnlyFolderHasItsPackedFileElsewhere) {
    quantize("q4_0");
    const FaultPlan plan{.read_only = folder_.path()};
    FaultyOs os(real_os(), plan);
    const std::vector<float> first = logits(*load_with_cache(os));
    expect_notice("read-only");
    expect_notice("kept in " + cached_.string());
    EXPECT_FALSE(real_os().info(packed_));
    const std::string file = *read_text(real_os(), cached_, 1 << 26);

    FaultPlan reading = plan;
    reading.disk_bytes = 0;
    FaultyOs later(real_os(), reading);
    EXPECT_EQ(logits(*load_with_cache(later)), first);
    EXPECT_TRUE(notices_.empty()) << "once is enough: " << notices_[0];

    ASSERT_TRUE(real_os().remove(gguf_));
    quantize("q8_0");
    EXPECT_NE(logits(*load_with_cache(os)), first);
    ASSERT_EQ(notices_.size(), 2u);
    EXPECT_NE(notices_[0].find("before they changed"), std::string::npos) << notices_[0];
    EXPECT_NE(*read_text(real_os(), cached_, 1 << 26), file);
}

TEST_F(PackedModel, WithoutAnyPlaceItStaysInMemory) {
    quantize("q4_0");
    FaultyOs os(real_os(), {.read_only = "/"});
    const std::vector<float> first = logits(*load_with_cache(os));
    expect_notice("in memory");
    EXPECT_FALSE(real_os().info(packed_));
    EXPECT_FALSE(real_os().info(cached_));
    EXPECT_EQ(logits(*load_with_cache(real_os())), first);
}

TEST_F(PackedModel, AFullDiskOrAFaultOnlyCostsTheFile) {
    quantize("q4_k_m");
    FaultyOs full(real_os(), {.disk_bytes = 1000});
    const auto model = load(full);
    ASSERT_TRUE(model) << model.error().message;
    EXPECT_FALSE(real_os().info(packed_));
    const std::vector<float> wanted = logits(*model);
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(load(healthy));
    ASSERT_TRUE(real_os().remove(packed_));
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        const auto loaded = load(os);
        if (loaded) {
            EXPECT_EQ(logits(*loaded), wanted) << call;
        }
        EXPECT_EQ(logits(*load(real_os())), wanted) << call;
        ASSERT_TRUE(real_os().remove(packed_));
    }
}

}  // namespace
}  // namespace cria
