#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/assert.h"

namespace cria {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void become(const Child& child) {
    std::vector<std::string> environment = child.environment;
    environment.push_back("PATH=/usr/bin:/bin");
    environment.push_back("HOME=/dev/null/home");
    std::vector<char*> words{const_cast<char*>(CRIA_PROGRAM)}, variables;
    for (const std::string& word : child.arguments) words.push_back(const_cast<char*>(word.c_str()));
    for (const std::string& variable : environment) variables.push_back(const_cast<char*>(variable.c_str()));
    words.push_back(nullptr);
    variables.push_back(nullptr);
    ::execve(CRIA_PROGRAM, words.data(), variables.data());
    ::_exit(127);
}

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

struct Pipe {
    int read = -1, write = -1;
    Pipe() {
        std::array<int, 2> ends{};
        CRIA_ASSERT(::pipe2(ends.data(), O_CLOEXEC) == 0);
        read = ends[0], write = ends[1];
    }
};

void drain(int descriptor, std::string& to) {
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        to.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(descriptor);
}

void feed(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;  // the child reads no more
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    ::close(descriptor);
}

}  // namespace

Ended run_child(const Child& child) {
    ::signal(SIGPIPE, SIG_IGN);
    Pipe input, output, error;
    const pid_t pid = ::fork();
    CRIA_ASSERT(pid >= 0);
    if (pid == 0) {
        ::dup2(input.read, STDIN_FILENO);
        const int file = child.out_file.empty() ? output.write : ::open(child.out_file.c_str(), O_WRONLY);
        ::dup2(file, STDOUT_FILENO);
        ::dup2(error.write, STDERR_FILENO);
        ::signal(SIGPIPE, SIG_DFL);
        become(child);
    }
    ::close(input.read);
    ::close(output.write);
    ::close(error.write);
    Ended ended;
    std::thread feeder([&] { feed(input.write, child.input); });
    std::thread reader([&] { drain(error.read, ended.err); });
    drain(output.read, ended.out);
    reader.join();
    feeder.join();
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    ended.code = exit_code(status);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    ended.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    return ended;
}

TerminalChild::TerminalChild(const Child& child) {
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    CRIA_ASSERT(pid_ >= 0);
    if (pid_ == 0) {
        Child with_terminal = child;
        with_terminal.environment.push_back("TERM=xterm");
        become(with_terminal);
    }
}

TerminalChild::~TerminalChild() {
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    ::close(terminal_);
}

void TerminalChild::type(std::string_view keys) {
    CRIA_ASSERT(::write(terminal_, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
}

std::optional<std::string> TerminalChild::read_until(std::string_view text, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (true) {
        if (const std::size_t at = pending_.find(text); at != std::string::npos) {
            std::string shown = pending_.substr(0, at + text.size());
            pending_.erase(0, at + text.size());
            return shown;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd ready{terminal_, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return std::nullopt;
        std::array<char, 4096> buffer{};
        const ssize_t count = ::read(terminal_, buffer.data(), buffer.size());
        if (count <= 0) return std::nullopt;
        pending_.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

std::optional<int> TerminalChild::wait(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (Clock::now() < deadline) {
        (void)read_until("\x01never\x01", std::chrono::milliseconds(20));  // so that it does not block on writing
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            return exit_code(status);
        }
    }
    return std::nullopt;
}

double TerminalChild::cpu_seconds() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
    std::stringstream text;
    text << file.rdbuf();
    std::istringstream fields(text.str().substr(text.str().rfind(')') + 1));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is field 14
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace cria
