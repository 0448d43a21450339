#include "engine/draft.h"

#include <gtest/gtest.h>

#include <vector>

namespace cria {
namespace {

using Ids = std::vector<TokenId>;
using std::chrono::microseconds;

Ids draft(const Ids& history, std::int64_t most = 7) {
    const auto found = look_up_draft(history, most);
    return {found.begin(), found.end()};
}

TEST(PromptLookup, FindsWhatFollowedTheLongestLatestMatch) {
    EXPECT_EQ(draft({}), Ids{});
    EXPECT_EQ(draft({1, 2, 3, 4}), Ids{});
    EXPECT_EQ(draft({1, 2, 3, 9, 2}), Ids{}) << "one token is no match";
    EXPECT_EQ(draft({1, 2, 3, 4, 9, 1, 2}), (Ids{3, 4, 9, 1, 2}));
    EXPECT_EQ(draft({1, 2, 3, 4, 9, 1, 2}, 2), (Ids{3, 4}));
    EXPECT_EQ(draft({1, 2, 3, 4, 9, 1, 2}, 0), Ids{});
    EXPECT_EQ(draft({1, 2, 5, 8, 1, 2, 6, 7, 1, 2}, 2), (Ids{6, 7})) << "the latest";
    EXPECT_EQ(draft({4, 1, 2, 5, 8, 1, 2, 6, 7, 4, 1, 2}, 2), (Ids{5, 8})) << "the longest";
    EXPECT_EQ(draft({7, 7, 7}), (Ids{7})) << "as far as is known";
}

// Of 100 steps, how many try a draft, after 2,000 in which a pass of r rows has cost cost(r) and each guess has been
// right with the same chance.
template <class Cost>
int steps_with_draft(Cost cost, double chance) {
    DraftPolicy policy;
    std::uint32_t state = 1;
    for (int i = 0; i < 2000; ++i) {
        const std::int64_t length = policy.length(DraftSource::lookup);
        policy.note_pass(length, microseconds(cost(1 + length)));
        if (length == 0) {
            policy.note_left_out(DraftSource::lookup);
            continue;
        }
        std::int64_t right = 0;
        while (right < length && (state = state * 1664525u + 1013904223u) / 4294967296.0 < chance) ++right;
        policy.note_guesses(DraftSource::lookup, length, right);
    }
    int drafts = 0;
    for (int i = 0; i < 100; ++i) {
        drafts += policy.length(DraftSource::lookup) > 0;
        if (policy.length(DraftSource::lookup) == 0) policy.note_left_out(DraftSource::lookup);
    }
    return drafts;
}

TEST(DraftPolicy, DraftsWhereItPays) {
    const auto reading = [](std::int64_t rows) { return 1000 + 20 * rows; };  // a pass costs reading the weights
    const auto computing = [](std::int64_t rows) { return 1000 * rows; };     // each row costs as much as the first
    EXPECT_GT(steps_with_draft(reading, 0.9), 90);
    EXPECT_GT(steps_with_draft(reading, 0.4), 90);
    EXPECT_EQ(steps_with_draft(computing, 0.9), 0);
}

TEST(DraftPolicy, LongerWhenGuessesAreRight) {
    DraftPolicy sure, unsure;
    for (int i = 0; i < 200; ++i) {
        for (std::int64_t rows = 1; rows <= DraftPolicy::kMostRows; ++rows) {
            sure.note_pass(rows - 1, microseconds(100 + 15 * rows));
            unsure.note_pass(rows - 1, microseconds(100 + 15 * rows));
        }
        sure.note_guesses(DraftSource::lookup, 7, 7);
        unsure.note_guesses(DraftSource::lookup, 7, 0);
    }
    EXPECT_EQ(sure.length(DraftSource::lookup), 7);
    EXPECT_LT(unsure.length(DraftSource::lookup), 2);
}

// Guesses of a model that costs half a pass each are not worth it, however often they are right.
TEST(DraftPolicy, CountsWhatGuessesCost) {
    DraftPolicy policy;
    for (int i = 0; i < 100; ++i) {
        for (std::int64_t rows = 1; rows <= DraftPolicy::kMostRows; ++rows)
            policy.note_pass(rows - 1, microseconds(100 + rows));
        policy.note_guesses(DraftSource::model, 4, 3);
        policy.note_guesses(DraftSource::lookup, 4, 3);
        policy.note_drafting(DraftSource::model, 4, microseconds(i < 50 ? 40 : 400));
        if (i == 49) {
            EXPECT_GT(policy.length(DraftSource::model), 1);
        }
    }
    EXPECT_EQ(policy.length(DraftSource::model), 0);
    EXPECT_GT(policy.length(DraftSource::lookup), 2);
}

}  // namespace
}  // namespace cria
