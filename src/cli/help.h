// Pages of help, laid out as manual pages are.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.h"

namespace cria {

// All verbs with a line each.
std::string overview(const std::vector<VerbInfo>& verbs);
// One verb: name, synopsis, description, options, examples, exit codes.
std::string manual(const VerbInfo& verb, const Console& console);

}  // namespace cria
