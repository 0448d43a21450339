// cria bench
#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "base/json.h"
#include "cli/bench_serve.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "engine/benchmark.h"
#include "engine/benchmark_chart.h"
#include "model/checkpoint.h"

namespace cria {
namespace {

constexpr std::int64_t kMostTokens = 1 << 20;

// "0,4096" as numbers.
Result<std::vector<std::int64_t>> numbers_of(std::string_view option, std::string_view text) {
    std::vector<std::int64_t> numbers;
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        std::int64_t number = -1;
        const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), number);
        if (error != std::errc() || end != one.data() + one.size() || number < 0 || number > kMostTokens)
            return fail(ErrorKind::invalid_input, "{} is a list of whole numbers from 0 to {}, such as 0,512; not '{}'",
                        option, kMostTokens, one);
        numbers.push_back(number);
        text.remove_prefix(std::min(one.size() + 1, text.size()));
    }
    return numbers;
}

// A pool for each number of threads, made when it is first asked for.
class Pools {
public:
    ThreadPool& of(std::int64_t threads) {
        auto& pool = pools_[threads];
        if (pool == nullptr) pool = std::make_unique<ThreadPool>(static_cast<int>(threads));
        return *pool;
    }

private:
    std::map<std::int64_t, std::unique_ptr<ThreadPool>> pools_;
};

// What was measured of one test, in tokens per second.
struct Measured {
    BenchmarkTest test;
    std::vector<std::int64_t> nanoseconds;
    std::vector<double> rates;
    double mean = 0, deviation = 0, median = 0;
};

Measured summarise(const BenchmarkTest& test, std::span<const std::chrono::nanoseconds> times) {
    Measured measured;
    measured.test = test;
    for (const auto time : times) {
        measured.nanoseconds.push_back(time.count());
        measured.rates.push_back(static_cast<double>(test.tokens()) / std::chrono::duration<double>(time).count());
        measured.mean += measured.rates.back() / static_cast<double>(times.size());
    }
    for (const double rate : measured.rates) measured.deviation += (rate - measured.mean) * (rate - measured.mean);
    if (times.size() > 1) measured.deviation = std::sqrt(measured.deviation / static_cast<double>(times.size() - 1));
    std::vector<double> sorted = measured.rates;
    std::ranges::sort(sorted);
    measured.median = (sorted[sorted.size() / 2] + sorted[(sorted.size() - 1) / 2]) / 2;
    return measured;
}

class BenchVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "bench",
            .summary = "measure how fast a model reads prompts and writes answers",
            .description =
                "Measures tokens per second: of reading prompts of -p tokens (pp), of decoding -n tokens one by one "
                "(tg), each with -d tokens already in the context, of decoding --parallel sequences at once, and all "
                "that with -t threads. "
                "Each test runs once to warm up and -r times to be counted. Options and the keys of the JSON are "
                "those of llama-bench, so that the figures can be set side by side; median_ts is added.\n\n"
                "--serve runs the engine as a server would: --requests prompts of -p random tokens, each answered with "
                "-n tokens, and tells how long they wait for the first token and for each further one.",
            .examples =
                "  cria bench -m demo\n"
                "  cria bench -m ./Llama-3.2-1B-Q4_K_M.gguf -p 512,2048 -n 128 -d 0,4096 -t 2 -r 5 -o json\n"
                "  cria bench -m ./Llama-3.2-1B-Q4_K_M.gguf -p 0 -n 64 --parallel 1,2,4,8,16\n"
                "  cria bench -m ./Llama-3.2-1B-Q4_K_M.gguf -p 0 -n 64 -d 0,1024,4096,16384 --svg depth.svg\n"
                "  cria bench -m ./Llama-3.2-1B-Q4_K_M.gguf --serve --requests 32 -p 256 -n 64 --shared 128 --rate "
                "2\n"};
    }

    bool has_threads_option() const override { return true; }

    void add_options(Options& options) override {
        add_model_option(options, model_);
        options.value("-p,--n-prompt", prompts_, "LIST", "lengths of prompts (default: 512; 0: none)");
        options.value("-n,--n-gen", answers_, "LIST", "tokens to decode (default: 128; 0: none)");
        options.value("-d,--n-depth", depths_, "LIST", "tokens in the context before (default: 0)");
        options.value("--parallel", parallel_, "LIST", "sequences that decode at once (default: 1)");
        options.value("-t,--threads", threads_, "LIST",
                      "threads to compute with (default: the processors this process may use)");
        options.value("-b,--batch-size", batch_, "N", "tokens of a prompt in one pass (default: 512)");
        options.value("--kv-type", kv_type_, "TYPE",
                      "of keys and values: f32, bf16 or i8 (default: bf16; f32 for models in f32, true f16, and small ones)");
        add_int8_option(options, int8_);
        options.value("-r,--repetitions", repetitions_, "N", "runs of each test (default: 5)");
        options.choice("-o,--output", output_, {"md", "json", "jsonl", "csv"}, "FORM",
                       "md, json, jsonl or csv (default: md)");
        options.value("--svg", svg_, "FILE",
                      "draw the medians over -d, --parallel, -p or -t, the first that has several");
        add_serve_options(options, serve_);
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const std::vector<std::int64_t> threads = CRIA_TRY(chosen_threads(cli));
        cli.threads = static_cast<int>(std::ranges::max(threads));
        if (serve_.on) return run_serve(cli, threads);
        const std::vector<BenchmarkTest> tests = CRIA_TRY(chosen_tests(threads));
        std::optional<BenchAxis> axis;
        if (!svg_.empty()) axis = CRIA_TRY(bench_axis(tests));
        const Compute compute = CRIA_TRY(cli.compute());
        std::int64_t context = 1, all_positions = 1;
        for (const BenchmarkTest& test : tests) {
            context = std::max(context, test.positions());
            all_positions = std::max(all_positions, test.positions() * test.parallel);
        }
        const std::int64_t sequences = (all_positions + context - 1) / context;
        const auto kv_type = CRIA_TRY(read_kv_type(kv_type_));
        const auto loaded = CRIA_TRY(
            load_named_model(cli, model_, context, {.int8 = int8_}, {.kv_type = kv_type, .sequences = sequences}));
        Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(cli.os, loaded->files, loaded->model.config()));
        if (int8_) checkpoint.round_to(BlockType::q8_0);
        const auto sizes = checkpoint.sizes(compute.kernels.packed.lanes);
        const DType cache = loaded->model.cache_shape(kv_type).type;
        std::vector<Measured> all;
        Pools pools;
        Progress progress(cli);
        for (const BenchmarkTest& test : tests) {
            progress.show(fmt::format("{} of {}: {}", all.size() + 1, tests.size(), name_of(test)));
            const auto times = CRIA_TRY(run_benchmark(cli.os, loaded->model, {pools.of(test.threads), compute.kernels},
                                                      test, static_cast<int>(repetitions_), batch_, cache));
            if (interrupted()) return fail(ErrorKind::cancelled, "interrupted");
            all.push_back(summarise(test, times));
        }
        progress.end();
        cli.console.out(report(all, *loaded, sizes, compute, cache));
        if (axis) CRIA_TRY(draw(cli, all, *axis, *loaded, compute));
        return kDone;
    }

