// Pages of keys and values, and who holds them.
#include "ops/kv_cache.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

constexpr KvShape kSmall{2, 3, 16, DType::bf16};

TEST(KvCache, GrowsByPagesAndGivesThemBack) {
    const auto pool = std::make_shared<KvPool>(kSmall, 3);
    EXPECT_EQ(kSmall.page_bytes(), 2u * 2 * 3 * 16 * 128 * 2);
    EXPECT_EQ(kSmall.bytes(129), 2 * kSmall.page_bytes());
    KvCache cache(pool);
    EXPECT_TRUE(cache.reserve(1));
    EXPECT_EQ(cache.capacity(), kPagePositions);
    EXPECT_TRUE(cache.reserve(2 * kPagePositions + 1));
    EXPECT_FALSE(cache.reserve(3 * kPagePositions + 1));
    EXPECT_EQ(pool->free_pages(), 0);
    cache.set_length(130);
    KvCache moved = std::move(cache);
    EXPECT_EQ(moved.length(), 130);
    EXPECT_EQ(cache.capacity(), 0) << "nothing is left of it";
    moved.drop();
    EXPECT_EQ(pool->free_pages(), 3);
}

// Every head of every page has bytes of its own, all within its page.
TEST(KvCache, PlacesDoNotOverlap) {
    const KvPool pool(kSmall, 2);
    std::vector<const BF16*> places;
    for (PageId page = 0; page < 2; ++page)
        for (std::int64_t layer = 0; layer < 2; ++layer)
            for (std::int64_t head = 0; head < 3; ++head) {
                places.push_back(pool.keys<BF16>(page, layer, head));
                places.push_back(pool.values<BF16>(page, layer, head));
                for (const BF16* place : {places[places.size() - 2], places.back()}) {
                    const auto* bytes = reinterpret_cast<const std::byte*>(place);
                    EXPECT_GE(bytes, pool.bytes(page).data());
                    EXPECT_LE(bytes + kPagePositions * 16 * 2, pool.bytes(page).data() + pool.bytes(page).size());
                }
            }
    for (std::size_t i = 1; i < places.size(); ++i) EXPECT_GE(places[i] - places[i - 1], kPagePositions * 16);
}

// Scales stand behind the numbers of their head, before the next head.
TEST(KvCache, EightBitsHaveScales) {
    const KvShape shape{2, 3, 16, DType::i8};
    EXPECT_EQ(shape.head_bytes(), 2u * 128 * 16 + 2 * 128 * 4);
    const KvPool pool(shape, 2);
    const float* scales = pool.scales(1, 1, 1);
    EXPECT_EQ(reinterpret_cast<const std::int8_t*>(scales + 2 * kPagePositions), pool.keys<std::int8_t>(1, 1, 2));
    EXPECT_EQ(reinterpret_cast<const std::int8_t*>(scales), pool.values<std::int8_t>(1, 1, 1) + 128 * 16);
}

TEST(KvCache, PagesAreSharedAndCopied) {
    const auto pool = std::make_shared<KvPool>(kSmall, 4);
    KvCache first(pool);
    ASSERT_TRUE(first.reserve(200));
    first.set_length(200);
    first.keys<BF16>(1, 2, 1)[5] = BF16{77};
    KvCache second(pool);
    second.append_shared(first.pages()[0]);
    EXPECT_EQ(second.length(), kPagePositions);
    EXPECT_EQ(pool->free_pages(), 2) << "the same page";
    ASSERT_TRUE(second.append_copy(first.pages()[1], 60));
    EXPECT_EQ(second.length(), kPagePositions + 60);
    EXPECT_EQ(second.keys<BF16>(1, 2, 1)[5].bits, 77);
    second.keys<BF16>(1, 2, 1)[5] = BF16{78};
    EXPECT_EQ(first.keys<BF16>(1, 2, 1)[5].bits, 77);
    first.drop();
    EXPECT_EQ(pool->free_pages(), 2) << "the other still holds the first page";
    second.drop();
    EXPECT_EQ(pool->free_pages(), 4);
}

}  // namespace
}  // namespace cria
