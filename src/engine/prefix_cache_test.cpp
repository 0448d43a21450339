// What is found again of sequences that were run: against a plain list of them.
#include "engine/prefix_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace cria {
namespace {

using Tokens = std::vector<TokenId>;

Tokens count_up(std::int64_t count, TokenId first = 0) {
    Tokens tokens;
    for (std::int64_t i = 0; i < count; ++i) tokens.push_back(first + static_cast<TokenId>(i));
    return tokens;
}

class Prefixes : public testing::Test {
protected:
    std::shared_ptr<KvPool> pool(std::int64_t pages) { return std::make_shared<KvPool>(KvShape{1, 1, 16}, pages); }

    // Runs a sequence: what is not found is written, position p of it the number of its token.
    std::int64_t run(PrefixCache& prefixes, const std::shared_ptr<KvPool>& pool, const Tokens& tokens,
                     std::string_view scope = "") {
        KvCache cache(pool);
        const std::int64_t found = prefixes.find(scope, std::span(tokens).first(tokens.size() - 1), cache);
        while (!cache.reserve(std::ssize(tokens))) {
            if (!prefixes.forget_one()) return -1;
        }
        for (std::int64_t p = 0; p < std::ssize(tokens); ++p) {
            float& key = cache.keys<float>(0, 0, p / kPagePositions)[p % kPagePositions * 16];
            if (p >= found) key = static_cast<float>(tokens[static_cast<std::size_t>(p)]);
            EXPECT_EQ(key, static_cast<float>(tokens[static_cast<std::size_t>(p)])) << p;
        }
        cache.set_length(std::ssize(tokens));
        prefixes.remember(scope, tokens, cache, true);
        return found;
    }
};

TEST_F(Prefixes, TheLongestBeginningIsFound) {
    const auto pages = pool(20);
    PrefixCache prefixes(pages);
    EXPECT_EQ(run(prefixes, pages, count_up(300)), 0);
    EXPECT_EQ(run(prefixes, pages, count_up(300)), 299) << "all but the last token, which is run again";
    EXPECT_EQ(run(prefixes, pages, count_up(400)), 300);
    EXPECT_EQ(run(prefixes, pages, count_up(129)), 128) << "whole pages";
    Tokens other = count_up(300);
    other[200] = 9;
    EXPECT_EQ(run(prefixes, pages, other), 200) << "part of a page";
    EXPECT_EQ(run(prefixes, pages, other), 299);
    EXPECT_EQ(run(prefixes, pages, count_up(400)), 399) << "the other branch is there still";
    EXPECT_EQ(run(prefixes, pages, count_up(50, 7)), 0);
}

TEST_F(Prefixes, WhatIsTheBeginningOfAnotherIsNotKept) {
    const auto pages = pool(20);
    PrefixCache prefixes(pages);
    for (const std::int64_t length : {10, 20, 128, 130, 140}) run(prefixes, pages, count_up(length));
    EXPECT_EQ(prefixes.spare_pages(), 2);
    run(prefixes, pages, count_up(15));
    EXPECT_EQ(prefixes.spare_pages(), 2);
    EXPECT_EQ(pages->free_pages(), 18);
}

TEST_F(Prefixes, ScopesShareNothing) {
    const auto pages = pool(20);
    PrefixCache prefixes(pages);
    run(prefixes, pages, count_up(300), "a");
    EXPECT_EQ(run(prefixes, pages, count_up(300), "b"), 0);
    EXPECT_EQ(run(prefixes, pages, count_up(300), "a"), 299);
}

TEST_F(Prefixes, TheOldestGoesFirstAndPagesInUseNever) {
    const auto pages = pool(20);
    PrefixCache prefixes(pages);
    run(prefixes, pages, count_up(100));
    run(prefixes, pages, count_up(100, 1000));
    run(prefixes, pages, count_up(100));
    ASSERT_TRUE(prefixes.forget_one());
    EXPECT_EQ(run(prefixes, pages, count_up(100)), 99);
    KvCache user(pages);
    run(prefixes, pages, count_up(128));
    EXPECT_EQ(prefixes.find("", count_up(128), user), 128);
    while (prefixes.forget_one()) {
    }
    EXPECT_EQ(prefixes.spare_pages(), 0);
    EXPECT_EQ(pages->free_pages(), 19) << "the user's page";
    user.drop();
    EXPECT_TRUE(prefixes.forget_one());
    EXPECT_EQ(pages->free_pages(), 20);
}

TEST_F(Prefixes, WithoutAFreePageTheOldOneIsTaken) {
    const auto pages = pool(2);
    PrefixCache prefixes(pages);
    run(prefixes, pages, count_up(200));
    EXPECT_EQ(run(prefixes, pages, count_up(230)), 200);
    EXPECT_EQ(run(prefixes, pages, count_up(230)), 229);
}

// Random sequences that begin alike, in a pool so small that pages must be forgotten all the time: what is found is
// never wrong (run() looks at every position), and no page is lost.
TEST_F(Prefixes, RandomSequencesLoseNoPage) {
    const auto pages = pool(9);
    std::int64_t found = 0;
    {
        PrefixCache prefixes(pages);
        Random random(5, 0);
        for (int i = 0; i < 3000; ++i) {
            Tokens tokens = count_up(1 + random.below(700), static_cast<TokenId>(random.below(2)));
            for (std::uint32_t changes = random.below(3); changes > 0; --changes)
                tokens[random.below(static_cast<std::uint32_t>(tokens.size()))] = static_cast<TokenId>(random.below(4));
            const std::int64_t length = run(prefixes, pages, tokens, random.below(4) == 0 ? "other" : "");
            ASSERT_GE(length, 0);
            found += length;
            ASSERT_EQ(pages->free_pages() + prefixes.spare_pages(), 9);
        }
        EXPECT_GT(found, 100000);
    }
    EXPECT_EQ(pages->free_pages(), 9);
}

}  // namespace
}  // namespace cria
