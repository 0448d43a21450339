// How close the kernels come to the machine's roofs, which are measured in the same run.
//
//   kernel_bench [THREADS [TABLE]]      (default: all threads, the best table)
//
// Matrix products: the shapes of training (y = x W^T, dx = dy W, dW += dy^T x) and of reading prompts, as a share of
// the f32 multiply-add peak. Weights as they are stored: their bytes a second, as a share of the read roof; one that
// fits into the caches may exceed it. Rows: nanoseconds an element.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "kernels/processor.h"
#include "tensor/tensor.h"

namespace cria {
namespace {

// Seconds: of the processor when one thread works, so that neighbours on a shared machine do not count; of the
// clock when several do.
bool one_thread = true;
double now() {
    if (one_thread) return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    return std::chrono::duration<double>(real_os().monotonic()).count();
}

// The least time of a call, from calls over about a third of a second.
template <class Call>
double best_seconds(Call call) {
    int calls = 1;
    const auto seconds = [&] {
        const double before = now();
        for (int i = 0; i < calls; ++i) call();
        return now() - before;
    };
    constexpr double kLongEnough = 100e-6;  // for the resolution of the clock
    while (seconds() < kLongEnough) calls *= 2;
    double best = 1e9;
    const double start = now();
    for (int i = 0; i < 3 || now() - start < 0.3; ++i) best = std::min(best, seconds());
    return best / calls;
}

Tensor filled(std::int64_t rows, std::int64_t columns) {
    Tensor t = Tensor::zeros(DType::f32, {rows, columns});
    for (std::int64_t i = 0; i < t.elements(); ++i) t.f32()[i] = static_cast<float>(i % 13 - 6) * 0.125f;
    return t;
}

Matrix<const float> as_matrix(const Tensor& t) { return {t.f32(), t.rows(), t.columns(), t.columns()}; }

struct Shape {
    std::int64_t m, n, k;
};

void bench_gemm(const Kernels& kernels, ThreadPool& pool, Transpose ta, Transpose tb, bool accumulate, Shape s) {
    const Tensor a = ta == Transpose::yes ? filled(s.k, s.m) : filled(s.m, s.k);
    const Tensor b = tb == Transpose::yes ? filled(s.n, s.k) : filled(s.k, s.n);
    const Tensor c = filled(s.m, s.n);
    double peak = measure_f32_gflops(real_os(), pool);
    const double seconds = best_seconds(
        [&] { kernels.gemm(pool, ta, as_matrix(a), tb, as_matrix(b), {c.f32(), s.m, s.n, s.n}, accumulate); });
    peak = std::max(peak, measure_f32_gflops(real_os(), pool));
    const double rate = 2e-9 * static_cast<double>(s.m * s.n * s.k) / seconds;
    std::printf("  %-14s %5lld x %5lld x %5lld  %8.1f GFLOP/s  %5.1f %% of peak\n",
                accumulate ? "dW += dy^T x" : (tb == Transpose::yes ? "y = x W^T" : "dx = dy W"),
                static_cast<long long>(s.m), static_cast<long long>(s.n), static_cast<long long>(s.k), rate,
                100 * rate / peak);
}

void bench_gemms(const Kernels& kernels, ThreadPool& pool) {
    std::printf("matrix products, m x n x k\n");
    for (const Shape s : {Shape{4096, 256, 256}, Shape{4096, 768, 256}, Shape{4096, 1536, 256}, Shape{2048, 4096, 256},
                          Shape{512, 8192, 2048}, Shape{512, 2048, 8192}, Shape{32, 768, 256}, Shape{32, 2048, 2048}})
        bench_gemm(kernels, pool, Transpose::no, Transpose::yes, false, s);
    for (const Shape s : {Shape{4096, 256, 768}, Shape{4096, 256, 1536}, Shape{512, 2048, 8192}})
        bench_gemm(kernels, pool, Transpose::no, Transpose::no, false, s);
    for (const Shape s : {Shape{256, 256, 4096}, Shape{768, 256, 4096}, Shape{1536, 256, 4096}, Shape{8192, 2048, 512}})
        bench_gemm(kernels, pool, Transpose::yes, Transpose::no, true, s);
}

void report_numbers(DType type, const char* how, std::int64_t rows, Shape s, double seconds, const Roofs& roofs) {
    const double rate = static_cast<double>(s.n * s.k) * static_cast<double>(bytes_of(type)) / seconds * 1e-9;
    const double products = 2e-9 * static_cast<double>(rows * s.n * s.k) / seconds;
    std::printf("  %-4s%s %3lld x %6lld x %5lld  %8.1f GB/s  %5.1f %% of the read roof  %8.1f GFLOP/s\n",
                std::string(name_of(type)).c_str(), how, static_cast<long long>(rows), static_cast<long long>(s.n),
                static_cast<long long>(s.k), rate, 100 * rate / roofs.read_gb_s, products);
}

// Rows of x with a weight as it is stored.
void bench_dense(const Kernels& kernels, ThreadPool& pool, DType type, std::int64_t rows, Shape s, const Roofs& roofs) {
    const Tensor w = Tensor::zeros(type, {s.n, s.k}), x = filled(rows, s.k), y = filled(rows, s.n);
    std::memset(w.raw(), 17, w.bytes());  // pages of its own
    const int parts = 4 * pool.threads();
    const double seconds = best_seconds([&] {
        pool.parallel(parts, [&](int part) {
            kernels.dense(as_matrix(x), {w.raw(), type, s.n, s.k}, part * s.n / parts, (part + 1) * s.n / parts,
                          {y.f32(), rows, s.n, s.n}, false);
        });
    });
    report_numbers(type, "         ", rows, s, seconds, roofs);
}

// With one in tiles. `pairs`: x in bf16.
void bench_tiled(const Kernels& kernels, ThreadPool& pool, DType type, bool pairs, std::int64_t rows, Shape s,
                 const Roofs& roofs) {
    const Tensor bytes = Tensor::zeros(DType::i8, {tiled_bytes(type, s.n, s.k, kernels.tiled.lanes)});
    std::memset(bytes.raw(), 17, bytes.bytes());
    const TiledRows w{type, s.n, s.k, kernels.tiled.lanes, static_cast<const std::byte*>(bytes.raw())};
    const Tensor words = filled(1, laid_words(rows, s.k, pairs)), x = filled(rows, s.k), y = filled(rows, s.n);
    const LaidRows laid{rows, s.k, kernels.tiled.strip, pairs, words.f32()};
    for (std::int64_t row = 0; row < rows; ++row) lay_row(kernels, x.f32() + row * s.k, row, laid);
    const int parts = 4 * pool.threads();
    const double seconds = best_seconds([&] {
        pool.parallel(parts, [&](int part) {
            kernels.tiled.product(laid, w, part * w.tiles() / parts, (part + 1) * w.tiles() / parts, y.f32(), s.n,
                                  false);
        });
    });
    report_numbers(type, pairs ? ", pairs  " : ", tiles  ", rows, s, seconds, roofs);
}

void bench_all_numbers(const Kernels& kernels, ThreadPool& pool, const Roofs& roofs) {
    std::printf("weights of numbers, rows x outputs x inputs\n");
    const auto each = [&](const auto& bench) {
        for (const std::int64_t rows : {1, 2, 4, 8, 9, 16, 32, 64}) bench(rows, Shape{0, 65536, 2048});
        bench(1, Shape{0, 2048, 8192});
        bench(1, Shape{0, 8192, 256});  // fits the caches
        bench(512, Shape{0, 8192, 2048});
        bench(512, Shape{0, 2048, 8192});
    };
    for (const auto& [type, pairs] : {std::pair{DType::bf16, true}, {DType::bf16, false}, {DType::f16, false}})
        each([&](std::int64_t rows, Shape s) { bench_tiled(kernels, pool, type, pairs, rows, s, roofs); });
    for (const DType type : {DType::f32, DType::bf16, DType::f16})
        each([&](std::int64_t rows, Shape s) { bench_dense(kernels, pool, type, rows, s, roofs); });
}

// Rows of x with a packed weight: of many rows the products count, of one the bytes.
void bench_packed(const Kernels& kernels, ThreadPool& pool, BlockType type, std::int64_t rows, Shape s,
                  const Roofs& roofs) {
    const PackedKernels& packed = kernels.packed;
    const std::int64_t slices = s.k / kSlice;
    const Tensor bytes = Tensor::zeros(DType::i8, {packed_bytes(type, s.n, s.k, packed.lanes)});
    std::vector<std::int8_t> numbers(static_cast<std::size_t>(rows * s.k), 3);
    std::vector<SliceScale> scales(static_cast<std::size_t>(rows * slices));
    const QuantizedRows x{rows, s.k, packed.panel, numbers.data(), scales.data()};
    std::memset(bytes.raw(), 17, bytes.bytes());  // pages of its own
    const PackedRows w{type, s.n, s.k, packed.lanes, static_cast<const std::byte*>(bytes.raw())};
    const Tensor y = Tensor::zeros(DType::f32, {rows, s.n});
    const int parts = 4 * pool.threads();
    const double seconds = best_seconds([&] {
        pool.parallel(parts, [&](int part) {
            packed.product(x, w, part * w.tiles() / parts, (part + 1) * w.tiles() / parts, y.f32(), s.n, false);
        });
    });
    const double rate = static_cast<double>(bytes.bytes()) / seconds * 1e-9;
    const double products = 2e-9 * static_cast<double>(rows * s.n * s.k) / seconds;
    std::printf("  %-6s %3lld x %6lld x %5lld  %8.1f GB/s  %5.1f %% of the read roof  %8.1f GOP/s  %5.1f %% of peak\n",
                std::string(layout_of(type).name).c_str(), static_cast<long long>(rows), static_cast<long long>(s.n),
                static_cast<long long>(s.k), rate, 100 * rate / roofs.read_gb_s, products,
                100 * products / roofs.peak_int8_gops);
}

void bench_all_packed(const Kernels& kernels, ThreadPool& pool, const Roofs& roofs) {
    std::printf("packed weights, rows x outputs x inputs\n");
    for (const BlockType type :
         {BlockType::q4_0, BlockType::q8_0, BlockType::iq4_nl, BlockType::q4_k, BlockType::q5_k, BlockType::q6_k}) {
        for (const std::int64_t rows : {1, 2, 4, 8, 16})
            bench_packed(kernels, pool, type, rows, {0, 65536, 2048}, roofs);
        bench_packed(kernels, pool, type, 516, {0, 8192, 2048}, roofs);
        bench_packed(kernels, pool, type, 516, {0, 2048, 8192}, roofs);
    }
}

void bench_rows(const Kernels& k) {
    constexpr std::int64_t kN = 4096;
    const Tensor t = filled(6, kN);
    float* x = t.f32();
    std::vector<BF16> half(kN);
    float max = 0;
    const Kernels::AdamStep step{1e-3f, 0.9f, 0.95f, 1e-8f, 0.1f, 0.5f, 0.5f, 1.0f};
    const auto report = [](const char* name, double seconds) {
        std::printf("  %-18s %7.3f ns an element\n", name, seconds * 1e9 / kN);
    };
    std::printf("rows of %lld, one thread\n", static_cast<long long>(kN));
    float* y = x + kN;
    float* z = x + 2 * kN;
    report("rms_norm", best_seconds([&] { k.rms_norm(x, y, kN, 1e-5f, z); }));
    report("rms_norm_gradient", best_seconds([&] { k.rms_norm_gradient(x, y, z, kN, 1.0f, x + 3 * kN, x + 4 * kN); }));
    report("swiglu", best_seconds([&] { k.swiglu(x, y, kN, z); }));
    report("swiglu_gradient", best_seconds([&] { k.swiglu_gradient(x, y, z, kN, x + 3 * kN, x + 4 * kN); }));
    report("gelu", best_seconds([&] { k.gelu(x, kN, z); }));
    report("exp_sum", best_seconds([&] { k.exp_sum(z, kN, &max); }));
    report("dot", best_seconds([&] { max += k.dot(x, y, kN); }));
    report("adamw", best_seconds([&] { k.adamw(step, x, kN, y, z, x + 5 * kN); }));
    report("f32_to_bf16", best_seconds([&] { k.f32_to_bf16(x, kN, half.data()); }));
    report("bf16_to_f32", best_seconds([&] { k.bf16_to_f32(half.data(), kN, z); }));
}

int run(int threads, const Kernels& kernels) {
    ThreadPool pool(threads);
    one_thread = threads == 1;
    const Roofs roofs = measure_roofs(real_os(), pool);
    std::printf("%s, %d threads: peak %.1f GFLOP/s f32, reads %.1f GB/s (%s)\n", std::string(kernels.name).c_str(),
                pool.threads(), roofs.peak_f32_gflops, roofs.read_gb_s, std::string(roofs.read_pattern).c_str());
    bench_all_packed(kernels, pool, roofs);
    bench_gemms(kernels, pool);
    bench_all_numbers(kernels, pool, roofs);
    bench_rows(kernels);
    return 0;
}

}  // namespace
}  // namespace cria

int main(int argc, char** argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : cria::describe_processor(cria::real_os()).threads;
    const cria::Kernels* kernels = argc > 2 ? cria::kernels_named(argv[2]) : &cria::best_kernels();
    if (threads < 1 || kernels == nullptr) {
        std::fprintf(stderr, "usage: kernel_bench [THREADS [TABLE]]\n");
        return 2;
    }
    return cria::run(threads, *kernels);
}
