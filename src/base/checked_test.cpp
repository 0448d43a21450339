// CheckedSize against arithmetic in 128 bits.
#include "base/checked.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace cria {
namespace {

__extension__ using Wide = __int128;

TEST(CheckedSize, PoisonsOnOverflowAndNegative) {
    EXPECT_EQ((CheckedSize(6) * 7 - 2).value(), 40u);
    EXPECT_FALSE((CheckedSize(SIZE_MAX) + 1).valid());
    EXPECT_FALSE((CheckedSize(SIZE_MAX / 2) * 3 - 1).valid());
    EXPECT_FALSE(CheckedSize(-1).valid());
    EXPECT_FALSE((CheckedSize(3) - 4 + 10).valid());
    EXPECT_FALSE((CheckedSize(3) - 4).value().has_value());
    EXPECT_EQ(CheckedSize(65).align_up(64).value(), 128u);
    EXPECT_EQ(CheckedSize(0).align_up(64).value(), 0u);
    EXPECT_FALSE(CheckedSize(SIZE_MAX - 3).align_up(64).valid());
    EXPECT_TRUE(CheckedSize(5).fits(5));
    EXPECT_FALSE(CheckedSize(6).fits(5));
    EXPECT_FALSE((CheckedSize(0) - 1).fits(SIZE_MAX));
}

// Values near the places where something happens: 0, powers of two, the largest.
std::uint64_t interesting(Random& random) {
    const std::uint64_t near = random.below(5);
    switch (random.below(4)) {
        case 0: return near;
        case 1: return UINT64_MAX - near;
        case 2: return (std::uint64_t{1} << random.below(64)) + near - 2;
        default: return random.next_u64() >> random.below(64);
    }
}

TEST(CheckedSize, AgreesWith128Bits) {
    constexpr Wide kMost = Wide{UINT64_MAX};
    Random random(1);
    for (int round = 0; round < 200'000; ++round) {
        const std::uint64_t a = interesting(random);
        const std::uint64_t b = interesting(random);
        const auto expect = [&](CheckedSize got, Wide want, const char* what) {
            const bool valid = want >= 0 && want <= kMost;
            ASSERT_EQ(got.valid(), valid) << a << what << b;
            if (valid) {
                ASSERT_EQ(got.value(), static_cast<std::uint64_t>(want)) << a << what << b;
            }
        };
        expect(CheckedSize(a) + b, Wide{a} + b, "+");
        expect(CheckedSize(a) - b, Wide{a} - b, "-");
        // 2^64 squared does not fit in a signed 128-bit number.
        const bool fits = a == 0 || b <= UINT64_MAX / a;
        expect(CheckedSize(a) * b, fits ? Wide{a} * b : kMost + 1, "*");
        const std::size_t alignment = std::size_t{1} << random.below(13);
        expect(CheckedSize(a).align_up(alignment), (Wide{a} + alignment - 1) / alignment * alignment, " up to ");
        const auto negative = static_cast<std::int64_t>(a);
        expect(CheckedSize(negative), Wide{negative}, " signed ");
    }
}

TEST(CheckedSize, StaysPoisoned) {
    Random random(2);
    for (int round = 0; round < 10'000; ++round) {
        CheckedSize size = CheckedSize(SIZE_MAX) + 1;
        for (int i = 0; i < 4; ++i) {
            const std::uint64_t other = interesting(random);
            switch (random.below(4)) {
                case 0: size += other; break;
                case 1: size -= other; break;
                case 2: size *= other; break;
                default: size = size.align_up(64); break;
            }
            ASSERT_FALSE(size.valid());
        }
    }
}

}  // namespace
}  // namespace cria
