// Attention over a long cache, as Llama 3.2 1B has it, beside the machine's roofs, which are measured in the same run.
//
//   attention_bench [THREADS [DEPTH [TYPE]]]      (default: all threads, 4096, bf16; or f32, i8)
//
// One row, as in an answer: the bytes of keys and values that it reads a second. 512 rows, as in a long prompt:
// multiply-adds a second of the two products, what a row may not see left out.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "kernels/processor.h"
#include "ops/ops.h"

namespace cria {
namespace {

constexpr std::int64_t kLayers = 16, kHeads = 32, kKvHeads = 8, kHeadDim = 64, kPromptRows = 512;

class Bench {
public:
    Bench(ThreadPool& pool, std::int64_t depth, DType type)
        : compute_{pool, best_kernels()},
          depth_(depth),
          shape_{kLayers, kKvHeads, kHeadDim, type},
          cache_(shape_, depth + kPromptRows) {
        rows(0, depth_);
        cache_.set_length(depth_);
    }

    // The median seconds of a pass of `count` rows at the depth, all layers.
    double seconds(std::int64_t count, int times) {
        std::vector<double> all;
        for (int i = 0; i < times; ++i) all.push_back(rows(depth_, count));
        std::nth_element(all.begin(), all.begin() + times / 2, all.end());
        return all[static_cast<std::size_t>(times / 2)];
    }
    double bytes() const {
        return static_cast<double>(shape_.head_bytes() * kLayers * kKvHeads * depth_ / kPagePositions);
    }

private:
    double rows(std::int64_t position, std::int64_t count) {
        AttentionShape shape{kHeads, kKvHeads, kHeadDim, 0};
        Tensor qkv = Tensor::zeros(DType::f32, {count, shape.qkv_width()});
        std::uint32_t state = 1;
        for (std::int64_t i = 0; i < qkv.elements(); ++i) {
            state = state * 1664525 + 1013904223;
            qkv.f32()[i] = static_cast<float>(state >> 8) * 0x1p-23f - 1;
        }
        const RowRun run{0, count, position, &cache_};
        const auto start = real_os().monotonic();
        for (shape.layer = 0; shape.layer < kLayers; ++shape.layer) {
            arena_.reset();
            Pass pass(compute_, arena_);
            attention(pass, {qkv}, shape, {{&run, 1}});
        }
        return std::chrono::duration<double>(real_os().monotonic() - start).count();
    }

    Compute compute_;
    std::int64_t depth_;
    KvShape shape_;
    KvCache cache_;
    Arena arena_;
};

int run(int threads, std::int64_t depth, DType type) {
    ThreadPool pool(threads);
    const Roofs roofs = measure_roofs(real_os(), pool);
    Bench bench(pool, depth, type);
    const double answer = bench.seconds(1, 41), prompt = bench.seconds(kPromptRows, 5);
    const double rate = bench.bytes() / answer * 1e-9;
    const double seen = static_cast<double>(kPromptRows * depth + kPromptRows * (kPromptRows + 1) / 2);
    const double gflops = seen * 4 * kHeads * kHeadDim * kLayers / prompt * 1e-9;
    std::printf("%s, %d threads, depth %lld, %s\n", best_kernels().name.data(), threads, static_cast<long long>(depth),
                name_of(type).data());
    std::printf("  one row   %7.2f ms, %5.1f GB/s: %3.0f %% of %.1f (%s)\n", 1e3 * answer, rate,
                100 * rate / roofs.read_gb_s, roofs.read_gb_s, roofs.read_pattern.data());
    std::printf("  %lld rows  %7.2f ms, %5.1f GFLOP/s: roofs f32 %.1f, bf16 %.1f\n",
                static_cast<long long>(kPromptRows), 1e3 * prompt, gflops, roofs.peak_f32_gflops,
                roofs.peak_bf16_gflops);
    return 0;
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : cria::describe_processor(cria::real_os()).threads;
    const long long depth = argc > 2 ? std::atoll(argv[2]) : 4096;
    const std::string_view type = argc > 3 ? argv[3] : "bf16";
    if (threads < 1 || depth < 1 || (type != "bf16" && type != "f32" && type != "i8")) {
        std::fprintf(stderr, "usage: attention_bench [THREADS [DEPTH [bf16|f32|i8]]]\n");
        return 2;
    }
    return cria::run(threads, depth, *cria::dtype_named(type));
}
