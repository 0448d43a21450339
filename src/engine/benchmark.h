// The speed of a model: prompts, decoding, decoding of several sequences at once, each from a given depth.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "model/llama.h"

namespace cria {

// One measurement: `prompt` tokens are read, or `generate` tokens decoded one after the other by each of `parallel`
// sequences, with `depth` tokens already in the cache. Exactly one of prompt and generate is above zero.
struct BenchmarkTest {
    std::int64_t prompt = 0;
    std::int64_t generate = 0;
    std::int64_t depth = 0;
    std::int64_t parallel = 1;
    std::int64_t threads = 1;  // of the pool that it runs on; for who reports it
    std::int64_t tokens() const { return (prompt + generate) * parallel; }
    std::int64_t positions() const { return depth + prompt + generate; }
};

// Runs the test once to warm up and then `repetitions` times; the time of each. Tokens are random and the same every
// time; logits are computed for the last token of a prompt and for every decoded one, and nothing is sampled. Filling
// the cache to its depth is not counted. `chunk`: rows of a prompt in one pass; `cache`: the type of keys and values.
// Errors: invalid_input where the model has no room for the positions.
Result<std::vector<std::chrono::nanoseconds>> run_benchmark(Os& os, const Llama& model, Compute compute,
                                                            const BenchmarkTest& test, int repetitions,
                                                            std::int64_t chunk, DType cache);

}  // namespace cria
