// The command line as a whole: reads it, runs the verb, turns errors into sentences and exit codes.
#pragma once

#include "base/os.h"
#include "cli/environment.h"

namespace cria {

enum ExitCode : int {
    kDone = 0,
    kFault = 1,   // something asked for or given is wrong
    kUsage = 2,   // the command line is wrong
    kNoRoom = 3,  // not enough memory or disk
    kInterrupted = 130,
};

int run_program(int argc, char** argv, Os& os, const Environment& environment);

}  // namespace cria
