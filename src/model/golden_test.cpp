// Llama against transformers' LlamaForCausalLM on the same weights; see scripts/golden/make_model_golden.py.
#include "model/model_fixture.h"

namespace cria {
namespace {

const Path kGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/model";

std::int64_t argmax(std::span<const float> row) { return std::ranges::max_element(row) - row.begin(); }

void expect_logits(std::span<const float> ours, const Tensor& golden) {
    EXPECT_LE(relative_error(ours, golden.f32_span()), 1e-5);
    const auto n = static_cast<std::size_t>(golden.columns());
    ASSERT_EQ(ours.size(), golden.f32_span().size());
    for (std::size_t row = 0; row < ours.size() / n; ++row)
        EXPECT_EQ(argmax(ours.subspan(row * n, n)), argmax(golden.f32_span().subspan(row * n, n))) << "row " << row;
}

std::vector<float> part_of(const Parameter& parameter, std::size_t part) {
    std::int64_t first = 0;
    for (std::size_t i = 0; i < part; ++i) first += parameter.rows[i];
    const std::int64_t columns = parameter.shape.rank() == 1 ? 1 : parameter.shape.last();
    const auto all = parameter.weight->gradient.f32_span();
    const auto span = all.subspan(static_cast<std::size_t>(first * columns),
                                  static_cast<std::size_t>(parameter.rows[part] * columns));
    return {span.begin(), span.end()};
}

struct Case {
    std::string name;
    const Kernels* kernels;
};

class Golden : public testing::TestWithParam<Case> {
protected:
    Path folder_ = kGolden / GetParam().name;
    SafetensorsFile file_ = open_safetensors(real_os(), folder_ / "golden.safetensors").value();
    LlamaConfig config_ = config_at(folder_);
    Llama model_ = golden_llama(config_);
    Tensor logits_ = file_.tensor("logits").value();
    std::vector<std::int32_t> ids_ = golden_ids(logits_.rows(), config_.vocabulary);
    ThreadPool pool_{2};
    Compute compute_{pool_, *GetParam().kernels};
    RowRun whole_{0, std::ssize(ids_), 0, nullptr};
};

TEST_P(Golden, LogitsOfAWholePrompt) { expect_logits(logits_of(model_, compute_, ids_, {&whole_, 1}), logits_); }

TEST_P(Golden, LogitsOneTokenAtATime) {
    const std::vector<std::int64_t> ones(ids_.size(), 1);
    expect_logits(chunked_logits(model_, compute_, ids_, ones), logits_);
}

TEST_P(Golden, LogitsOfChunks) {
    std::vector<std::int64_t> lengths;
    std::int64_t left = std::ssize(ids_);
    for (std::int64_t next = 1; left > 0; next = next * 2 + 1) {
        lengths.push_back(std::min(next, left));
        left -= lengths.back();
    }
    expect_logits(chunked_logits(model_, compute_, ids_, lengths), logits_);
}

TEST_P(Golden, LossAndGradients) {
    const TrainingRun run = train_once(model_, compute_, ids_, {&whole_, 1});
    EXPECT_NEAR(run.loss, static_cast<double>(file_.tensor("loss").value().f32()[0]), 1e-5 * run.loss);
    for (const Parameter& parameter : model_.parameters())
        for (std::size_t part = 0; part < parameter.names.size(); ++part) {
            const Tensor golden = file_.tensor("grad." + parameter.names[part]).value();
            EXPECT_LE(relative_error(part_of(parameter, part), golden.f32_span()), 1e-4) << parameter.names[part];
        }
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (const Kernels* kernels : available_kernels())
        for (const char* name : {"tied_32", "untied_scaled8", "tied_scaled32_64", "untied_128", "long"})
            all.push_back({name, kernels});
    return all;
}

INSTANTIATE_TEST_SUITE_P(All, Golden, testing::ValuesIn(cases()), [](const auto& tested) {
    return tested.param.name + "_" + std::string(tested.param.kernels->name);
});

// A folder exactly as transformers saved it, in bf16; the golden logits were computed from the rounded
// weights in double.
TEST(GoldenCheckpoint, OpensWhatTransformersSaved) {
    const Path folder = kGolden / "checkpoint";
    const auto file = open_safetensors(real_os(), folder / "golden.safetensors").value();
    const Tensor golden = file.tensor("logits").value();
    ThreadPool pool(2);
    for (const bool exact : {false, true}) {
        const Result<Llama> model = Llama::load(real_os(), folder, {.exact = exact});
        ASSERT_TRUE(model) << model.error().message;
        const std::vector<std::int32_t> ids = golden_ids(golden.rows(), model->config().vocabulary);
        const RowRun whole{0, std::ssize(ids), 0, nullptr};
        for (const Kernels* kernels : available_kernels()) {
            const Compute compute{pool, *kernels};
            expect_logits(logits_of(*model, compute, ids, {&whole, 1}), golden);
            const std::vector<std::int64_t> ones(ids.size(), 1);
            expect_logits(chunked_logits(*model, compute, ids, ones), golden);
        }
    }
}

}  // namespace
}  // namespace cria
