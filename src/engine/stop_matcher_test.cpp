#include "engine/stop_matcher.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace cria {
namespace {

struct Outcome {
    std::string text;
    bool matched;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome feed(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
    StopMatcher matcher(stops);
    std::string text;
    for (const auto& piece : pieces) text += matcher.push(piece);
    text += matcher.finish();
    return {text, matcher.matched()};
}

TEST(StopMatcher, FindsAcrossPieces) {
    EXPECT_EQ(feed({"END"}, {"a E", "N", "D b"}), (Outcome{"a ", true}));
    EXPECT_EQ(feed({"END"}, {"a E", "N", "d b"}), (Outcome{"a ENd b", false}));
    EXPECT_EQ(feed({"abab"}, {"aba", "abab"}), (Outcome{"aba", true})) << "a match may begin inside a failed one";
    EXPECT_EQ(feed({}, {"a", "b"}), (Outcome{"ab", false}));
}

TEST(StopMatcher, ShowsWhatCannotBelongToAStop) {
    const std::vector<std::string> stops{"\n\nUser:"};
    StopMatcher matcher(stops);
    EXPECT_EQ(matcher.push("Hello.\n"), "Hello.");
    EXPECT_EQ(matcher.push("More"), "\nMore");
}

// Whatever the cuts, the text ends before the first stop string of the whole.
TEST(StopMatcher, AgreesWithSearchOfTheWhole) {
    const std::vector<std::string> stops{"aab", "bba", "abab"};
    Random random(3);
    for (int round = 0; round < 2000; ++round) {
        std::vector<std::string> pieces;
        std::string whole;
        for (int i = 0; i < 6; ++i) {
            std::string piece;
            for (std::uint32_t j = random.below(4); j > 0; --j) piece += random.below(2) == 0 ? 'a' : 'b';
            whole += piece;
            pieces.push_back(piece);
        }
        // The first stop to be complete decides; with stops of different lengths an earlier start may still
        // be open, so the reference reads byte by byte.
        std::size_t end = std::string::npos;
        bool matched = false;
        for (std::size_t n = 1; n <= whole.size() && !matched; ++n) {
            for (const auto& stop : stops) {
                const std::size_t at = whole.substr(0, n).find(stop);
                if (at != std::string::npos) end = std::min(end, at), matched = true;
            }
        }
        std::vector<std::string> bytes;
        for (const char c : whole) bytes.emplace_back(1, c);
        EXPECT_EQ(feed(stops, bytes), (Outcome{whole.substr(0, end), matched})) << whole;
        EXPECT_EQ(feed(stops, pieces).matched, matched) << whole;
    }
}

}  // namespace
}  // namespace cria
