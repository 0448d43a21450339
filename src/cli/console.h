// Standard input, output and error of the program, and what the terminal can do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/environment.h"

namespace cria {

// The most that `cria tokenize` and `detokenize` take from a pipe, in bytes.
inline constexpr std::uint64_t kMaxPipedText = 4ull << 30;

enum class Style { bold, dim, accent, warning };

class Console {
public:
    explicit Console(const Environment& environment);

    bool input_is_terminal() const { return input_is_terminal_; }
    bool output_is_terminal() const { return output_is_terminal_; }
    bool error_is_terminal() const { return error_is_terminal_; }
    // Someone sits in front of it.
    bool interactive() const { return input_is_terminal_ && output_is_terminal_; }
    int width() const;  // columns; 80 when unknown

    void out(std::string_view text);
    void err(std::string_view text);
    // Whether everything written to standard output arrived.
    Status flush();
    // The text in a style on a terminal with colours, otherwise the text.
    std::string styled(std::string_view text, Style style) const;

    // All of standard input, at most `max_bytes`.
    Result<std::string> read_input(std::uint64_t max_bytes);

private:
    bool input_is_terminal_;
    bool output_is_terminal_;
    bool error_is_terminal_;
    bool colour_;
    std::optional<int> columns_;
    int write_error_ = 0;
};

// Columns that UTF-8 text takes on a terminal.
int display_width(std::string_view text);

// 1234567 -> "1.2 MB" (powers of 1000, as disks and downloads count).
std::string human_bytes(std::uint64_t bytes);
// 6123456 -> "6.1 M".
std::string human_count(std::int64_t count);
// 259200 -> "3 days ago".
std::string age_text(std::int64_t seconds);

// Text from outside with U+FFFD in place of what is not UTF-8.
struct CleanText {
    std::string text;
    std::size_t replaced = 0;      // sequences that were not UTF-8
    std::size_t first_offset = 0;  // byte of the first
};
CleanText replace_invalid_utf8(std::string_view bytes);

}  // namespace cria
