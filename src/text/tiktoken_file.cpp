// tokenizer.model: "base64(bytes) rank" lines.
#include <charconv>

#include "text/bpe.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string to_base64(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::string_view part = bytes.substr(at, 3);
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits = bits << 8 | (i < part.size() ? static_cast<unsigned char>(part[i]) : 0u);
        for (std::size_t i = 0; i < 4; ++i) text.push_back(i <= part.size() ? kDigits[bits >> (18 - 6 * i) & 63] : '=');
    }
    return text;
}

// Strict: whole groups of four, padding only at the end, no stray bits.
bool from_base64(std::string_view text, std::string& bytes) {
    bytes.clear();
    if (text.empty() || text.size() % 4 != 0) return false;
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::size_t digit = i >= text.size() - padding ? 0 : kDigits.find(text[i]);
        if (digit == std::string_view::npos) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(digit);
        if (i % 4 != 3) continue;
        for (const int shift : {16, 8, 0}) bytes.push_back(static_cast<char>(bits >> shift & 0xFF));
        bits = 0;
    }
    for (std::size_t i = 0; i < padding; ++i) {
        if (bytes.back() != 0) return false;
        bytes.pop_back();
    }
    return true;
}

struct Line {
    std::string bytes;
    std::size_t rank;
};

Result<Line> parse_line(std::string_view line, std::string_view who, std::size_t number) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string_view::npos)
        return fail(ErrorKind::corrupt, "{}: line {} is not of the form \"base64 rank\"", who, number);
    Line parsed;
    if (!from_base64(line.substr(0, blank), parsed.bytes))
        return fail(ErrorKind::corrupt, "{}: line {} does not begin with valid base64", who, number);
    const std::string_view digits = line.substr(blank + 1);
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), parsed.rank);
    if (error != std::errc() || end != digits.end())
        return fail(ErrorKind::corrupt, "{}: line {} does not end with a rank but with {:?}", who, number,
                    digits.substr(0, 24));
    return parsed;
}

}  // namespace

Result<std::vector<std::string>> parse_tiktoken_ranks(std::string_view text, std::string_view who) {
    if (text.starts_with('\n'))
        return fail(ErrorKind::unsupported,
                    "{} is not in tiktoken's form but looks like a SentencePiece model, as Llama 2 has; Llama 3's "
                    "tokenizer.model is wanted",
                    who);
    std::vector<Line> lines;
    while (!text.empty()) {
        if (lines.size() == Bpe::kMaxTokens)
            return fail(ErrorKind::unsupported, "{} has more than {} tokens", who, Bpe::kMaxTokens);
        const std::size_t end = text.find('\n');
        lines.push_back(CRIA_TRY(parse_line(text.substr(0, end), who, lines.size() + 1)));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    std::vector<std::string> ranks(lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t rank = lines[i].rank;
        if (rank >= ranks.size())
            return fail(ErrorKind::corrupt, "{}: line {} has rank {}, but {} lines should have ranks 0 to {}", who,
                        i + 1, rank, lines.size(), lines.size() - 1);
        if (!ranks[rank].empty())
            return fail(ErrorKind::corrupt, "{}: rank {} comes twice, again in line {}", who, rank, i + 1);
        ranks[rank] = std::move(lines[i].bytes);
    }
    return ranks;
}

std::string write_tiktoken_ranks(const std::vector<std::string>& ranks) {
    std::string text;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
        text += fmt::format("{} {}\n", to_base64(ranks[rank]), rank);
    return text;
}

}  // namespace cria
