// Ctrl-C as a flag.
#pragma once

#include <atomic>

namespace cria {

// From now on SIGINT sets the flag instead of ending the program. System calls that wait return early.
void catch_interrupts();
std::atomic<bool>& interrupted();

}  // namespace cria
