// Tokens one at a time through a cache: the small Llama in bf16, batch 1.
//
//     decode_bench [threads [tokens [positions before]]]
//
// With one thread, the time of every kernel is shown (and counting it costs some).
#include <cstdlib>

#include "bench/small_llama.h"
#include "bench/timed_kernels.h"

namespace cria {
namespace {

std::int32_t next_token(std::span<const float> logits) {
    return static_cast<std::int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Decodes `tokens` after `before` positions; returns the seconds of it.
double decode(const Llama& model, const Compute& compute, std::int64_t tokens, std::int64_t before) {
    KvCache cache(model.cache_shape(), before + tokens);
    Arena arena;
    std::vector<std::int32_t> ids;
    for (std::int64_t i = 0; i < before; ++i)
        ids.push_back(static_cast<std::int32_t>(i * 31 % model.config().vocabulary));
    const auto pass_over = [&](std::int64_t position) {
        arena.reset();
        Pass pass(compute, arena);
        const RowRun run{0, std::ssize(ids), position, &cache};
        const Value hidden = model.forward(pass, ids, {{&run, 1}});
        const std::int64_t last = hidden.rows() - 1;
        const Value logits = model.logits(pass, gather_rows(pass, hidden, {&last, 1}));
        cache.set_length(position + std::ssize(ids));
        ids.assign(1, next_token(logits.tensor.f32_span()));
    };
    pass_over(0);
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < tokens; ++i) pass_over(before + i);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void run(int threads, std::int64_t tokens, std::int64_t before) {
    const Llama model = small_llama(DType::bf16, false);
    ThreadPool pool(threads);
    const double plain = decode(model, {pool, best_kernels()}, tokens, before);
    std::printf("%s, %d threads, after %lld positions: %.0f tokens/s, %.1f us a token\n", best_kernels().name.data(),
                threads, static_cast<long long>(before), static_cast<double>(tokens) / plain,
                1e6 * plain / static_cast<double>(tokens));
    if (threads > 1) return;
    TimedKernels timed(best_kernels(), pool, true);
    const double counted = decode(model, {pool, timed.table()}, tokens, before);
    double known = 0;
    for (const KernelTime& time : timed.times()) {
        if (time.calls == 0) continue;
        known += time.seconds;
        std::printf("  %-20s %5.1f %%  %7.2f us a token\n", time.name, 100 * time.seconds / counted,
                    1e6 * time.seconds / static_cast<double>(tokens));
    }
    std::printf("  %-20s %5.1f %%\n", "the rest", 100 * (counted - known) / counted);
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    const auto number = [&](int i, int otherwise) { return argc > i ? std::atoi(argv[i]) : otherwise; };
    cria::run(number(1, 2), number(2, 500), number(3, 100));
    return 0;
}
