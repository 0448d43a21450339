// What cria quantize and cria convert show while they write a model, and tell afterwards.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "quant/tensor_export.h"

namespace cria {

class ExportReport {
public:
    explicit ExportReport(Cli& cli) : cli_(cli), progress_(cli), start_(cli.os.monotonic()) {}

    // To be handed to the writer as OnTensor; false once the user has interrupted.
    bool operator()(const ExportedTensor& tensor, double done);
    // After the last tensor: takes the progress away and looks how large `file` has become.
    Status finish(const Path& file);

    const std::vector<ExportedTensor>& tensors() const { return tensors_; }
    std::uint64_t bytes() const { return bytes_; }
    double seconds() const { return std::chrono::duration<double>(cli_.os.monotonic() - start_).count(); }
    // The file, its size, the time, and each tensor with its mean and worst error.
    std::string as_json() const;

private:
    Cli& cli_;
    Progress progress_;
    std::chrono::nanoseconds start_;
    std::vector<ExportedTensor> tensors_;
    Path file_;
    std::uint64_t bytes_ = 0;
};

}  // namespace cria
