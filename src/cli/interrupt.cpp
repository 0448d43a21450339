#include "cli/interrupt.h"

#include <csignal>

namespace cria {
namespace {

std::atomic<bool> g_interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

extern "C" void on_interrupt(int) { g_interrupted.store(true, std::memory_order_relaxed); }

}  // namespace

void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    // Writing goes on after a Ctrl-C, however slow the terminal; whoever waits for input calls poll, which ends.
    action.sa_flags = SA_RESTART;
    sigaction(SIGINT, &action, nullptr);
}

std::atomic<bool>& interrupted() { return g_interrupted; }

}  // namespace cria
