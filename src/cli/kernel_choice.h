// The kernels that a program computes with: those asked for, else those that were found quickest on this processor.
//
// They are measured at the first start and kept in the cache folder (kernels.json), so that a program computes the same
// bits at every start and finds the weights packed for them. The file says for which processor and tables it was made;
// for others, or where it cannot be read, the tables are measured anew.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"
#include "kernels/choice.h"
#include "kernels/kernels.h"

namespace cria {

struct KernelChoice {
    const Kernels* kernels = nullptr;
    std::string reason;              // a sentence without its point
    std::vector<TableSpeed> speeds;  // where it was measured
};

// `name`: asked for, or empty. Errors: invalid_input (no table of this name here).
Result<KernelChoice> choose_kernels(Os& os, const Environment& environment, const std::string& name);

}  // namespace cria
