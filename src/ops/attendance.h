// What each row of a batch may see.
//
// A batch is rows: [rows, features]. Rows are grouped in runs; a run is consecutive rows of one sequence
// at consecutive positions. Packed documents of a training step, a chunk of a long prompt, and the decode
// steps of many users in one batch are all runs, and the model never learns which.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace cria {

// Keys and values of one sequence, for all layers, [layers][kv_heads][positions, head_dim] each: a head's positions
// side by side, so that one query reads them in a row. In f32 they stand as they are; in bf16 in the order of
// kernels/paired.h, for head_dims that are multiples of 16.
// One owner; a pass writes the rows of its run and reads all earlier ones.
class KvCache {
public:
    KvCache(std::int64_t layers, std::int64_t kv_heads, std::int64_t head_dim, std::int64_t capacity_positions,
            DType type = DType::f32);
    static bool can_hold(DType type, std::int64_t head_dim);

    DType type() const { return keys_.dtype(); }
    std::int64_t capacity() const { return capacity_; }
    std::int64_t length() const { return length_; }  // positions written
    void set_length(std::int64_t length);            // forget later positions, or commit those just written
    // Of one head; T is float or BF16, as type() says.
    template <class T>
    T* keys(std::int64_t layer, std::int64_t kv_head) const {
        return head<T>(keys_, layer, kv_head);
    }
    template <class T>
    T* values(std::int64_t layer, std::int64_t kv_head) const {
        return head<T>(values_, layer, kv_head);
    }
    static std::uint64_t bytes(std::int64_t layers, std::int64_t kv_width, std::int64_t capacity_positions, DType type);

private:
    template <class T>
    static T* head(const Tensor& all, std::int64_t layer, std::int64_t kv_head) {
        CRIA_ASSERT(layer < all.shape()[0] && kv_head < all.shape()[1]);
        return all.data<T>() + (layer * all.shape()[1] + kv_head) * all.shape()[2] * all.shape()[3];
    }

    Tensor keys_;  // [layers, kv_heads, capacity (in bf16 the next multiple of 16), head_dim]
    Tensor values_;
    std::int64_t capacity_;
    std::int64_t length_ = 0;
};

struct RowRun {
    std::int64_t first_row = 0;
    std::int64_t count = 0;
    std::int64_t first_position = 0;  // of first_row; the others follow
    KvCache* cache = nullptr;         // null: the run sees its own rows only (training, or a whole prompt)
};

// Row r of a run, at position p, sees positions <= p of its own sequence: those in the cache and those of
// the run itself. Runs cover all rows of the batch in order, without gaps.
struct Attendance {
    std::span<const RowRun> runs;
    std::int64_t rows() const { return runs.empty() ? 0 : runs.back().first_row + runs.back().count; }
};

}  // namespace cria
