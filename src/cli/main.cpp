#include <cstdio>
#include <new>

#include "cli/program.h"

// The one place where exceptions end: those of libraries, and memory that is not there.
int main(int argc, char** argv) {
    try {
        return cria::run_program(argc, argv, cria::real_os(), cria::read_environment());
    } catch (const std::bad_alloc&) {
        std::fputs("cria: not enough memory; choose a smaller model or --context, or close other programs\n", stderr);
        return cria::kNoRoom;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "cria: internal error: %s\n", e.what());
        return cria::kFault;
    }
}
