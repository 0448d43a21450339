#include "engine/draft_model.h"

#include <algorithm>

namespace cria {
namespace {

constexpr std::size_t kDraftRows = 512;  // of a pass

}  // namespace

DraftModel::DraftModel(const Llama& model, Compute compute, std::int64_t context)
    : model_(model), compute_(compute), cache_(model.cache_shape(), context) {}

void DraftModel::read(std::span<const TokenId> history) {
    const auto known = std::ranges::mismatch(history.first(history.size() - 1), read_).in2 - read_.begin();
    read_.resize(static_cast<std::size_t>(known));
    cache_.set_length(known);
    while (read_.size() + 1 < history.size()) {
        const auto rest = history.subspan(read_.size(), history.size() - 1 - read_.size());
        run(rest.first(std::min(kDraftRows, rest.size())));
    }
}

std::span<const TokenId> DraftModel::guess(std::span<const TokenId> history, std::int64_t most) {
    guesses_.clear();
    const std::int64_t room = std::min(most, cache_.capacity() - cache_.length());
    TokenId last = history.back();
    while (std::ssize(guesses_) < room) guesses_.push_back(last = next(last));
    return guesses_;
}

void DraftModel::run(std::span<const TokenId> ids) {
    const RowRun rows{0, std::ssize(ids), cache_.length(), &cache_};
    arena_.reset();
    Pass pass(compute_, arena_);
    model_.forward(pass, ids, {{&rows, 1}});
    cache_.set_length(cache_.length() + rows.count);
    read_.insert(read_.end(), ids.begin(), ids.end());
}

TokenId DraftModel::next(TokenId id) {
    const RowRun row{0, 1, cache_.length(), &cache_};
    arena_.reset();
    Pass pass(compute_, arena_);
    const std::span<const float> logits =
        model_.logits(pass, model_.forward(pass, {&id, 1}, {{&row, 1}})).tensor.f32_span();
    cache_.set_length(cache_.length() + 1);
    read_.push_back(id);
    return static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
}

}  // namespace cria
