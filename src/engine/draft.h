// Drafts: guesses of the next tokens that one pass checks all at once. What is checked is exact: an answer is the same,
// byte for byte, with drafts or without (a row of a pass does not depend on the rows beside it, and a token is drawn
// from its logits, the seed and its position alone). Only its time differs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "text/tokenizer.h"

namespace cria {

// Prompt lookup (Saxena 2023, "Prompt Lookup Decoding"): what followed the last time that the latest tokens occurred.
// The longest match counts, and the latest among equals; fewer than two tokens are no match. At most `most` tokens, a
// part of `history`; empty without a match.
std::span<const TokenId> look_up_draft(std::span<const TokenId> history, std::int64_t most);

// Where guesses come from: what was said before, or a small model (draft_model.h).
enum class DraftSource { lookup, model };

// Decides how long a draft is worth its pass, from what passes and guesses have cost and how many were right so far.
class DraftPolicy {
public:
    static constexpr std::int64_t kMostRows = 8;  // of a pass: the token itself and up to 7 guesses

    // The length to try now; 0 while drafts do not pay, and until a pass of one row is known.
    std::int64_t length(DraftSource source) const;
    // A pass over 1 + drafted rows took `time`.
    void note_pass(std::int64_t drafted, std::chrono::nanoseconds time);
    // Making so many guesses took `time`; those that nothing is noted of cost nothing.
    void note_drafting(DraftSource source, std::int64_t drafted, std::chrono::nanoseconds time);
    // Of a draft, so many guesses were right.
    void note_guesses(DraftSource source, std::int64_t drafted, std::int64_t right);
    // A draft could have been tried and was not: what is known of guesses ages, so that they are tried again in time.
    void note_left_out(DraftSource source);

private:
    double time_of(std::int64_t rows) const;

    struct Guesses {
        double right = 0.6;  // the share of them
        double seconds = 0;  // to make one, averaged
    };
    Guesses& of(DraftSource source) { return guesses_[static_cast<std::size_t>(source)]; }

    std::array<double, kMostRows + 1> seconds_{};  // of a pass by rows, averaged; 0: not tried yet
    std::array<Guesses, 2> guesses_{};
};

}  // namespace cria
