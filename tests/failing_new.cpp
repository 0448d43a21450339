#include "failing_new.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "base/assert.h"

namespace cria {
namespace {

thread_local std::uint64_t countdown = 0;  // 0: nothing is to fail
thread_local bool fails_ever_after = false;
thread_local bool failed = false;

bool must_fail() {
    if (countdown == 0 || --countdown > 0) return false;
    if (fails_ever_after) countdown = 1;
    return failed = true;
}

void* allocate(std::size_t bytes, std::size_t alignment) {
    bytes = std::max<std::size_t>(bytes, 1);
    void* memory = must_fail() ? nullptr
                   : alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                       ? std::malloc(bytes)
                       : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

AllocationFault::AllocationFault(std::uint64_t first, bool ever_after) {
    CRIA_ASSERT(first > 0 && countdown == 0);
    countdown = first;
    fails_ever_after = ever_after;
    failed = false;
}
AllocationFault::~AllocationFault() { stop(); }
bool AllocationFault::hit() const { return failed; }
void AllocationFault::stop() { countdown = 0; }

}  // namespace cria

// The forms for arrays, and those that do not throw, call these.
void* operator new(std::size_t bytes) { return cria::allocate(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return cria::allocate(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
