#include "cli/console.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <cwchar>

#include "cli/interrupt.h"

namespace cria {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Sequence {
    std::size_t bytes;
    char32_t code;  // 0xFFFD with valid false when the bytes are no UTF-8
    bool valid;
};

// The first sequence of non-empty `text`; invalid bytes are grouped as the Unicode standard recommends
// (3.9, "maximal subparts").
Utf8Sequence first_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {1, lead, true};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return {1, 0xfffd, false};
    char32_t code = lead & (0xffu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        unsigned char low = 0x80, high = 0xbf;
        if (i == 1) {
            low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
            high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        }
        if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, 0xfffd, false};
        code = (code << 6) | (byte(i) & 0x3fu);
    }
    return {length, code, true};
}

std::string scaled(double value, std::string_view unit) {
    static constexpr std::array<std::string_view, 5> kPrefixes{"", "k", "M", "G", "T"};
    std::size_t prefix = 0;
    while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
        value /= 1000;
        ++prefix;
    }
    const int decimals = prefix == 0 || value >= 99.95 ? 0 : 1;
    return fmt::format("{:.{}f} {}{}", value, decimals, kPrefixes[prefix], unit);
}

}  // namespace

Console::Console(const Environment& environment)
    : input_is_terminal_(isatty(STDIN_FILENO) != 0),
      output_is_terminal_(isatty(STDOUT_FILENO) != 0),
      error_is_terminal_(isatty(STDERR_FILENO) != 0),
      colour_(output_is_terminal_ && !environment.no_color && !environment.plain_terminal),
      columns_(environment.columns) {}

int Console::width() const {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return columns_.value_or(80);
}

void Console::out(std::string_view text) {
    if (write_error_ == 0 && std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) write_error_ = errno;
}

void Console::err(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

Status Console::flush() {
    if (std::fflush(stdout) != 0 && write_error_ == 0) write_error_ = errno;
    if (write_error_ == 0) return {};
    const ErrorKind kind = write_error_ == ENOSPC ? ErrorKind::no_space : ErrorKind::io;
    return fail(kind, "standard output: {}; what was written is incomplete", std::strerror(write_error_));
}

std::string Console::styled(std::string_view text, Style style) const {
    if (!colour_) return std::string(text);
    static constexpr std::array<std::string_view, 4> kCodes{"\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[33m"};
    return fmt::format("{}{}\x1b[0m", kCodes[static_cast<std::size_t>(style)], text);
}

Result<std::string> Console::read_input(std::uint64_t max_bytes) {
    std::string text;
    std::array<char, 1 << 16> buffer{};
    while (true) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (::poll(&input, 1, -1) < 0 && errno == EINTR) {
            if (interrupted()) return fail(ErrorKind::cancelled, "interrupted");
            continue;
        }
        const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (count == 0) return text;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(ErrorKind::io, "standard input: {}", std::strerror(errno));
        text.append(buffer.data(), static_cast<std::size_t>(count));
        if (text.size() > max_bytes) {
            return fail(ErrorKind::invalid_input, "standard input: more than {} came; give less at a time",
                        human_bytes(max_bytes));
        }
    }
}

int display_width(std::string_view text) {
    int width = 0;
    while (!text.empty()) {
        const Utf8Sequence sequence = first_sequence(text);
        const int columns = ::wcwidth(static_cast<wchar_t>(sequence.code));
        width += columns < 0 ? 0 : columns;
        text.remove_prefix(sequence.bytes);
    }
    return width;
}

std::string human_bytes(std::uint64_t bytes) { return scaled(static_cast<double>(bytes), "B"); }

std::string human_count(std::int64_t count) {
    std::string text = scaled(static_cast<double>(count), "");
    if (text.ends_with(' ')) text.pop_back();
    if (text.ends_with('G')) text.back() = 'B';  // billions, as models are named
    return text;
}

std::string age_text(std::int64_t seconds) {
    struct Unit {
        std::int64_t seconds;
        std::string_view name;
    };
    static constexpr Unit kUnits[] = {{86400 * 365, "year"}, {86400 * 30, "month"}, {86400 * 7, "week"},
                                      {86400, "day"},        {3600, "hour"},        {60, "minute"}};
    for (const Unit& unit : kUnits) {
        const std::int64_t count = seconds / unit.seconds;
        if (count >= 1) return fmt::format("{} {}{} ago", count, unit.name, count == 1 ? "" : "s");
    }
    return "just now";
}

CleanText replace_invalid_utf8(std::string_view bytes) {
    CleanText clean;
    clean.text.reserve(bytes.size());
    std::size_t offset = 0;
    while (offset < bytes.size()) {
        const Utf8Sequence sequence = first_sequence(bytes.substr(offset));
        if (sequence.valid) {
            clean.text += bytes.substr(offset, sequence.bytes);
        } else {
            if (clean.replaced++ == 0) clean.first_offset = offset;
            clean.text += kReplacement;
        }
        offset += sequence.bytes;
    }
    return clean;
}

}  // namespace cria
