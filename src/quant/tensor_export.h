// One tensor of a model after the other, in the type and under the name that a file wants, with what the rounding
// costs.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/os.h"
#include "base/result.h"
#include "model/checkpoint.h"
#include "ops/pass.h"
#include "store/gguf.h"

namespace cria {

// A tensor of the file: its place in the model, and what it becomes.
struct TensorPlan {
    std::string hugging_face;
    std::string name;
    ElementType type;
    Shape shape;
    bool pairs_side_by_side = false;  // rows are put as in GGUF and Meta's files, see model/checkpoint.h
    std::size_t bytes() const { return static_cast<std::size_t>(shape.rows() * row_bytes(type, shape.last())); }
};

struct ExportedTensor {
    std::string name;
    std::string type;
    std::int64_t elements = 0;
    std::size_t bytes = 0;
    double relative_error = 0;  // root mean square of the error over that of the values
    double worst_error = 0;     // of one value, absolute
};

OrderedJson to_json(const ExportedTensor& tensor);

// Hears of each tensor as it is written, with the share of the file that is done; false stops with cancelled.
using OnTensor = FunctionRef<bool(const ExportedTensor&, double)>;

// An error for models whose layers do more than their matrices say, which no other layout can hold: Meta's quantised
// releases with adaptors or rotated activations.
Status check_exportable(const LlamaConfig& config, std::string_view who);

// What a file of these weights, written as `as`, is made from: the same line as long as none of the files has changed.
Result<std::string> export_identity(Os& os, const ModelFiles& from, std::string_view as);

// Memory holds one tensor at a time. One owner.
class TensorExporter {
public:
    TensorExporter(Checkpoint checkpoint, const LlamaConfig& config, std::vector<TensorPlan> plans,
                   const Compute& compute, OnTensor on_tensor);

    const std::vector<TensorPlan>& plans() const { return plans_; }
    // The bytes of plan `i`, alive until the next call. Errors: those of reading; cancelled; after the last plan, a
    // tensor of the checkpoint that no plan has asked for.
    Result<std::span<const std::byte>> bytes(std::size_t i);

    // For a writer with Resume (store/resumable_file.h): what there is to say of the tensor last given, and that plan
    // `i` is in the file already, with what was said of it then. Errors of keep: corrupt (a note of another tensor);
    // those of bytes that are not of reading.
    std::string note() const { return json_text(to_json(last_)); }
    Status keep(std::size_t i, std::string_view note);

private:
    struct Loss {
        double squares = 0, errors = 0, worst = 0;
    };
    std::int64_t source_row(const TensorPlan& plan, std::int64_t row) const;
    Status report(const ExportedTensor& tensor);
    Loss write_row(const Tensor& source, std::int64_t row, ElementType type, std::span<std::byte> to) const;

    Checkpoint checkpoint_;
    LlamaConfig config_;
    std::vector<TensorPlan> plans_;
    Compute compute_;
    OnTensor on_tensor_;
    std::vector<std::byte> buffer_;
    ExportedTensor last_;
    double total_ = 0, done_ = 0;
    std::size_t written_ = 0;
};

}  // namespace cria
