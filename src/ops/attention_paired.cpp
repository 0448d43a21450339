// Attention over a cache of bf16 pairs, forward only: the scheme of attention_block.h with the products of
// kernels/paired.h.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ops/attention_block.h"
#include "ops/parallel.h"

namespace cria::attention_detail {
namespace {

static_assert(kBlockKeys % kPairedLanes == 0);

std::int64_t rounded_up(std::int64_t keys) { return (keys + kPairedLanes - 1) / kPairedLanes * kPairedLanes; }

// What a block of queries keeps while it meets the keys.
struct PairedRows {
    PairedRows(std::int64_t rows, std::int64_t head_dim)
        : sum_of_values(thread_scratch(rows * (head_dim + kBlockKeys + 2) + rows * (head_dim + kBlockKeys) / 2 +
                                       kBlockKeys * head_dim)),
          scores(sum_of_values + rows * head_dim),
          max(scores + rows * kBlockKeys),
          sum(max + rows),
          query(reinterpret_cast<BF16*>(sum + rows)),
          weights(query + rows * head_dim),
          wide(weights + rows * kBlockKeys) {
        std::fill(max, max + rows, -std::numeric_limits<float>::infinity());
        std::fill(sum, sum + rows, 0.0f);
    }

    // Takes the first `valid` of `keys` scores of a row, a multiple of 16, and leaves their weights.
    void take(const Kernels& kernels, std::int64_t row, std::int64_t valid, std::int64_t keys, std::int64_t head_dim) {
        BF16* to = weights + row * kBlockKeys;
        if (valid == 0) return std::fill(to, to + keys, BF16{0});
        const float before = max[row];
        const float weight = kernels.paired.softmax(scores + row * kBlockKeys, valid, keys, &max[row], to);
        if (max[row] != before && sum[row] != 0) {
            const float factor = std::exp(before - max[row]);
            kernels.scale(factor, sum_of_values + row * head_dim, head_dim);
            sum[row] *= factor;
        }
        sum[row] += weight;
    }

    float* sum_of_values;  // [rows, head_dim]
    float* scores;         // [rows, kBlockKeys]
    float* max;            // [rows]
    float* sum;            // [rows]
    BF16* query;           // [rows, head_dim], scaled
    BF16* weights;         // [rows, kBlockKeys]
    BF16* wide;            // [2, kBlockKeys, head_dim]: keys and values that are stored in eight bits
};

// A page's keys and values as the products read them, and what will be read from memory after each.
struct PairedBlock {
    const BF16 *keys, *values;
    const void *after_keys, *after_values;
};

// Where the keys and values of a head go in a page, in bf16 or with scales in eight bits.
class PairedPlace {
public:
    PairedPlace(const KvCache& cache, std::int64_t layer, std::int64_t head, std::int64_t page, std::int64_t head_dim)
        : head_dim_(head_dim), eight_(cache.type() == DType::i8) {
        if (eight_) {
            keys8_ = cache.keys<std::int8_t>(layer, head, page),
            values8_ = cache.values<std::int8_t>(layer, head, page);
            scales_ = cache.scales(layer, head, page);
        } else {
            keys_ = cache.keys<BF16>(layer, head, page), values_ = cache.values<BF16>(layer, head, page);
        }
    }

