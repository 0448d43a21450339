// cria bench --serve: the engine under load.
#pragma once

#include <optional>
#include <string>

#include "cli/cli.h"
#include "cli/loaded_model.h"
#include "cli/options.h"
#include "engine/load.h"

namespace cria {

struct ServeOptions {
    bool on = false;
    std::int64_t requests = 64, shared = 0, running = 16;
    std::optional<float> rate;
};
void add_serve_options(Options& options, ServeOptions& serve);

// Runs requests of `prompt` and `generate` tokens; the report as a table ("md") or as one JSON object.
Result<std::string> bench_serve(Cli& cli, const LoadedModel& loaded, const Compute& compute, const LoadTest& test,
                                std::optional<DType> kv_type, const std::string& form);
// invalid_input for numbers out of range.
Result<LoadTest> load_test(const ServeOptions& serve, std::int64_t prompt, std::int64_t generate);

}  // namespace cria
