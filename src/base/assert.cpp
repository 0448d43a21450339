#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace cria {

void assertion_failed(const char* condition, const char* file, int line, const char* function) {
    std::fprintf(stderr, "cria: a bug in Cria: %s does not hold (%s, %s:%d)\n", condition, function, file, line);
    std::abort();
}

}  // namespace cria
