// Sources of documents, the endless stream drawn from them, and the packing of a step.
//
// The stream is a pure function of the recipe and of its position, so that a resumed run sees exactly what
// an uninterrupted one would have seen.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "ops/attendance.h"
#include "train/document.h"
#include "train/recipe.h"

namespace cria {

// Documents of one kind. One thread at a time.
class DataSource {
public:
    virtual ~DataSource() = default;
    // The texts of training document `index` (of an endless sequence), for making a tokenizer.
    virtual Status texts(std::uint64_t index, FunctionRef<void(std::string_view)> sink) = 0;
    // Must be called once before documents are asked for. `held_out` documents are set aside if there are so many.
    virtual Status prepare(const Tokenizer& tokenizer, std::int64_t context, std::int64_t held_out) = 0;
    virtual Result<Document> training(std::uint64_t index) = 0;  // of an endless sequence
    virtual Result<std::vector<Document>> held_out() = 0;
};

Result<std::unique_ptr<DataSource>> open_source(Os& os, const DataRecipe& recipe, std::uint64_t seed);

// All sources of a recipe, mixed by weight.
class DataStream {
public:
    static Result<DataStream> open(Os& os, const Recipe& recipe);

    // Hands the texts of `documents` documents to `sink`, in the proportions of the end of training.
    Status texts(std::int64_t documents, FunctionRef<void(std::string_view)> sink);
    Status prepare(const Tokenizer& tokenizer, std::int64_t held_out);

    // The next document of at most `context` rows; longer ones are left out and counted.
    Result<Document> next();
    std::uint64_t left_out() const { return left_out_; }
    Result<std::vector<Document>> held_out();

    // How many documents were taken from each source: all that must be kept to go on later.
    const std::vector<std::uint64_t>& position() const { return taken_; }
    Status seek(std::span<const std::uint64_t> position);

private:
    // The weight of each source for document `draw` of the run.
    std::vector<double> weights_at(std::uint64_t draw) const;
    std::size_t choose_source(const std::vector<double>& weights, std::uint64_t draw, std::uint64_t purpose) const;

    std::vector<std::unique_ptr<DataSource>> sources_;
    std::vector<DataRecipe> recipes_;  // of the sources
    std::vector<std::uint64_t> taken_;
    std::uint64_t seed_ = 0;
    std::int64_t context_ = 0;
    std::uint64_t left_out_ = 0;
};

// Rows of one pass: whole documents side by side, each seeing itself only.
struct MicroBatch {
    // The target of every row, kIgnore where it has none of this weight; one group for each weight in use.
    struct Targets {
        float weight = 0;
        std::vector<std::int32_t> ids{};
    };
    std::vector<std::int32_t> ids;
    std::vector<RowRun> runs;
    std::vector<Targets> targets;
    std::int64_t rows() const { return static_cast<std::int64_t>(ids.size()); }
};

struct StepBatch {
    std::vector<MicroBatch> passes;
    std::int64_t rows = 0;
    std::int64_t target_rows = 0;
    double target_weight = 0;  // the sum over target rows: what the loss of the step is divided by
    double visible_pairs = 0;  // the sum over rows of the positions that each sees
};

// Packs documents in order into passes of at most `micro_tokens` rows. Every document must fit one.
StepBatch pack(std::span<const Document> documents, std::int64_t micro_tokens);
// As many documents as fit the step; the one that does not fit opens the next step.
Result<StepBatch> next_step(DataStream& stream, std::int64_t step_tokens, std::int64_t micro_tokens);

}  // namespace cria
