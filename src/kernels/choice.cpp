#include "kernels/choice.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/os.h"
#include "kernels/kernels.h"

namespace cria {
namespace {

// Small enough for the first-level cache, with all that a prompt's product has.
constexpr std::int64_t kRows = 24, kOutputs = 64, kColumns = 512;
constexpr int kTimes = 12;

template <class Product>
double best_rate(const Product& product) {
    std::chrono::nanoseconds best = std::chrono::nanoseconds::max();
    for (int i = 0; i < kTimes; ++i) {
        const auto start = real_os().monotonic();
        product();
        best = std::min<std::chrono::nanoseconds>(best, real_os().monotonic() - start);
    }
    return 2.0 * kRows * kOutputs * kColumns / std::max(1.0, static_cast<double>(best.count()));
}

// Bytes that make harmless numbers of any type.
std::vector<std::byte> some_bytes(std::int64_t count) {
    return std::vector<std::byte>(static_cast<std::size_t>(count), std::byte{0x2c});
}

double quantised_rate(const Kernels& kernels, std::span<const float> x) {
    const PackedKernels& packed = kernels.packed;
    const auto weights = some_bytes(packed_bytes(BlockType::q4_0, kOutputs, kColumns, packed.lanes));
    const PackedRows w{BlockType::q4_0, kOutputs, kColumns, packed.lanes, weights.data()};
    std::vector<std::int8_t> numbers(kRows * kColumns);
    std::vector<SliceScale> scales(kRows * kColumns / kSlice);
    const QuantizedRows rows{kRows, kColumns, packed.panel, numbers.data(), scales.data()};
    for (std::int64_t row = 0; row < kRows; ++row)
        packed.quantize_row(x.data(), kColumns, 1, numbers.data() + row * kColumns,
                            scales.data() + row * kColumns / kSlice);
    std::vector<float> y(kRows * kOutputs);
    return best_rate([&] { packed.product(rows, w, 0, w.tiles(), y.data(), kOutputs, false); });
}

double bf16_rate(const Kernels& kernels, std::span<const float> x) {
    const auto weights = some_bytes(tiled_bytes(DType::bf16, kOutputs, kColumns, kernels.tiled.lanes));
    const TiledRows w{DType::bf16, kOutputs, kColumns, kernels.tiled.lanes, weights.data()};
    const bool pairs = kernels.paired.fast;
    std::vector<float> words(static_cast<std::size_t>(laid_words(kRows, kColumns, pairs)));
    const LaidRows rows{kRows, kColumns, kernels.tiled.strip, pairs, words.data()};
    for (std::int64_t row = 0; row < kRows; ++row) lay_row(kernels, x.data(), row, rows);
    std::vector<float> y(kRows * kOutputs);
    return best_rate([&] { kernels.tiled.product(rows, w, 0, w.tiles(), y.data(), kOutputs, false); });
}

}  // namespace

std::vector<TableSpeed> measure_tables() {
    std::vector<float> x(kColumns);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) * 0.25f - 0.5f;
    std::vector<TableSpeed> speeds;
    for (const Kernels* kernels : available_kernels().subspan(1))
        speeds.push_back({kernels->name, quantised_rate(*kernels, x), bf16_rate(*kernels, x)});
    return speeds;
}

std::string_view quickest(std::span<const TableSpeed> speeds) {
    if (speeds.empty()) return {};
    const auto time = [&](const TableSpeed& speed) {
        return speeds.back().quantised / speed.quantised + speeds.back().bf16 / speed.bf16;
    };
    const auto& best = *std::ranges::min_element(speeds, {}, time);
    return time(best) < 0.9 * time(speeds.back()) ? best.name : speeds.back().name;
}

}  // namespace cria