    void put(std::int64_t position, const float* key, const float* value) const {
        if (eight_) return put8(position, key, value);
        for (std::int64_t d = 0; d < head_dim_; ++d) {
            keys_[paired_key_place(position, d, head_dim_)] = to_bf16(key[d]);
            values_[paired_value_place(position, d, head_dim_)] = to_bf16(value[d]);
        }
    }
    // What is read with the weight zero must be a number, whatever an earlier sequence left there.
    void put_zero_value(std::int64_t position) const {
        if (eight_) scales_[kPagePositions + position] = 0;
        for (std::int64_t d = 0; !eight_ && d < head_dim_; ++d)
            values_[paired_value_place(position, d, head_dim_)] = BF16{0};
    }
    // Where its memory begins.
    const void* data() const { return eight_ ? static_cast<const void*>(keys8_) : keys_; }
    // The first `positions`; those in eight bits become sixteen in `wide`, with room for two pages. `next`: the memory
    // of the head's next page, or null.
    PairedBlock read(const PairedKernels& kernels, std::int64_t positions, BF16* wide, const void* next) const {
        if (!eight_) return {keys_, values_, values_, next};
        widen(kernels, positions, wide, wide + kPagePositions * head_dim_);
        return {wide, wide + kPagePositions * head_dim_, next, nullptr};
    }

private:
    void widen(const PairedKernels& kernels, std::int64_t positions, BF16* keys, BF16* values) const {
        const std::int64_t block = kPairedLanes * head_dim_;  // numbers of 16 positions
        for (std::int64_t p = 0; p < positions; p += kPairedLanes)
            kernels.widen(keys8_ + p * head_dim_, block / 2, scales_ + p, scales_ + p, keys + p * head_dim_);
        for (std::int64_t p = 0; p < positions; p += 2) {
            std::array<float, kPairedLanes> even, odd;
            even.fill(scales_[kPagePositions + p]), odd.fill(scales_[kPagePositions + p + 1]);
            kernels.widen(values8_ + p * head_dim_, head_dim_, even.data(), odd.data(), values + p * head_dim_);
        }
    }
    // No number where one of the numbers is none.
    static float scale_of(const float* numbers, std::int64_t n) {
        float largest = 0, none = 0;
        for (std::int64_t i = 0; i < n; ++i) {
            largest = std::max(largest, std::abs(numbers[i]));
            none += 0 * numbers[i];
        }
        return largest / 127 + none;
    }
    void put8(std::int64_t position, const float* key, const float* value) const {
        const float key_scale = scale_of(key, head_dim_), value_scale = scale_of(value, head_dim_);
        scales_[position] = key_scale, scales_[kPagePositions + position] = value_scale;
        const float key_factor = key_scale > 0 ? 1 / key_scale : 0,
                    value_factor = value_scale > 0 ? 1 / value_scale : 0;
        for (std::int64_t d = 0; d < head_dim_; ++d) {
            keys8_[paired_key_place(position, d, head_dim_)] = nearest(key[d] * key_factor);
            values8_[paired_value_place(position, d, head_dim_)] = nearest(value[d] * value_factor);
        }
    }
    static std::int8_t nearest(float x) {
        return static_cast<std::int8_t>(std::lrintf(std::min(std::max(x, -127.0f), 127.0f)));
    }

    std::int64_t head_dim_;
    bool eight_;
    BF16 *keys_ = nullptr, *values_ = nullptr;
    std::int8_t *keys8_ = nullptr, *values8_ = nullptr;
    float* scales_ = nullptr;
};

}  // namespace

void append_paired(const Layer& layer, const RowRun& run, std::int64_t first, std::int64_t last) {
    const AttentionShape& shape = layer.shape;
    const std::int64_t n = shape.head_dim;
    for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t position = (run.first_position + i) % kPagePositions,
                           page = (run.first_position + i) / kPagePositions;
        for (std::int64_t head = 0; head < shape.kv_heads; ++head) {
            const PairedPlace place(*run.cache, shape.layer, head, page, n);
            const float* key = layer.qkv + (run.first_row + i) * shape.qkv_width() + (shape.heads + head) * n;
            place.put(position, key, key + shape.kv_heads * n);
            if (i + 1 == run.count && position % 2 == 0) place.put_zero_value(position + 1);
        }
    }
}

void attend_paired(const Kernels& kernels, const Layer& layer, const Block& block, float* out) {
    const std::int64_t group = layer.group(), n = layer.shape.head_dim, rows = block.count * group;
    const RowRun& run = *block.run;
    const std::int64_t first = run.first_position + block.first, end = first + block.count;
    PairedRows state(rows, n);
    gather_block(block, layer, layer.qkv, layer.shape.qkv_width(), layer.scale, state.sum_of_values);
    kernels.f32_to_bf16(state.sum_of_values, rows * n, state.query);
    const auto place_of = [&](std::int64_t page) {
        return PairedPlace(*run.cache, layer.shape.layer, block.kv_head, page, n);
    };
    for (std::int64_t key = 0; key < end; key += kBlockKeys) {
        const std::int64_t seen = std::min(kBlockKeys, end - key), columns = rounded_up(seen), page = key / kBlockKeys;
        const PairedPlace place = place_of(page);
        const void* next = key + kBlockKeys < end ? place_of(page + 1).data() : nullptr;
        const PairedBlock stored = place.read(kernels.paired, columns, state.wide, next);
        kernels.paired.product(state.query, n, rows, paired_keys(stored.keys, 0, n), n / 2, columns, state.scores,
                               kBlockKeys, false, stored.after_keys);
        for (std::int64_t row = 0; row < rows; ++row)
            state.take(kernels, row, std::clamp<std::int64_t>(first + row / group + 1 - key, 0, seen), columns, n);
        kernels.paired.product(state.weights, kBlockKeys, rows, paired_values(stored.values, 0, n), (seen + 1) / 2, n,
                               state.sum_of_values, n, key > 0, stored.after_values);
    }
    for (std::int64_t row = 0; row < rows; ++row)
        kernels.scale(1.0f / state.sum[row], state.sum_of_values + row * n, n);
    scatter_block(block, layer, state.sum_of_values, 1.0f, out, layer.shape.heads * n);
}

}  // namespace cria::attention_detail
