// Runs the program from outside, as people and scripts do: with pipes, or with a terminal of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cria {

struct Ended {
    int code = -1;  // exit code; 128 + the signal that ended it
    std::string out{};
    std::string err{};
    double cpu_seconds = 0;
};

struct Child {
    std::vector<std::string> arguments;
    std::string input{};                     // standard input, then its end
    std::vector<std::string> environment{};  // NAME=value, besides PATH and a HOME without files
    std::string out_file{};                  // standard output goes there instead
};
// Waits for its end.
Ended run_child(const Child& child);

// The program at a terminal of 80 columns.
class TerminalChild {
public:
    explicit TerminalChild(const Child& child);
    ~TerminalChild();

    void type(std::string_view keys);
    // Everything shown since the last call that matched, up to and including `text`; nothing when it does
    // not come in time.
    std::optional<std::string> read_until(std::string_view text, std::chrono::milliseconds timeout);
    // The exit code, when it ends in time.
    std::optional<int> wait(std::chrono::milliseconds timeout);
    // Processor time of all its threads so far.
    double cpu_seconds() const;

private:
    pid_t pid_ = -1;
    int terminal_ = -1;
    std::string pending_;
};

}  // namespace cria
