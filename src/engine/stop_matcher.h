// Finds stop strings in a stream of text, also across the borders of its pieces.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

class StopMatcher {
public:
    // Keeps a reference to `stops`; none of them is empty.
    explicit StopMatcher(const std::vector<std::string>& stops) : stops_(stops) {}

    // Takes the next piece; returns the text that can be shown: all but a tail that a stop string may
    // still grow from. Valid until the next call. After a match it ends before the first stop string.
    std::string_view push(std::string_view piece);
    // What was held back, when the stream ends without a match.
    std::string_view finish();
    bool matched() const { return matched_; }

private:
    std::size_t first_match() const;
    std::size_t tail_to_hold() const;

    const std::vector<std::string>& stops_;
    std::string pending_;
    std::size_t shown_ = 0;  // bytes of pending_ handed out by the last call
    bool matched_ = false;
};

}  // namespace cria
