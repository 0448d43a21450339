// Allocation failures on demand: a program linked with failing_new.cpp has an operator new that this breaks.
#pragma once

#include <cstdint>

namespace cria {

// While it lives, allocation number `first` of this thread fails (1: the next one), and with `ever_after` all later
// ones, too. One at a time.
class AllocationFault {
public:
    explicit AllocationFault(std::uint64_t first, bool ever_after = false);
    AllocationFault(const AllocationFault&) = delete;
    AllocationFault& operator=(const AllocationFault&) = delete;
    ~AllocationFault();

    // Whether an allocation has failed.
    bool hit() const;
    // From now on none fails.
    void stop();
};

}  // namespace cria
