#include "demo/words.h"

#include <algorithm>

#include "base/assert.h"

namespace cria {
namespace {

// Of the words of open classes, so many in ten are made up in training: a model that knows a few hundred
// words by heart does not learn to copy, one that keeps meeting new ones does.
constexpr std::uint32_t kBlendsInTen = 9;

// Copies `frame`, asking `value_of` for each slot's text.
template <class ValueOf>
std::string substitute(std::string_view frame, ValueOf&& value_of) {
    std::string text;
    std::size_t at = 0;
    for (std::size_t open = frame.find('{'); open != frame.npos; open = frame.find('{', at)) {
        const std::size_t close = frame.find('}', open);
        CRIA_ASSERT(close != frame.npos);
        text += frame.substr(at, open - at);
        text += value_of(frame.substr(open + 1, close - open - 1));
        at = close + 1;
    }
    text += frame.substr(at);
    return text;
}

bool contains(const Frames& frames, std::string_view word) { return std::ranges::find(frames, word) != frames.end(); }

std::uint64_t fnv1a(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325;
    for (const char byte : text) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3;
    return hash ^ (hash >> 32);
}

// Code points of UTF-8 text that we wrote.
std::size_t code_points(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

// The first `count` code points.
std::string_view head(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if ((text[at] & 0xC0) != 0x80 && count-- == 0) break;
    }
    return text.substr(0, at);
}

std::string_view last_word(std::string_view form) { return form.substr(form.rfind(' ') + 1); }

bool can_be_blended(std::string_view form) { return form.find('{') == form.npos && code_points(last_word(form)) >= 4; }

// From 1 to all but one of the word's code points.
std::size_t draw_cut(std::string_view word, Random& random) {
    return 1 + random.below(static_cast<std::uint32_t>(code_points(word) - 1));
}

// The front of one form's last word and the back of a partner's, each cut anywhere: as a reader of the lists would
// never have seen it. `draw_partner` gives a form; falls back to the first form when none can be blended.
template <class DrawPartner>
std::string blend(std::string_view first, DrawPartner&& draw_partner, Random& random) {
    for (int attempt = 0; attempt < 8; ++attempt) {
        const std::string_view second = draw_partner();
        if (second == first || !can_be_blended(second)) continue;
        const std::string_view word = last_word(first), other = last_word(second);
        const std::string_view before = first.substr(0, first.size() - word.size());
        return std::string(before) + std::string(head(word, draw_cut(word, random))) +
               std::string(other.substr(head(other, draw_cut(other, random)).size()));
    }
    return std::string(first);
}

bool is_open(const WordClass& words) { return !words.held_out.empty(); }

// A form of any open class: made-up words then do not show by their endings where a phrase is over.
std::string_view draw_open_form(const LanguagePack& pack, Random& random) {
    while (true) {
        const WordClass& words = pack.words[random.below(static_cast<std::uint32_t>(pack.words.size()))];
        if (is_open(words)) return pick(words.train, random);
    }
}

bool is_held_out_word(const LanguagePack& pack, std::string_view word) {
    return std::ranges::any_of(pack.words, [&](const WordClass& words) { return contains(words.held_out, word); });
}

}  // namespace

std::string fill(std::string_view frame, Slots slots) {
    return substitute(frame, [&](std::string_view slot) {
        const auto found = std::ranges::find(slots, slot, [](const auto& pair) { return pair.first; });
        CRIA_ASSERT(found != slots.end());
        return found->second;
    });
}

std::string_view pick(const Frames& frames, Random& random) {
    CRIA_ASSERT(!frames.empty());
    return frames[random.below(static_cast<std::uint32_t>(frames.size()))];
}

Split split_of_name(const NameClass& names, std::string_view name) {
    if (contains(names.held_out, name)) return Split::held_out;
    if (contains(names.train, name)) return Split::train;
    return fnv1a(name) % 8 == 0 ? Split::held_out : Split::train;
}

std::string draw_name(const NameClass& names, Split split, Random& random) {
    const Frames& curated = split == Split::train ? names.train : names.held_out;
    if (random.below(2) == 0) {
        const std::string_view known = pick(curated, random);
        if (split == Split::held_out || random.below(2) == 0 || !can_be_blended(known)) return std::string(known);
        std::string name = blend(known, [&] { return pick(curated, random); }, random);
        return split_of_name(names, name) == split ? name : std::string(known);
    }
    while (true) {
        std::string name(pick(names.starts, random));
        name += pick(names.middles, random);
        name += pick(names.ends, random);
        if (split_of_name(names, name) == split) return name;
    }
}

std::string expand(const LanguagePack& pack, std::string_view word, Split split, Random& random) {
    if (word == "invention") return draw_name(pack.inventions, split, random);
    const auto found = std::ranges::find(pack.words, word, &WordClass::name);
    CRIA_ASSERT(found != pack.words.end());
    const bool other = split == Split::held_out && !found->held_out.empty();
    const std::string_view form = pick(other ? found->held_out : found->train, random);
    if (split == Split::train && is_open(*found) && can_be_blended(form) && random.below(10) < kBlendsInTen) {
        std::string made_up = blend(form, [&] { return draw_open_form(pack, random); }, random);
        return is_held_out_word(pack, made_up) ? std::string(form) : made_up;
    }
    return substitute(form, [&](std::string_view slot) { return expand(pack, slot, split, random); });
}

}  // namespace cria
