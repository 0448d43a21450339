// Memory that is not there. It ends most programs with a sentence (cli/main.cpp); where one request among many can be
// given up instead, it becomes an error here.
#pragma once

#include <new>

#include "base/result.h"

namespace cria {

// So short that the string has room for it: making it needs no memory.
inline Error out_of_memory() { return {ErrorKind::out_of_memory, "out of memory"}; }

// What `work` returns, a Result or Status; out_of_memory when an allocation in it failed.
template <class Work>
auto or_out_of_memory(Work&& work) -> decltype(work()) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return std::unexpected(out_of_memory());
    }
}

}  // namespace cria
