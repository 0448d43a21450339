// Merges against the rule spelt out, and learning of vocabularies.
#include "text/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/random.h"
#include "text/bpe_trainer.h"

namespace cria {
namespace {

std::string random_word(Random& random, std::size_t length) {
    std::string word(length, '\0');
    for (char& c : word) c = static_cast<char>('a' + random.below(3));
    return word;
}

// The rule, as slow as it is plain.
std::vector<std::int32_t> merge_plainly(const std::vector<std::string>& ranks, std::string_view piece) {
    std::map<std::string, std::int32_t> ids;
    for (std::size_t i = 0; i < ranks.size(); ++i) ids[ranks[i]] = static_cast<std::int32_t>(i);
    std::vector<std::string> parts;
    for (const char c : piece) parts.emplace_back(1, c);
    while (true) {
        std::size_t best = 0;
        std::int32_t lowest = INT32_MAX;
        for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
            const auto found = ids.find(parts[i] + parts[i + 1]);
            if (found != ids.end() && found->second < lowest) {
                lowest = found->second;
                best = i;
            }
        }
        if (lowest == INT32_MAX) break;
        parts[best] += parts[best + 1];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    }
    std::vector<std::int32_t> merged;
    for (const std::string& part : parts) merged.push_back(ids[part]);
    return merged;
}

// Random tokens, not learned ones: many cannot be reached by merges, and many overlap.
std::vector<std::string> random_ranks(Random& random, std::size_t count) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    while (ranks.size() < 256 + count) {
        std::string word = random_word(random, 2 + random.below(5));
        if (std::ranges::find(ranks, word) == ranks.end()) ranks.push_back(std::move(word));
    }
    return ranks;
}

TEST(Bpe, MergesByTheRule) {
    Random random(4);
    for (int round = 0; round < 30; ++round) {
        const auto ranks = random_ranks(random, 60);
        const Bpe bpe = *Bpe::create(ranks);
        for (const std::size_t length : {1u, 2u, 3u, 5u, 8u, 31u, 32u, 33u, 127u, 128u, 129u, 200u}) {
            const std::string word = random_word(random, length);
            std::vector<std::int32_t> ids;
            bpe.merge(word, ids);
            ASSERT_EQ(ids, merge_plainly(ranks, word)) << word;
        }
    }
}

TEST(Bpe, TakesWholePiecesFirst) {
    Random random(5);
    const auto ranks = random_ranks(random, 100);
    const Bpe bpe = *Bpe::create(ranks);
    for (std::size_t id = 0; id < ranks.size(); ++id) {
        std::vector<std::int32_t> ids;
        bpe.encode(ranks[id], ids);
        EXPECT_EQ(ids, std::vector{static_cast<std::int32_t>(id)});
    }
}

TEST(BpeTrainer, MergesTheMostFrequentPairFirst) {
    BpeTrainer trainer({.vocabulary = 260});
    for (int i = 0; i < 5; ++i) trainer.add("low");
    for (int i = 0; i < 2; ++i) trainer.add("lowest");
    for (int i = 0; i < 6; ++i) trainer.add("newer");
    for (int i = 0; i < 3; ++i) trainer.add("wider");
    // er is there 9 times; then lo and ow 7 times, of which lo has the lower ids; then low 7; then (n, e), (e, w)
    // and (w, er) 6 times, of which (e, w) has the lowest ids.
    const auto ranks = *trainer.train();
    ASSERT_EQ(ranks.size(), 260u);
    EXPECT_EQ(std::vector(ranks.begin() + 256, ranks.end()), (std::vector<std::string>{"er", "lo", "low", "ew"}));
}

TEST(BpeTrainer, DoesNotDependOnTheOrderOfTexts) {
    Random random(6);
    std::vector<std::string> texts;
    for (int i = 0; i < 300; ++i)
        texts.push_back(random_word(random, 1 + random.below(12)) + " " + random_word(random, 3));
    const auto learn = [&] {
        BpeTrainer trainer({.vocabulary = 400});
        for (const std::string& text : texts) trainer.add(text);
        return *trainer.train();
    };
    const auto ranks = learn();
    std::ranges::reverse(texts);
    EXPECT_EQ(learn(), ranks);
    EXPECT_EQ(ranks.size(), 400u);
    EXPECT_TRUE(Bpe::create(ranks).has_value());
}

TEST(BpeTrainer, KeepsItsLimits) {
    const std::string text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaa 123123123 99 \u0967\u0968 \u0967\u0968 bbbb";
    BpeTrainer trainer({.vocabulary = 1000, .max_token_bytes = 3, .single_digits = true});
    for (int i = 0; i < 3; ++i) trainer.add(text);
    const auto ranks = *trainer.train();
    EXPECT_LT(ranks.size(), 1000u);
    EXPECT_NE(std::ranges::find(ranks, "aa"), ranks.end());
    EXPECT_NE(std::ranges::find(ranks, "\u0967"), ranks.end());
    for (const std::string& token : ranks) {
        EXPECT_LE(token.size(), 3u);
        EXPECT_LE(std::ranges::count_if(token, [](char c) { return c >= '0' && c <= '9'; }), 1);
    }
    EXPECT_EQ(BpeTrainer({.vocabulary = 300}).train()->size(), 256u);
    EXPECT_FALSE(BpeTrainer({.vocabulary = 255}).train().has_value());
    EXPECT_FALSE(BpeTrainer({.vocabulary = 1u << 30}).train().has_value());
    EXPECT_FALSE(BpeTrainer({.max_token_bytes = 0}).train().has_value());
}

TEST(BpeTrainer, SkipsInvalidBytesAndBearsLongPieces) {
    BpeTrainer trainer({.vocabulary = 270});
    trainer.add(
        "ab\xff"
        "ab\xc3");
    trainer.add(std::string(1 << 20, 'z'));
    const auto ranks = *trainer.train();
    EXPECT_EQ(ranks[256], "zz");
    EXPECT_NE(std::ranges::find(ranks, "ab"), ranks.end());
}

}  // namespace
}  // namespace cria
