// UTF-8 by table 3-7 of the Unicode standard, and the table of character classes.
#include "text/unicode.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace cria {
namespace {

// The property White_Space, without \r and \n.
constexpr char32_t kSpaces[] = {0x09,   0x0B,   0x0C,   0x20,   0x85,   0xA0,   0x1680, 0x2000,
                                0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
                                0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000};

struct Lead {
    std::size_t length;               // of the sequence; 0 for a byte that begins none
    unsigned char second_low = 0x80;  // what the second byte may be
    unsigned char second_high = 0xBF;
};

Lead lead_of(unsigned char byte) {
    if (byte < 0x80) return {1};
    if (byte < 0xC2) return {0};
    if (byte < 0xE0) return {2};
    if (byte == 0xE0) return {3, 0xA0, 0xBF};
    if (byte == 0xED) return {3, 0x80, 0x9F};
    if (byte < 0xF0) return {3};
    if (byte == 0xF0) return {4, 0x90, 0xBF};
    if (byte < 0xF4) return {4};
    if (byte == 0xF4) return {4, 0x80, 0x8F};
    return {0};
}

}  // namespace

CharClasses::CharClasses() {
    for (std::size_t i = 0; i + 1 < detail::kClassRunCount; ++i) {
        const std::size_t from = detail::kClassRuns[i] >> 2, to = detail::kClassRuns[i + 1] >> 2;
        CRIA_ASSERT(from < to && to <= kEnd);
        std::fill(classes_.begin() + from, classes_.begin() + to, static_cast<CharClass>(detail::kClassRuns[i] & 3));
    }
    for (const char32_t code : kSpaces) classes_[code] = CharClass::space;
    classes_['\r'] = classes_['\n'] = CharClass::newline;
}

const CharClasses& CharClasses::get() {
    static const CharClasses classes;
    return classes;
}

Utf8Step utf8_step(std::string_view bytes) {
    const Lead lead = lead_of(static_cast<unsigned char>(bytes[0]));
    if (lead.length == 0) return {Utf8Step::invalid, 1};
    unsigned char low = lead.second_low, high = lead.second_high;
    for (std::size_t i = 1; i < lead.length; ++i) {
        if (i == bytes.size()) return {Utf8Step::incomplete, i};
        const auto byte = static_cast<unsigned char>(bytes[i]);
        if (byte < low || byte > high) return {Utf8Step::invalid, i};
        low = 0x80;
        high = 0xBF;
    }
    return {Utf8Step::valid, lead.length};
}

std::size_t valid_utf8_prefix(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        std::uint64_t word;
        while (at + sizeof word <= bytes.size()) {
            std::memcpy(&word, bytes.data() + at, sizeof word);
            if (word & 0x8080808080808080u) break;
            at += sizeof word;
        }
        if (at == bytes.size()) break;
        const Utf8Step step = utf8_step(bytes.substr(at, 4));
        if (step.kind != Utf8Step::valid) break;
        at += step.length;
    }
    return at;
}

void append_utf8(char32_t code, std::string& text) {
    const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
        put(0xC0 | code >> 6);
    } else {
        if (code < 0x10000) {
            put(0xE0 | code >> 12);
        } else {
            put(0xF0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3F));
        }
        put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
}

}  // namespace cria
