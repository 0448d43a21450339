// Models that come quantised, a small one in each form with the logits that a script computed from the same numbers:
// Meta's releases by PyTorch (scripts/golden/make_int4_golden.py), programs by the package executorch
// (scripts/golden/make_executorch_golden.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/temp_folder.h"
#include "model/llama.h"
#include "store/safetensors.h"

namespace cria {
namespace {

// The largest difference of our logits from the golden ones in the model's folder, over the largest of these. What is
// -infinity there must be so here.
double golden_error(const Path& folder, const LoadOptions& options, const Compute& compute) {
    const auto model = Llama::load(real_os(), folder, options);
    EXPECT_TRUE(model) << model.error().message;
    const auto golden = open_safetensors(real_os(), folder / "golden.safetensors");
    EXPECT_TRUE(golden && model);
    if (!golden || !model) return INFINITY;
    const Tensor tokens = golden->tensor(*golden->find("tokens")), wanted = golden->tensor(*golden->find("logits"));
    const std::span ids(tokens.data<std::int32_t>(), static_cast<std::size_t>(tokens.elements()));
    Arena arena;
    Pass pass(compute, arena);
    const RowRun run{0, std::ssize(ids), 0, nullptr};
    const Value out = model->logits(pass, model->forward(pass, ids, Attendance{{&run, 1}}));
    EXPECT_EQ(out.tensor.elements(), wanted.elements());
    double worst = 0, largest = 0;
    for (std::int64_t i = 0; i < std::min(wanted.elements(), out.tensor.elements()); ++i) {
        const auto theirs = static_cast<double>(wanted.f32()[i]), ours = static_cast<double>(out.tensor.f32()[i]);
        if (theirs == -INFINITY && ours == -INFINITY) continue;
        worst = std::max(worst, std::abs(ours - theirs));
        largest = std::max(largest, std::abs(theirs));
    }
    return worst / largest;
}

class QuantisedGolden : public testing::TestWithParam<const char*> {
protected:
    // A copy: packed weights are kept beside it.
    void SetUp() override { std::filesystem::copy(Path(CRIA_SOURCE_DIR) / "tests/golden" / GetParam(), folder_ / "m"); }
    double error(const LoadOptions& options) { return golden_error(folder_ / "m", options, compute_); }

    TempFolder folder_;
    ThreadPool pool_{2};
    Compute compute_{pool_, best_kernels()};
};
INSTANTIATE_TEST_SUITE_P(Forms, QuantisedGolden,
                         testing::Values("int4/qlora", "int4/spinquant", "executorch/trimmed", "executorch/named"),
                         [](const auto& form) { return Path(form.param).filename().string(); });

// Some scales are f32, which 16 bits do not hold: exact means that they were not rounded either.
TEST_P(QuantisedGolden, WidenedItGivesTheReferencesLogits) { EXPECT_LT(error({.exact = true}), 1e-5); }

// Activations are rounded to eight bits in groups of 32, a quarter of a percent each.
TEST_P(QuantisedGolden, OnItsBlocksItGivesNearlyTheSame) {
    const double rounded = error({.compute = &compute_});
    EXPECT_LT(rounded, 0.03);
    EXPECT_GT(rounded, 1e-5) << "it was widened";
}

}  // namespace
}  // namespace cria
