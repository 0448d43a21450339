#include <gtest/gtest.h>

#include "base/checked.h"
#include "base/json.h"
#include "base/random.h"

namespace cria {
namespace {

TEST(CheckedSize, PoisonsOnOverflowAndNegative) {
    EXPECT_EQ((CheckedSize(6) * 7 - 2).value(), 40u);
    EXPECT_FALSE((CheckedSize(SIZE_MAX) + 1).valid());
    EXPECT_FALSE((CheckedSize(SIZE_MAX / 2) * 3 - 1).valid());
    EXPECT_FALSE(CheckedSize(-1).valid());
    EXPECT_FALSE((CheckedSize(3) - 4 + 10).valid());
    EXPECT_EQ(CheckedSize(65).align_up(64).value(), 128u);
    EXPECT_FALSE(CheckedSize(SIZE_MAX - 3).align_up(64).valid());
}

TEST(Random, PhiloxKnownAnswers) {
    // Known-answer vectors published with Random123 (kat_vectors, philox4x32 10).
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
              (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Json, RefusesDepthAndDamage) {
    EXPECT_TRUE(parse_json(R"({"a": [1, "]["]})", "test"));
    EXPECT_EQ(parse_json("{", "test").error().kind, ErrorKind::corrupt);
    const std::string deep(100, '[');
    EXPECT_EQ(parse_json(deep, "test").error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(parse_json("\"\xff\"", "test").error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace cria
