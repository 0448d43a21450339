// Tokenizer and StreamDecoder over a small vocabulary made by hand.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

std::vector<std::string> bytes_and(std::vector<std::string> more) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    ranks.insert(ranks.end(), more.begin(), more.end());
    return ranks;
}

TEST(Tokenizer, MergesLowestRankFirst) {
    const Tokenizer tokenizer = *Tokenizer::create(bytes_and({"bc", "ab", "abc", "zzzz"}), {});
    EXPECT_EQ(tokenizer.encode("abcd"), (std::vector<TokenId>{258, 'd'}));
    EXPECT_EQ(tokenizer.encode("zzzz"), (std::vector<TokenId>{259}));
}

}  // namespace
}  // namespace cria
