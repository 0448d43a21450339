// The engine under load: requests that come at random times, as from many clients, and how long they wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/function_ref.h"
#include "engine/engine.h"

namespace cria {

struct LoadTest {
    std::int64_t requests = 64;
    double rate = 0;  // requests a second, at intervals drawn from an exponential distribution; 0: all at once
    std::int64_t prompt = 512;    // tokens, random
    std::int64_t shared = 0;      // of these, so many are the same in all, at the beginning
    std::int64_t generate = 128;  // tokens of each answer
    std::int64_t running = 16;    // at once, at most
    std::int64_t positions() const { return prompt + generate + 1; }
};

struct LoadResult {
    std::chrono::nanoseconds all{0};                     // from the first request to the last token
    std::vector<std::chrono::nanoseconds> first_tokens;  // from when the request was due
    std::vector<std::chrono::nanoseconds> per_token;     // of each answer, the mean after its first token
    std::int64_t read_tokens = 0;                        // of prompts, without those found in the cache
    std::int64_t found_tokens = 0;
    std::int64_t written_tokens = 0;
    std::int64_t preemptions = 0;
};

// The same requests every time. `progress` gets how many have ended; false stops the test with `cancelled`. Errors:
// invalid_input where the model has no room for the positions.
Result<LoadResult> run_load(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute,
                            const LoadTest& test, std::optional<DType> kv_type,
                            FunctionRef<bool(std::int64_t ended)> progress);

}  // namespace cria
