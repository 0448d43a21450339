#include "text/byte_alphabet.h"

#include <array>

#include "text/unicode.h"

namespace cria {
namespace {

// Bytes that are printable in Latin-1 stand for themselves, the other 68 for U+0100 and up.
struct ByteAlphabet {
    static constexpr char32_t kEnd = 0x144;
    std::array<char32_t, 256> code_of;
    std::array<int, kEnd> byte_of;

    ByteAlphabet() {
        byte_of.fill(-1);
        char32_t next = 0x100;
        for (int byte = 0; byte < 256; ++byte) {
            const bool plain = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
            const char32_t code = plain ? static_cast<char32_t>(byte) : next++;
            code_of[static_cast<std::size_t>(byte)] = code;
            byte_of[code] = byte;
        }
    }
    static const ByteAlphabet& get() {
        static const ByteAlphabet alphabet;
        return alphabet;
    }
};

}  // namespace

std::string to_byte_alphabet(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) append_utf8(ByteAlphabet::get().code_of[static_cast<unsigned char>(c)], text);
    return text;
}

std::optional<std::string> from_byte_alphabet(std::string_view text) {
    if (valid_utf8_prefix(text) != text.size()) return std::nullopt;
    std::string bytes;
    for (std::size_t at = 0; at < text.size();) {
        const Utf8Char next = utf8_char(text, at);
        const int byte = next.code < ByteAlphabet::kEnd ? ByteAlphabet::get().byte_of[next.code] : -1;
        if (byte < 0) return std::nullopt;
        bytes.push_back(static_cast<char>(byte));
        at += next.length;
    }
    return bytes;
}

}  // namespace cria
