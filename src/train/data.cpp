#include "train/data.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "base/random.h"
#include "ops/ops.h"

namespace cria {
namespace {

// Keys that keep the draws of different purposes apart.
constexpr std::uint64_t kTrainingDraw = 0x7472'6169'6e69'6e67;
constexpr std::uint64_t kTokenizerDraw = 0x746f'6b65'6e69'7a65;
// Tokenizer and validation are for the data that the run ends with.
constexpr auto kTheEnd = static_cast<std::uint64_t>(DataRecipe::kNoEnd - 1);
// So many documents in a row that do not fit the context mean that none will.
constexpr int kMaxLeftOutInARow = 1000;

void add_document(const Document& document, StepBatch& step) {
    MicroBatch& pass = step.passes.back();
    const std::int64_t first = pass.rows(), rows = document.rows();
    pass.runs.push_back({first, rows, 0, nullptr});
    pass.ids.insert(pass.ids.end(), document.ids.begin(), document.ids.end() - 1);
    for (std::int64_t i = 0; i < rows; ++i) {
        const float weight = document.weights[static_cast<std::size_t>(i + 1)];
        if (weight == 0) continue;
        auto group = std::ranges::find(pass.targets, weight, &MicroBatch::Targets::weight);
        if (group == pass.targets.end()) group = pass.targets.insert(group, {weight});
        group->ids.resize(static_cast<std::size_t>(first + i), kIgnore);
        group->ids.push_back(document.ids[static_cast<std::size_t>(i + 1)]);
        step.target_rows += 1;
        step.target_weight += static_cast<double>(weight);
    }
    for (MicroBatch::Targets& group : pass.targets) group.ids.resize(pass.ids.size(), kIgnore);
    step.rows += rows;
    step.visible_pairs += 0.5 * static_cast<double>(rows) * static_cast<double>(rows + 1);
}

}  // namespace

StepBatch pack(std::span<const Document> documents, std::int64_t micro_tokens) {
    StepBatch step;
    for (const Document& document : documents) {
        CRIA_ASSERT(document.rows() > 0 && document.rows() <= micro_tokens);
        if (step.passes.empty() || step.passes.back().rows() + document.rows() > micro_tokens)
            step.passes.emplace_back();
        add_document(document, step);
    }
    return step;
}

Result<StepBatch> next_step(DataStream& stream, std::int64_t step_tokens, std::int64_t micro_tokens) {
    std::vector<Document> documents;
    std::int64_t rows = 0;
    while (true) {
        const std::vector<std::uint64_t> before = stream.position();
        Document document = CRIA_TRY(stream.next());
        if (rows + document.rows() > step_tokens) {
            CRIA_TRY(stream.seek(before));
            return pack(documents, micro_tokens);
        }
        rows += document.rows();
        documents.push_back(std::move(document));
    }
}

Result<DataStream> DataStream::open(Os& os, const Recipe& recipe) {
    DataStream stream;
    stream.seed_ = recipe.seed;
    stream.context_ = recipe.context;
    stream.recipes_ = recipe.data;
    for (const DataRecipe& source : recipe.data) {
        stream.sources_.push_back(CRIA_TRY(open_source(os, source, recipe.seed)));
    }
    stream.taken_.assign(stream.sources_.size(), 0);
    return stream;
}

std::vector<double> DataStream::weights_at(std::uint64_t draw) const {
    const auto number = static_cast<std::int64_t>(draw);
    std::vector<double> weights;
    for (const DataRecipe& source : recipes_)
        weights.push_back(source.from <= number && number < source.until ? source.weight : 0.0);
    return weights;
}

std::size_t DataStream::choose_source(const std::vector<double>& weights, std::uint64_t draw,
                                      std::uint64_t purpose) const {
    const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
    double left = Random(seed_ ^ purpose, draw).uniform() * all;
    std::size_t chosen = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] <= 0) continue;
        chosen = i;
        if (left < weights[i]) break;
        left -= weights[i];
    }
    return chosen;
}

Status DataStream::texts(std::int64_t documents, FunctionRef<void(std::string_view)> sink) {
    std::vector<std::uint64_t> taken(sources_.size(), 0);
    const std::vector<double> weights = weights_at(kTheEnd);
    for (std::uint64_t draw = 0; draw < static_cast<std::uint64_t>(documents); ++draw) {
        const std::size_t source = choose_source(weights, draw, kTokenizerDraw);
        CRIA_TRY(sources_[source]->texts(taken[source]++, sink));
    }
    return {};
}

Status DataStream::prepare(const Tokenizer& tokenizer, std::int64_t held_out) {
    const std::vector<double> weights = weights_at(kTheEnd);
    const double all = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        const double share = static_cast<double>(held_out) * weights[i] / all;
        CRIA_TRY(sources_[i]->prepare(tokenizer, context_, std::max<std::int64_t>(1, std::llround(share))));
    }
    return {};
}

Result<Document> DataStream::next() {
    for (int tries = 0; tries < kMaxLeftOutInARow; ++tries) {
        const std::uint64_t draw = std::accumulate(taken_.begin(), taken_.end(), std::uint64_t{0});
        const std::size_t source = choose_source(weights_at(draw), draw, kTrainingDraw);
        Document document = CRIA_TRY(sources_[source]->training(taken_[source]++));
        if (document.rows() > 0 && document.rows() <= context_) return document;
        ++left_out_;
    }
    return fail(ErrorKind::invalid_input,
                "{} documents in a row are empty or longer than the context of {} tokens; set a larger context",
                kMaxLeftOutInARow, context_);
}

Result<std::vector<Document>> DataStream::held_out() {
    std::vector<Document> documents;
    for (const auto& source : sources_)
        for (Document& document : CRIA_TRY(source->held_out()))
            if (document.rows() > 0 && document.rows() <= context_) documents.push_back(std::move(document));
    return documents;
}

Status DataStream::seek(std::span<const std::uint64_t> position) {
    if (position.size() != taken_.size())
        return fail(ErrorKind::corrupt, "a position in {} sources of data; the recipe has {}", position.size(),
                    taken_.size());
    taken_.assign(position.begin(), position.end());
    return {};
}

}  // namespace cria
