#include "base/nearest.h"

#include <algorithm>
#include <array>
#include <vector>

namespace cria {
namespace {

constexpr std::size_t kLongest = 64;  // longer words are not compared: the cost is the product of the lengths

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::array<std::vector<std::size_t>, 3> rows;  // of prefixes of `a` ending two back, one back, here
    for (auto& row : rows) row.resize(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) rows[1][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& here = rows[2];
        here[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            here[j] = std::min({rows[1][j] + 1, here[j - 1] + 1, rows[1][j - 1] + (same ? 0 : 1)});
            const bool swapped =
                i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) here[j] = std::min(here[j], rows[0][j - 2] + 1);
        }
        std::rotate(rows.begin(), rows.begin() + 1, rows.end());
    }
    return rows[1][b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string> candidates) {
    std::string_view best;
    if (word.size() > kLongest) return best;
    std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
    for (const std::string& candidate : candidates) {
        if (candidate.size() > kLongest) continue;
        const std::size_t far = distance(word, candidate);
        if (far > limit || (far == limit && !best.empty())) continue;
        best = candidate;
        limit = far;
    }
    return best;
}

}  // namespace cria
