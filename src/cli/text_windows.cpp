#include "cli/text_windows.h"

#include "cli/interrupt.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxTextFile = 1u << 30;

}  // namespace

void add_text_options(Options& options, TextOptions& text) {
    options.value("--file", text.file, "FILE", "the text", Need::required);
    options.value("--context", text.context, "N", "tokens of a window (default: 512)");
    options.value("--svg", text.svg, "FILE", "draw the result there");
}

Result<TextWindows> read_windows(Cli& cli, const TextOptions& text, const Tokenizer& tokenizer) {
    const std::string content = CRIA_TRY(read_text(cli.os, text.file, kMaxTextFile));
    auto windows = cut_windows(tokenizer, content, text.context);
    if (!windows) return prefix(text.file, std::move(windows).error());
    return windows;
}

Status write_picture(Cli& cli, const TextOptions& text, const Chart& chart) {
    if (text.svg.empty()) return {};
    return write_atomically(cli.os, text.svg, chart_svg(chart));
}

WindowCounter::WindowCounter(Cli& cli, const TextWindows& windows) : progress_(cli) {
    report_ = [this, &cli, all = windows.count(), start = cli.os.monotonic()](std::int64_t done) {
        const double seconds = std::chrono::duration<double>(cli.os.monotonic() - start).count();
        const double left = seconds / static_cast<double>(done) * static_cast<double>(all - done);
        progress_.show(fmt::format("{}/{} windows  {} left", done, all, time_text(left)));
        return !interrupted();
    };
}

}  // namespace cria
