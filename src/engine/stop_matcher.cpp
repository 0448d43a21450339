#include "engine/stop_matcher.h"

#include <algorithm>

namespace cria {

std::string_view StopMatcher::push(std::string_view piece) {
    if (matched_) return {};
    pending_.erase(0, shown_);
    pending_ += piece;
    const std::size_t match = first_match();
    matched_ = match != std::string::npos;
    shown_ = matched_ ? match : pending_.size() - tail_to_hold();
    return std::string_view(pending_).substr(0, shown_);
}

std::string_view StopMatcher::finish() {
    if (matched_) return {};
    pending_.erase(0, shown_);
    shown_ = pending_.size();
    return pending_;
}

std::size_t StopMatcher::first_match() const {
    std::size_t first = std::string::npos;
    for (const std::string& stop : stops_) first = std::min(first, pending_.find(stop));
    return first;
}

std::size_t StopMatcher::tail_to_hold() const {
    std::size_t longest = 0;
    for (const std::string& stop : stops_) {
        std::size_t length = std::min(stop.size() - 1, pending_.size());
        while (length > longest && !pending_.ends_with(std::string_view(stop).substr(0, length))) --length;
        longest = std::max(longest, length);
    }
    return longest;
}

}  // namespace cria
