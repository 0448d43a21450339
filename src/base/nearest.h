// The word that somebody probably meant: for messages about unknown names, options and keys.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace cria {

// The candidate with the smallest edit distance (insert, remove, replace, swap of neighbours; case counts
// nothing), or empty when none is near: more than a third of the word would have to change.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace cria
