// One line on standard error that changes as work goes on; nothing where standard error is no terminal.
#pragma once

#include <string>
#include <string_view>

#include "cli/cli.h"

namespace cria {

class Progress {
public:
    explicit Progress(Cli& cli) : cli_(cli) {}
    ~Progress() { end(); }

    // Replaces the line, at most some times a second.
    void show(std::string_view text);
    // A line that stays, above the changing one; also where there is no terminal.
    void say(std::string_view text);
    // Removes the line.
    void end();

private:
    Cli& cli_;
    std::chrono::nanoseconds last_{0};
    bool shown_ = false;
};

// 3725 s -> "1 h 2 min".
std::string time_text(double seconds);

}  // namespace cria
