// What every verb receives: the operating system, the console, the surroundings, and the global options.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/os.h"
#include "cli/console.h"
#include "cli/environment.h"
#include "cli/kernel_choice.h"
#include "ops/pass.h"

namespace cria {

inline constexpr std::string_view kVersion = "0.1.0";

class Cli {
public:
    Cli(Os& os_in, Environment environment_in)
        : os(os_in), environment(std::move(environment_in)), console(environment) {}

    Os& os;
    Environment environment;
    Console console;

    static constexpr int kMostThreads = 1024;
    int threads = 0;      // 0: as many as this process may use
    std::string kernels;  // empty: the quickest on this processor (cli/kernel_choice.h)
    std::string verb;     // the one that runs

    // The threads and kernels that were asked for, made at the first call and kept; and why those kernels.
    Result<Compute> compute();
    Result<KernelChoice> kernel_choice();
    int thread_count() const;

private:
    std::unique_ptr<ThreadPool> pool_;
    std::optional<KernelChoice> kernel_choice_;
};

}  // namespace cria
