// Filling frames, and drawing names and content from a language's word lists.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/random.h"
#include "demo/language.h"

namespace cria {

// `frame` with each {slot} replaced. Every slot of the frame must be given; unused values are fine.
using Slots = std::initializer_list<std::pair<std::string_view, std::string_view>>;
std::string fill(std::string_view frame, Slots slots);

std::string_view pick(const Frames& frames, Random& random);

// Which split a name belongs to: curated names to the split of their list, others by a hash (one in eight
// is held out), so that the sets are disjoint by construction.
Split split_of_name(const NameClass& names, std::string_view name);
// In training, a part of the curated names are blends of two, so that names are an open set.
std::string draw_name(const NameClass& names, Split split, Random& random);

// Expands {word} of the pack's word classes, again and again, until no slot is left.
// In training, nine in ten of the words of open classes are made up, see words.cpp.
std::string expand(const LanguagePack& pack, std::string_view word, Split split, Random& random);

}  // namespace cria
