// How well models predict a text, and how far two models are apart on it.
//
// The text's tokens are cut into windows of `context` side by side; the first of each window is replaced by the token
// that begins texts; the predictions of the second half of a window count, so that each has half a window to go by. It
// is what the perplexity tool of llama.cpp does, so that figures can be set side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "model/llama.h"
#include "text/tokenizer.h"

namespace cria {

struct TextWindows {
    std::int64_t context = 512;
    std::vector<TokenId> ids;  // whole windows, each beginning with the begin token
    std::int64_t count() const { return std::ssize(ids) / context; }
    std::span<const TokenId> window(std::int64_t i) const {
        return std::span(ids).subspan(static_cast<std::size_t>(i * context), static_cast<std::size_t>(context));
    }
};

// Errors (invalid_input): fewer tokens than a window has, a context below 4.
Result<TextWindows> cut_windows(const Tokenizer& tokenizer, std::string_view text, std::int64_t context);

struct Perplexity {
    double perplexity = 0;
    std::int64_t tokens = 0;  // that were predicted
    std::int64_t windows = 0;
    std::vector<double> window_losses{};  // mean cross-entropy of the predictions of each window
};
struct TextDistance {
    double kl_mean = 0;         // of Kullback-Leibler divergences from the first model to the second, natural log
    double kl_p99 = 0;          // the divergence that one prediction in a hundred exceeds
    double top1_agreement = 0;  // share of predictions with the same likeliest token
    std::int64_t positions = 0;
    std::vector<double> kl_by_place{};  // mean divergence by place in the window, from the middle on
    std::vector<double>
        kl_percentiles{};  // the divergence that 100 - i in a hundred predictions exceed, i from 0 to 100
};

// `progress` hears after each window how many are done; false stops with cancelled.
using WindowProgress = FunctionRef<bool(std::int64_t)>;
Result<Perplexity> measure_perplexity(const Llama& model, const Compute& compute, const TextWindows& windows,
                                      WindowProgress progress);
// Both models must have the vocabulary of the windows.
Result<TextDistance> measure_distance(const Llama& from, const Llama& to, const Compute& compute,
                                      const TextWindows& windows, WindowProgress progress);

}  // namespace cria
