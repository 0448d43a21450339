#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace cria {
namespace {

TEST(Nearest, FindsWhatWasMeant) {
    const std::vector<std::string> keys = {"learning_rate", "warmup_steps", "batch_tokens", "seed", "demo"};
    EXPECT_EQ(nearest("learnig_rate", keys), "learning_rate");
    EXPECT_EQ(nearest("Warmup-Steps", keys), "warmup_steps");
    EXPECT_EQ(nearest("dmeo", keys), "demo");
    EXPECT_EQ(nearest("sed", keys), "seed");
    EXPECT_EQ(nearest("seed", keys), "seed");
}

TEST(Nearest, IsSilentWhenNothingIsNear) {
    const std::vector<std::string> keys = {"seed", "demo"};
    EXPECT_EQ(nearest("vocabulary", keys), "");
    EXPECT_EQ(nearest("", keys), "");
    EXPECT_EQ(nearest("xyz", keys), "");
    EXPECT_EQ(nearest(std::string(100'000, 'x'), keys), "");
    EXPECT_EQ(nearest("seed", {}), "");
}

}  // namespace
}  // namespace cria
