// The command line of the old `llama` program (llama-stack, llama-models), for fingers and scripts that know it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace cria {

// What to run instead of `llama ARGUMENTS`, as arguments of cria:
//     model list [--downloaded]          pull --list, or list
//     model describe -m MODEL            show MODEL
//     [model] download --model-id MODEL [--source S] [--meta-url URL] [--hf-token TOKEN]    pull MODEL ...
//     [model] verify-download --model-id MODEL    verify MODEL
//     model remove -m MODEL              rm MODEL
// invalid_input names the verbs there are.
Result<std::vector<std::string>> from_llama_command(const std::vector<std::string>& arguments);

}  // namespace cria
