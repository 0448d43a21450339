#include "demo/words.h"

#include <algorithm>

#include "base/assert.h"

namespace cria {
namespace {

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
    if (random.below(2) == 0) return std::string(pick(curated, random));
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
    return substitute(form, [&](std::string_view slot) { return expand(pack, slot, split, random); });
}

}  // namespace cria
