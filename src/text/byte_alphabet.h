// GPT-2's alphabet: a printable character for every byte, in which tokenizer.json and GGUF spell their tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cria {

std::string to_byte_alphabet(std::string_view bytes);
// Nothing for text with a character outside of the alphabet, or that is not UTF-8.
std::optional<std::string> from_byte_alphabet(std::string_view text);

}  // namespace cria
