// What each row of a batch may see.
//
// A batch is rows: [rows, features]. Rows are grouped in runs; a run is consecutive rows of one sequence
// at consecutive positions. Packed documents of a training step, a chunk of a long prompt, and the decode
// steps of many users in one batch are all runs, and the model never learns which.
#pragma once

#include <cstdint>
#include <span>

#include "ops/kv_cache.h"

namespace cria {

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