private:
    Result<int> run_serve(Cli& cli, std::span<const std::int64_t> threads) {
        const auto prompts = CRIA_TRY(numbers_of("-p", prompts_)), answers = CRIA_TRY(numbers_of("-n", answers_));
        if (prompts.size() != 1 || answers.size() != 1 || prompts[0] < 1 || answers[0] < 1)
            return fail(ErrorKind::invalid_input,
                        "--serve wants one length above 0 of prompts (-p) and of answers (-n)");
        if (threads.size() != 1) return fail(ErrorKind::invalid_input, "--serve wants one number of threads (-t)");
        if (output_ == "csv") return fail(ErrorKind::invalid_input, "--serve writes md, json or jsonl, not csv");
        if (!svg_.empty())
            return fail(ErrorKind::invalid_input, "--svg draws tests, not --serve; leave out one of the two");
        const LoadTest test = CRIA_TRY(load_test(serve_, prompts[0], answers[0]));
        const Compute compute = CRIA_TRY(cli.compute());
        const auto kv_type = CRIA_TRY(read_kv_type(kv_type_));
        const auto loaded = CRIA_TRY(load_named_model(cli, model_, test.positions(), {.int8 = int8_},
                                                      {.kv_type = kv_type, .sequences = test.running}));
        cli.console.out(CRIA_TRY(bench_serve(cli, *loaded, compute, test, kv_type, output_)));
        return kDone;
    }

    Result<std::vector<std::int64_t>> chosen_threads(const Cli& cli) const {
        if (threads_.empty()) return std::vector<std::int64_t>{cli.thread_count()};
        const auto threads = CRIA_TRY(numbers_of("-t", threads_));
        for (const std::int64_t n : threads)
            if (n < 1 || n > Cli::kMostThreads)
                return fail(ErrorKind::invalid_input, "--threads is {}, but must be 1 to {}", n, Cli::kMostThreads);
        return threads;
    }

    Result<std::vector<BenchmarkTest>> chosen_tests(std::span<const std::int64_t> threads) const {
        if (repetitions_ < 1 || repetitions_ > 1000)
            return fail(ErrorKind::invalid_input, "-r is {}, but must be 1 to 1000", repetitions_);
        if (batch_ < 1 || batch_ > 8192)
            return fail(ErrorKind::invalid_input, "-b is {}, but must be 1 to 8192", batch_);
        const auto prompts = CRIA_TRY(numbers_of("-p", prompts_)), answers = CRIA_TRY(numbers_of("-n", answers_));
        const auto depths = CRIA_TRY(numbers_of("-d", depths_)),
                   parallel = CRIA_TRY(numbers_of("--parallel", parallel_));
        std::vector<BenchmarkTest> tests;
        const auto add = [&](BenchmarkTest test) {
            for (const std::int64_t n : threads) {
                test.threads = n;
                tests.push_back(test);
            }
        };
        for (const std::int64_t depth : depths) {
            for (const std::int64_t n : prompts)
                if (n > 0) add({.prompt = n, .depth = depth});
            for (const std::int64_t n : answers)
                for (const std::int64_t sequences : parallel)
                    if (n > 0 && sequences > 0) add({.generate = n, .depth = depth, .parallel = sequences});
        }
        if (tests.empty())
            return fail(ErrorKind::invalid_input, "there is nothing to measure: -p or -n must be above 0");
        return tests;
    }

    Status draw(Cli& cli, const std::vector<Measured>& all, BenchAxis axis, const LoadedModel& loaded,
                const Compute& compute) const {
        std::vector<BenchRate> rates;
        for (const Measured& m : all) rates.push_back({m.test, m.median});
        const bool one =
            std::ranges::all_of(all, [&](const Measured& m) { return m.test.threads == all.front().test.threads; });
        const std::string title =
            fmt::format("{}{}, {}", loaded.files.weights.front().filename().string(),
                        one ? fmt::format(", {} threads", all.front().test.threads) : "", compute.kernels.name);
        return write_atomically(cli.os, svg_, chart_svg(bench_chart(rates, axis, title)));
    }

    std::string report(const std::vector<Measured>& all, const LoadedModel& loaded, const Checkpoint::Sizes& sizes,
                       const Compute& compute, DType cache) const {
        if (output_ == "md") return table(all);
        if (output_ == "csv") return csv(all);
        std::string type;
        std::uint64_t bytes = 0, most = 0;
        for (const auto& [name, size] : sizes.by_type) {
            bytes += size;
            if (size > most) most = size, type = name;
        }
        OrderedJson list = OrderedJson::array();
        for (const Measured& m : all)
            list.push_back({{"model_filename", loaded.files.weights.front().string()},
                            {"model_type", fmt::format("llama {}", type)},
                            {"model_size", bytes},
                            {"model_n_params", loaded.model.config().parameters()},
                            {"backends", std::string(compute.kernels.name)},
                            {"n_batch", batch_},
                            {"n_threads", m.test.threads},
                            {"type_k", std::string(name_of(cache))},
                            {"type_v", std::string(name_of(cache))},
                            {"n_prompt", m.test.prompt},
                            {"n_gen", m.test.generate},
                            {"n_depth", m.test.depth},
                            {"n_parallel", m.test.parallel},
                            {"avg_ts", m.mean},
                            {"stddev_ts", m.deviation},
                            {"median_ts", m.median},
                            {"samples_ns", m.nanoseconds},
                            {"samples_ts", m.rates}});
        if (output_ == "json") return json_text(list, 2) + "\n";
        std::string lines;
        for (const OrderedJson& one : list) lines += json_text(one) + "\n";
        return lines;
    }

    static std::string table(const std::vector<Measured>& all) {
        std::string out = fmt::format("| {:<24} | {:>7} | {:>21} | {:>10} |\n| ---- | ----: | ----: | ----: |\n",
                                      "test", "threads", "tokens/s", "median");
        for (const Measured& m : all)
            out += fmt::format("| {:<24} | {:>7} | {:>12.2f} ± {:>6.2f} | {:>10.2f} |\n", name_of(m.test),
                               m.test.threads, m.mean, m.deviation, m.median);
        return out;
    }

    static std::string csv(const std::vector<Measured>& all) {
        std::string out = "n_prompt,n_gen,n_depth,n_parallel,n_threads,avg_ts,stddev_ts,median_ts\n";
        for (const Measured& m : all)
            out += fmt::format("{},{},{},{},{},{:.4f},{:.4f},{:.4f}\n", m.test.prompt, m.test.generate, m.test.depth,
                               m.test.parallel, m.test.threads, m.mean, m.deviation, m.median);
        return out;
    }

    std::string model_;
    std::string prompts_ = "512", answers_ = "128", depths_ = "0", parallel_ = "1", threads_;
    std::int64_t batch_ = 512, repetitions_ = 5;
    std::string output_ = "md", kv_type_, svg_;
    bool int8_ = false;
    ServeOptions serve_;
};

}  // namespace

std::unique_ptr<Verb> make_bench_verb() { return std::make_unique<BenchVerb>(); }

}  // namespace cria
