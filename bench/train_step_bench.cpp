// A training step (forward and backward) of the small Llama: 8 sequences of 512 tokens, f32.
//
//     train_step_bench [threads [steps [kernels]]]
//
// With one thread, the time of every kernel is shown; with more, that of the products with weights.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>

#include "bench/small_llama.h"
#include "bench/timed_kernels.h"
#include "kernels/processor.h"
#include "ops/tape.h"

namespace cria {
namespace {

constexpr std::int64_t kSequences = 8, kLength = 512;

struct Batch {
    std::vector<std::int32_t> ids, targets;
    std::vector<RowRun> runs;
};

Batch make_batch(std::int64_t vocabulary) {
    Batch batch;
    for (std::int64_t i = 0; i < kSequences * kLength; ++i)
        batch.ids.push_back(static_cast<std::int32_t>((i * i * 7 + i * 13) % vocabulary));
    batch.targets.assign(batch.ids.begin() + 1, batch.ids.end());
    batch.targets.push_back(0);
    for (std::int64_t s = 0; s < kSequences; ++s) batch.runs.push_back({s * kLength, kLength, 0, nullptr});
    return batch;
}

double processor_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void report(const TimedKernels& timed, double wall, double processor, int steps, double loss, double peak_gflops) {
    const double tokens = static_cast<double>(kSequences * kLength * steps);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    std::printf("%.0f tokens/s, %.3f s a step (%.3f s of processor time), loss %.4f, peak memory %ld MiB\n",
                tokens / wall, wall / steps, processor / steps, loss, usage.ru_maxrss / 1024);
    double counted = 0;
    for (const KernelTime& time : timed.times()) {
        if (time.calls == 0) continue;
        counted += time.seconds;
        std::printf("  %-20s %5.1f %%  %8.2f ms a step  %7lld calls", time.name, 100 * time.seconds / wall,
                    1e3 * time.seconds / steps, static_cast<long long>(time.calls / steps));
        if (time.flops > 0) std::printf("  %.1f GFLOP/s", 1e-9 * time.flops / time.seconds);
        std::printf("\n");
    }
    std::printf("  %-20s %5.1f %%\n", "the rest", 100 * (wall - counted) / wall);
    const KernelTime& products = timed.times()[TimedKernels::products];
    const double reached = 1e-9 * products.flops / products.seconds;
    std::printf("products with weights: %.1f GFLOP/s of %.1f at the peak, %.0f %%\n", reached, peak_gflops,
                100 * reached / peak_gflops);
}

int run(int threads, int steps, const Kernels& kernels) {
    Llama model = small_llama(DType::f32, true);
    ThreadPool pool(threads);
    TimedKernels timed(kernels, pool, threads == 1);
    const Batch batch = make_batch(model.config().vocabulary);
    Arena arena;
    Tape tape;
    double loss = 0, processor = 0;
    std::chrono::steady_clock::time_point start;
    for (int step = -2; step < steps; ++step) {
        if (step == 0) {
            timed.reset();
            processor = processor_seconds();
            start = std::chrono::steady_clock::now();
        }
        tape.clear();
        arena.reset();
        Pass pass({pool, timed.table()}, arena, &tape);
        const double scale = 1.0 / static_cast<double>(batch.ids.size());
        loss = scale *
               cross_entropy(pass, model.forward(pass, batch.ids, {batch.runs}), model.head(), batch.targets, scale);
        backward(pass);
    }
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%s, %d threads, %d x %d tokens: ", kernels.name.data(), threads, int{kSequences}, int{kLength});
    const double used = processor_seconds() - processor;
    report(timed, wall, used, steps, loss, measure_f32_gflops(real_os(), pool));
    return 0;
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    const cria::Kernels* kernels = argc > 3 ? cria::kernels_named(argv[3]) : &cria::best_kernels();
    if (kernels == nullptr) return std::fprintf(stderr, "no kernels '%s' here\n", argv[3]), 2;
    return cria::run(argc > 1 ? std::atoi(argv[1]) : 2, argc > 2 ? std::atoi(argv[2]) : 5, *kernels);
}
