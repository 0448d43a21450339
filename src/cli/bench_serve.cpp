#include "cli/bench_serve.h"

#include <algorithm>

#include "base/json.h"
#include "cli/interrupt.h"
#include "cli/progress.h"

namespace cria {
namespace {

// The time below which `share` of them lie, in milliseconds.
double percentile(std::vector<std::chrono::nanoseconds> times, double share) {
    std::ranges::sort(times);
    const auto at = static_cast<std::size_t>(share * static_cast<double>(times.size() - 1) + 0.5);
    return std::chrono::duration<double, std::milli>(times[at]).count();
}

OrderedJson percentiles(const std::vector<std::chrono::nanoseconds>& times) {
    return {{"p50", percentile(times, 0.5)}, {"p90", percentile(times, 0.9)}, {"p99", percentile(times, 0.99)}};
}

OrderedJson report(const LoadTest& test, const LoadResult& result, const Compute& compute) {
    const double seconds = std::chrono::duration<double>(result.all).count();
    const auto rate = [&](std::int64_t count) { return static_cast<double>(count) / seconds; };
    return {{"n_threads", compute.pool.threads()},
            {"requests", test.requests},
            {"request_rate", test.rate},
            {"n_prompt", test.prompt},
            {"n_shared", test.shared},
            {"n_gen", test.generate},
            {"most_running", test.running},
            {"seconds", seconds},
            {"requests_per_s", rate(test.requests)},
            {"prompt_tokens_per_s", rate(result.read_tokens + result.found_tokens)},
            {"prompt_tokens_found", result.found_tokens},
            {"output_tokens_per_s", rate(result.written_tokens)},
            {"first_token_ms", percentiles(result.first_tokens)},
            {"per_token_ms", percentiles(result.per_token)},
            {"preemptions", result.preemptions}};
}

std::string table(const OrderedJson& json) {
    std::string out = "| | p50 | p90 | p99 |\n| --- | ---: | ---: | ---: |\n";
    for (const auto& [key, name] : {std::pair{"first_token_ms", "first token, ms"}, {"per_token_ms", "a token, ms"}}) {
        const OrderedJson& row = json[key];
        out += fmt::format("| {} | {:.1f} | {:.1f} | {:.1f} |\n", name, row["p50"].get<double>(),
                           row["p90"].get<double>(), row["p99"].get<double>());
    }
    out += fmt::format(
        "\n{} requests in {:.1f} s: {:.2f} requests/s, {:.1f} tokens/s of prompts ({} tokens found in the cache), "
        "{:.1f} tokens/s of answers, {} preemptions\n",
        json["requests"].get<std::int64_t>(), json["seconds"].get<double>(), json["requests_per_s"].get<double>(),
        json["prompt_tokens_per_s"].get<double>(), json["prompt_tokens_found"].get<std::int64_t>(),
        json["output_tokens_per_s"].get<double>(), json["preemptions"].get<std::int64_t>());
    return out;
}

}  // namespace

void add_serve_options(Options& options, ServeOptions& serve) {
    options.flag("--serve", serve.on, "the engine under load: many requests of -p and -n tokens");
    options.value("--requests", serve.requests, "N", "with --serve: how many (default: 64)");
    options.value("--rate", serve.rate, "R", "with --serve: so many a second, at random times (default: all at once)");
    options.value("--shared", serve.shared, "N", "with --serve: tokens that all prompts begin with (default: 0)");
    options.value("--running", serve.running, "N", "with --serve: how many are answered at once (default: 16)");
}

Result<LoadTest> load_test(const ServeOptions& serve, std::int64_t prompt, std::int64_t generate) {
    if (serve.requests < 1 || serve.requests > 1000000)
        return fail(ErrorKind::invalid_input, "--requests is {}, but must be 1 to 1000000", serve.requests);
    if (serve.running < 1 || serve.running > 1024)
        return fail(ErrorKind::invalid_input, "--running is {}, but must be 1 to 1024", serve.running);
    if (serve.rate && !(*serve.rate > 0))
        return fail(ErrorKind::invalid_input, "--rate is {}, but must be above 0", *serve.rate);
    if (serve.shared < 0 || serve.shared >= prompt)
        return fail(ErrorKind::invalid_input, "--shared is {}, but must be 0 or more and less than -p, {}",
                    serve.shared, prompt);
    return LoadTest{.requests = serve.requests,
                    .rate = static_cast<double>(serve.rate.value_or(0)),
                    .prompt = prompt,
                    .shared = serve.shared,
                    .generate = generate,
                    .running = serve.running};
}

Result<std::string> bench_serve(Cli& cli, const LoadedModel& loaded, const Compute& compute, const LoadTest& test,
                                std::optional<DType> kv_type, const std::string& form) {
    Progress progress(cli);
    const auto result =
        CRIA_TRY(run_load(cli.os, loaded.model, loaded.tokenizer, compute, test, kv_type, [&](std::int64_t ended) {
            progress.show(fmt::format("{} of {} requests", ended, test.requests));
            return !interrupted();
        }));
    progress.end();
    const OrderedJson json = report(test, result, compute);
    return form == "md" ? table(json) : json_text(json, form == "json" ? 2 : -1) + "\n";
}

}  // namespace cria
