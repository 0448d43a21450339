// Rates that run_benchmark() has measured, drawn.
#pragma once

#include <span>
#include <string>

#include "base/chart.h"
#include "base/result.h"
#include "engine/benchmark.h"

namespace cria {

// "pp512", "tg128", "tg128 @ d4096", "tg128 x 8".
std::string name_of(const BenchmarkTest& test);

// What the tests differ in: depth, else sequences at once, else the length of the prompt, else threads. Errors:
// invalid_input where they differ in none of these.
enum class BenchAxis { depth, parallel, prompt, threads };
Result<BenchAxis> bench_axis(std::span<const BenchmarkTest> tests);

struct BenchRate {
    BenchmarkTest test;
    double tokens_per_second;
};
// A line for the tests that are the same but for `axis`.
Chart bench_chart(std::span<const BenchRate> rates, BenchAxis axis, std::string title);

}  // namespace cria
