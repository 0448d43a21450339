#include "engine/benchmark_chart.h"

#include <algorithm>
#include <map>
#include <set>

namespace cria {
namespace {

// Null: the test has no place on this axis.
const std::int64_t* value_on(BenchAxis axis, const BenchmarkTest& test) {
    switch (axis) {
        case BenchAxis::depth: return &test.depth;
        case BenchAxis::parallel: return test.generate > 0 ? &test.parallel : nullptr;
        case BenchAxis::prompt: return test.prompt > 0 ? &test.prompt : nullptr;
        case BenchAxis::threads: return &test.threads;
    }
    return nullptr;
}

// What all tests of a line share. `threads`: whether they differ from line to line.
std::string line_of(BenchAxis axis, BenchmarkTest test, bool threads) {
    if (axis == BenchAxis::depth) test.depth = 0;
    if (axis == BenchAxis::parallel) test.parallel = 1;
    std::string name = name_of(test);
    if (axis == BenchAxis::prompt) name = test.depth > 0 ? fmt::format("prompts @ d{}", test.depth) : "prompts";
    return threads ? fmt::format("{}, {} threads", name, test.threads) : name;
}

std::string label_of(BenchAxis axis) {
    switch (axis) {
        case BenchAxis::depth: return "tokens in the context before";
        case BenchAxis::parallel: return "sequences at once";
        case BenchAxis::prompt: return "tokens of the prompt";
        case BenchAxis::threads: return "threads";
    }
    return "";
}

}  // namespace

std::string name_of(const BenchmarkTest& test) {
    std::string name = test.prompt > 0 ? fmt::format("pp{}", test.prompt) : fmt::format("tg{}", test.generate);
    if (test.depth > 0) name += fmt::format(" @ d{}", test.depth);
    if (test.parallel > 1) name += fmt::format(" x {}", test.parallel);
    return name;
}

Result<BenchAxis> bench_axis(std::span<const BenchmarkTest> tests) {
    for (const BenchAxis axis : {BenchAxis::depth, BenchAxis::parallel, BenchAxis::prompt, BenchAxis::threads}) {
        std::set<std::int64_t> values;
        for (const BenchmarkTest& test : tests)
            if (const std::int64_t* value = value_on(axis, test)) values.insert(*value);
        if (values.size() > 1) return axis;
    }
    return fail(
        ErrorKind::invalid_input,
        "--svg draws rates over depths, sequences, lengths of prompts or threads; give several to -d, --parallel, "
        "-p or -t");
}

Chart bench_chart(std::span<const BenchRate> rates, BenchAxis axis, std::string title) {
    std::map<std::string, std::vector<ChartPoint>> lines;
    const bool threads = axis != BenchAxis::threads && std::ranges::any_of(rates, [&](const BenchRate& rate) {
                             return rate.test.threads != rates.front().test.threads;
                         });
    for (const BenchRate& rate : rates)
        if (const std::int64_t* x = value_on(axis, rate.test))
            lines[line_of(axis, rate.test, threads)].push_back({static_cast<double>(*x), rate.tokens_per_second});
    Chart chart{.title = std::move(title), .x_label = label_of(axis), .y_label = "tokens a second", .lines = {}};
    for (auto& [name, points] : lines) {
        std::ranges::sort(points, {}, &ChartPoint::x);
        chart.lines.push_back({name, std::move(points), ChartLine::Look::dotted});
    }
    return chart;
}

}  // namespace cria
