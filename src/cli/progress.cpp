#include "cli/progress.h"

#include <algorithm>
#include <cmath>

namespace cria {
namespace {

constexpr std::chrono::milliseconds kBetweenLines{100};
constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

void Progress::show(std::string_view text) {
    if (!cli_.console.error_is_terminal()) return;
    const auto now = cli_.os.monotonic();
    if (shown_ && now - last_ < kBetweenLines) return;
    last_ = now;
    shown_ = true;
    const auto width = static_cast<std::size_t>(std::max(cli_.console.width() - 1, 1));
    cli_.console.err(std::string(kEraseLine) + std::string(text.substr(0, width)));
}

void Progress::say(std::string_view text) {
    end();
    cli_.console.err(std::string(text) + "\n");
}

void Progress::end() {
    if (shown_) cli_.console.err(kEraseLine);
    shown_ = false;
}

std::string time_text(double seconds) {
    const auto whole = static_cast<std::int64_t>(std::isfinite(seconds) ? std::max(seconds, 0.0) + 0.5 : 0);
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
}

}  // namespace cria
