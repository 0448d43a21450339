// Rotary positions (Su et al. 2021), with Llama 3's scaling of the frequencies.
#include <cmath>
#include <numbers>

#include "ops/ops.h"
#include "ops/parallel.h"
#include "ops/tape.h"

namespace cria {
namespace {

float scaled(double frequency, const RopeScaling& scaling) {
    const double original = static_cast<double>(scaling.original_context);
    const double low = static_cast<double>(scaling.low_frequency_factor);
    const double high = static_cast<double>(scaling.high_frequency_factor);
    const double factor = static_cast<double>(scaling.factor);
    const double wavelength = 2 * std::numbers::pi / frequency;
    if (wavelength < original / high) return static_cast<float>(frequency);
    if (wavelength > original / low) return static_cast<float>(frequency / factor);
    const double smooth = (original / wavelength - low) / (high - low);
    return static_cast<float>((1 - smooth) * frequency / factor + smooth * frequency);
}

// Turns queries and keys of all rows, in place, by their positions (`direction` 1) or back (-1).
void turn(const Pass& pass, const Tensor& qkv, const AttentionShape& shape, const RopeTable& table,
          std::span<const RowRun> runs, float direction) {
    const std::int64_t half = shape.head_dim / 2, turned = shape.heads + shape.kv_heads;
    for (const RowRun& run : runs)
        parallel_rows(pass, run.count, turned * shape.head_dim, [&](std::int64_t first, std::int64_t last) {
            for (std::int64_t i = first; i < last; ++i) {
                float* row = qkv.f32() + (run.first_row + i) * qkv.columns();
                const std::int64_t at = (run.first_position + i) * half;
                for (std::int64_t head = 0; head < turned; ++head)
                    pass.kernels().rope(row + head * shape.head_dim, shape.head_dim, table.cosine.f32() + at,
                                        table.sine.f32() + at, direction);
            }
        });
}

}  // namespace

std::vector<float> rope_frequencies(std::int64_t head_dim, float theta, const RopeScaling* scaling) {
    std::vector<float> frequencies;
    for (std::int64_t i = 0; i < head_dim / 2; ++i) {
        const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(head_dim);
        const double frequency = std::pow(static_cast<double>(theta), exponent);
        frequencies.push_back(scaling == nullptr ? static_cast<float>(frequency) : scaled(frequency, *scaling));
    }
    return frequencies;
}

RopeTable make_rope_table(std::span<const float> frequencies, std::int64_t positions) {
    const std::int64_t half = static_cast<std::int64_t>(frequencies.size());
    RopeTable table{Tensor::zeros(DType::f32, Shape{positions, half}),
                    Tensor::zeros(DType::f32, Shape{positions, half})};
    for (std::int64_t position = 0; position < positions; ++position)
        for (std::int64_t i = 0; i < half; ++i) {
            // The angle is rounded to f32 as the reference implementations do.
            const float angle = static_cast<float>(position) * frequencies[static_cast<std::size_t>(i)];
            table.cosine.f32()[position * half + i] = static_cast<float>(std::cos(static_cast<double>(angle)));
            table.sine.f32()[position * half + i] = static_cast<float>(std::sin(static_cast<double>(angle)));
        }
    return table;
}

Value rope(Pass& pass, const Value& qkv, const AttentionShape& shape, const RopeTable& table, const Attendance& seen) {
    CRIA_ASSERT(qkv.columns() == shape.qkv_width() && qkv.rows() == seen.rows());
    CRIA_ASSERT(table.cosine.columns() * 2 == shape.head_dim);
    for (const RowRun& run : seen.runs) CRIA_ASSERT(run.first_position + run.count <= table.cosine.rows());
    turn(pass, qkv.tensor, shape, table, seen.runs, 1);
    if (!pass.training() || qkv.node < 0) return {qkv.tensor};
    return pass.tape()->record(
        qkv.tensor, [qkv, shape, table, runs = std::vector(seen.runs.begin(), seen.runs.end())](Pass& back, int node) {
            turn(back, back.tape()->gradient(node), shape, table, runs, -1);
            back.tape()->give(back, node, qkv);
        });
}

}  // namespace cria
