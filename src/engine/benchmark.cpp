#include "engine/benchmark.h"

#include <algorithm>

#include "base/random.h"

namespace cria {
namespace {

class Bench {
public:
    Bench(const Llama& model, Compute compute, const BenchmarkTest& test, std::int64_t chunk, DType cache)
        : model_(model), compute_(compute), test_(test), chunk_(chunk), random_(1, 0) {
        for (std::int64_t i = 0; i < test.parallel; ++i)
            caches_.emplace_back(model.cache_shape(cache), test.positions());
    }

    // Leaves `depth` tokens in every cache.
    void fill() {
        for (KvCache& cache : caches_) {
            cache.set_length(std::min(cache.length(), test_.depth));
            read(cache, test_.depth - cache.length(), false);
        }
    }

    void run() {
        if (test_.prompt > 0) {
            for (KvCache& cache : caches_) read(cache, test_.prompt, true);
        }
        for (std::int64_t i = 0; i < test_.generate; ++i) step();
    }

private:
    std::vector<std::int32_t> tokens(std::int64_t count) {
        std::vector<std::int32_t> ids(static_cast<std::size_t>(count));
        for (std::int32_t& id : ids)
            id = static_cast<std::int32_t>(random_.below(static_cast<std::uint32_t>(model_.config().vocabulary)));
        return ids;
    }

    void read(KvCache& cache, std::int64_t count, bool logits) {
        while (count > 0) {
            const std::int64_t rows = std::min(count, chunk_);
            const RowRun run{0, rows, cache.length(), &cache};
            arena_.reset();
            Pass pass(compute_, arena_);
            const Value hidden = model_.forward(pass, tokens(rows), Attendance{{&run, 1}});
            if (logits && rows == count) model_.logits(pass, Value{hidden.tensor.slice_rows(rows - 1, 1)});
            cache.set_length(cache.length() + rows);
            count -= rows;
        }
    }

    // One token of every sequence, in one pass.
    void step() {
        std::vector<RowRun> runs;
        for (KvCache& cache : caches_) runs.push_back({std::ssize(runs), 1, cache.length(), &cache});
        arena_.reset();
        Pass pass(compute_, arena_);
        model_.logits(pass, model_.forward(pass, tokens(test_.parallel), Attendance{runs}));
        for (KvCache& cache : caches_) cache.set_length(cache.length() + 1);
    }

    const Llama& model_;
    Compute compute_;
    BenchmarkTest test_;
    std::int64_t chunk_;
    Random random_;
    Arena arena_;
    std::vector<KvCache> caches_;
};

}  // namespace

Result<std::vector<std::chrono::nanoseconds>> run_benchmark(Os& os, const Llama& model, Compute compute,
                                                            const BenchmarkTest& test, int repetitions,
                                                            std::int64_t chunk, DType cache) {
    CRIA_ASSERT((test.prompt > 0) != (test.generate > 0) && test.parallel > 0 && chunk > 0);
    if (test.positions() > model.config().context)
        return fail(ErrorKind::invalid_input,
                    "{} tokens at a depth of {} need {} positions, but the model was made for {}",
                    test.prompt + test.generate, test.depth, test.positions(), model.config().context);
    model.reserve_positions(test.positions());
    Bench bench(model, compute, test, chunk, cache);
    bench.fill();
    bench.run();
    std::vector<std::chrono::nanoseconds> times;
    for (int i = 0; i < repetitions; ++i) {
        bench.fill();
        const auto start = os.monotonic();
        bench.run();
        times.push_back(os.monotonic() - start);
    }
    return times;
}

}  // namespace cria
