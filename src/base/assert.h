// Assertions: for our own bugs, never for input. They stay on in release builds; a hot loop asserts
// outside the loop.
#pragma once

namespace cria {
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const char* function);
}

#define CRIA_ASSERT(condition) \
    ((condition) ? (void)0 : ::cria::assertion_failed(#condition, __FILE__, __LINE__, __func__))
