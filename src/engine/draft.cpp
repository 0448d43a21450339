#include "engine/draft.h"

#include <algorithm>
#include <cmath>

namespace cria {
namespace {

constexpr std::int64_t kShortestMatch = 2, kLongestMatch = 16;
// The newest figure's share of an average.
constexpr double kNewest = 0.2;
// Guesses that are not tried are believed a little better each time, up to this share.
constexpr double kHope = 0.6, kHopeStep = 0.01;

}  // namespace

std::span<const TokenId> look_up_draft(std::span<const TokenId> history, std::int64_t most) {
    const auto size = std::ssize(history);
    std::int64_t best = kShortestMatch - 1, after = 0;
    const auto at = [&](std::int64_t i) { return history[static_cast<std::size_t>(i)]; };
    for (std::int64_t end = size - 2; end >= 0 && best < kLongestMatch; --end) {
        std::int64_t match = 0;
        while (match <= end && match < kLongestMatch && at(end - match) == at(size - 1 - match)) ++match;
        if (match > best) best = match, after = end + 1;
    }
    if (best < kShortestMatch || most <= 0) return {};
    return history.subspan(static_cast<std::size_t>(after), static_cast<std::size_t>(std::min(most, size - after)));
}

double DraftPolicy::time_of(std::int64_t rows) const {
    if (const double known = seconds_[static_cast<std::size_t>(rows)]; known > 0) return known;
    // Not tried yet: little more than the longest pass below it, so that it will be.
    std::int64_t fewer = rows - 1;
    while (seconds_[static_cast<std::size_t>(fewer)] == 0) --fewer;
    return seconds_[static_cast<std::size_t>(fewer)] * (1 + 0.05 * static_cast<double>(rows - fewer));
}

std::int64_t DraftPolicy::length(DraftSource source) const {
    if (seconds_[1] == 0) return 0;
    const auto& [right, seconds] = guesses_[static_cast<std::size_t>(source)];
    std::int64_t best = 0;
    double best_rate = 1 / time_of(1);
    for (std::int64_t length = 1; length < kMostRows; ++length) {
        // Tokens that come of it: the first always, each further one while all guesses before it are right.
        const double tokens = (1 - std::pow(right, static_cast<double>(length + 1))) / (1 - right);
        const double rate = tokens / (time_of(length + 1) + static_cast<double>(length) * seconds);
        if (rate > best_rate) best_rate = rate, best = length;
    }
    return best;
}

void DraftPolicy::note_pass(std::int64_t drafted, std::chrono::nanoseconds time) {
    const double seconds = std::max(std::chrono::duration<double>(time).count(), 1e-9);
    double& average = seconds_[static_cast<std::size_t>(1 + drafted)];
    average = average == 0 ? seconds : average + kNewest * (seconds - average);
}

void DraftPolicy::note_drafting(DraftSource source, std::int64_t drafted, std::chrono::nanoseconds time) {
    const double seconds = std::chrono::duration<double>(time).count() / static_cast<double>(drafted);
    double& average = of(source).seconds;
    average = average == 0 ? seconds : average + kNewest * (seconds - average);
}

void DraftPolicy::note_guesses(DraftSource source, std::int64_t drafted, std::int64_t right) {
    double& share = of(source).right;
    for (std::int64_t i = 0; i < std::min(drafted, right + 1); ++i)
        share += 0.5 * kNewest * ((i < right ? 0.99 : 0.0) - share);
}

void DraftPolicy::note_left_out(DraftSource source) {
    double& share = of(source).right;
    if (share < kHope) share = std::min(kHope, share + kHopeStep);
}

}  // namespace cria
