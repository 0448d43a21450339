// For tests of layouts: logits against those that a script computed from the same numbers (golden.safetensors).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/os.h"
#include "model/llama.h"
#include "store/safetensors.h"

namespace cria {

// The largest difference of our logits from the golden ones in the model's folder, over the largest of these. What is
// -infinity there must be so here.
inline double golden_error(const Path& folder, const LoadOptions& options, const Compute& compute) {
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

}  // namespace cria
