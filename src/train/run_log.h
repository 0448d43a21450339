// The record of a run: one JSON object a step, in a file that survives interruptions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/os.h"
#include "base/result.h"

namespace cria {

// Everything is finite; absent where unknown.
struct StepRecord {
    std::int64_t step = 0;    // from 1
    std::int64_t tokens = 0;  // rows read so far, this step's included
    double loss = 0;          // mean over targets, natural log
    double gradient_norm = 0; // before clipping
    double learning_rate = 0;
    double tokens_per_s = 0;
    std::optional<double> peak_share{};       // of the machine's f32 roof
    std::optional<double> validation_loss{};  // when measured after this step
};

// The record as a JSON object on a line of its own, with the keys step, tokens, loss, grad_norm, lr,
// tokens_per_s, peak_share (null when unknown), and validation_loss when there is one.
std::string log_line(const StepRecord& record);

// One thread at a time.
class RunLog {
public:
    // Keeps the records up to `step` of what is in the file and drops the rest (steps that a crash has
    // undone), makes the file if there is none.
    static Result<RunLog> open(Os& os, const Path& path, std::int64_t step);

    Status add(const StepRecord& record);
    const std::vector<StepRecord>& records() const { return records_; }

private:
    std::vector<StepRecord> records_;
    std::unique_ptr<File> file_;
};

}  // namespace cria
