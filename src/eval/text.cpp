#include "eval/text.h"

#include <algorithm>
#include <cmath>

namespace cria {
namespace {

constexpr std::int64_t kRows = 64;  // whose logits exist at a time

// Log-probabilities [rows, vocabulary] of what may follow the given positions of one window.
class Predictions {
public:
    Predictions(const Llama& model, const Compute& compute, std::span<const TokenId> window)
        : model_(model), pass_(compute, arena_) {
        const RowRun run{0, std::ssize(window), 0, nullptr};
        hidden_ = model.forward(pass_, window, {{&run, 1}});
        mark_ = arena_.mark();
    }

    // Alive until the next call.
    Tensor log_probabilities(std::int64_t first, std::int64_t rows) {
        arena_.rewind(mark_);
        const Tensor logits = model_.logits(pass_, {hidden_.tensor.slice_rows(first, rows)}).tensor;
        for (std::int64_t row = 0; row < rows; ++row)
            normalise(logits.f32() + row * logits.columns(), logits.columns());
        return logits;
    }

private:
    static void normalise(float* row, std::int64_t n) {
        const float max = *std::max_element(row, row + n);
        double sum = 0;
        for (std::int64_t i = 0; i < n; ++i) sum += std::exp(static_cast<double>(row[i] - max));
        const float log_sum = max + static_cast<float>(std::log(sum));
        for (std::int64_t i = 0; i < n; ++i) row[i] -= log_sum;
    }

    const Llama& model_;
    Arena arena_;
    Pass pass_;
    Value hidden_;
    Arena::Mark mark_{};
};

// Calls score(first, rows) for the predictions of a window that count, a few rows at a time.
template <class Score>
void for_scored_rows(std::int64_t context, Score&& score) {
    for (std::int64_t first = context / 2; first < context - 1; first += kRows)
        score(first, std::min(kRows, context - 1 - first));
}

std::unexpected<Error> stopped() { return fail(ErrorKind::cancelled, "interrupted"); }

double divergence(const float* p, const float* q, std::int64_t n) {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i)
        sum += std::exp(static_cast<double>(p[i])) * (static_cast<double>(p[i]) - static_cast<double>(q[i]));
    return std::max(sum, 0.0);  // below 0 by rounding only
}

TextDistance summed_up(std::vector<double> divergences, const std::vector<bool>& agreed, std::int64_t windows) {
    TextDistance distance{.positions = std::ssize(divergences)};
    const std::size_t places = divergences.size() / static_cast<std::size_t>(windows);
    distance.kl_by_place.resize(places);
    const double all = static_cast<double>(distance.positions), share = 1.0 / static_cast<double>(windows);
    for (std::size_t i = 0; i < divergences.size(); ++i) {
        distance.kl_mean += divergences[i] / all;
        distance.kl_by_place[i % places] += divergences[i] * share;
    }
    distance.top1_agreement = static_cast<double>(std::ranges::count(agreed, true)) / all;
    std::ranges::sort(divergences);
    for (int percent = 0; percent <= 100; ++percent)
        distance.kl_percentiles.push_back(divergences[static_cast<std::size_t>(percent / 100.0 * (all - 1))]);
    distance.kl_p99 = distance.kl_percentiles[99];
    return distance;
}

}  // namespace

Result<TextWindows> cut_windows(const Tokenizer& tokenizer, std::string_view text, std::int64_t context) {
    if (context < 4) return fail(ErrorKind::invalid_input, "a window of {} tokens; at least 4 are wanted", context);
    TextWindows windows{.context = context, .ids = {}};
    const auto begin = tokenizer.special("<|begin_of_text|>");
    if (begin) windows.ids.push_back(*begin);
    tokenizer.encode(text, windows.ids);
    const std::int64_t count = std::ssize(windows.ids) / context;
    if (count == 0)
        return fail(ErrorKind::invalid_input, "the text has {} tokens; at least {} are wanted, or a smaller --context",
                    windows.ids.size(), context);
    windows.ids.resize(static_cast<std::size_t>(count * context));
    for (std::int64_t i = 0; begin && i < count; ++i) windows.ids[static_cast<std::size_t>(i * context)] = *begin;
    return windows;
}

Result<Perplexity> measure_perplexity(const Llama& model, const Compute& compute, const TextWindows& windows,
                                      WindowProgress progress) {
    double sum = 0;
    Perplexity result{.windows = windows.count()};
    for (std::int64_t i = 0; i < windows.count(); ++i) {
        const auto window = windows.window(i);
        double loss = 0;
        const std::int64_t before = result.tokens;
        Predictions predictions(model, compute, window);
        for_scored_rows(windows.context, [&](std::int64_t first, std::int64_t rows) {
            const Tensor log_p = predictions.log_probabilities(first, rows);
            for (std::int64_t row = 0; row < rows; ++row)
                loss -= static_cast<double>(
                    log_p.f32()[row * log_p.columns() + window[static_cast<std::size_t>(first + row + 1)]]);
            result.tokens += rows;
        });
        sum += loss;
        result.window_losses.push_back(loss / static_cast<double>(result.tokens - before));
        if (!progress(i + 1)) return stopped();
    }
    result.perplexity = std::exp(sum / static_cast<double>(result.tokens));
    return result;
}

Result<TextDistance> measure_distance(const Llama& from, const Llama& to, const Compute& compute,
                                      const TextWindows& windows, WindowProgress progress) {
    std::vector<double> divergences;  // window by window
    std::vector<bool> agreed;
    for (std::int64_t i = 0; i < windows.count(); ++i) {
        Predictions first_model(from, compute, windows.window(i)), second_model(to, compute, windows.window(i));
        for_scored_rows(windows.context, [&](std::int64_t first, std::int64_t rows) {
            const Tensor p = first_model.log_probabilities(first, rows),
                         q = second_model.log_probabilities(first, rows);
            const std::int64_t n = p.columns();
            for (std::int64_t row = 0; row < rows; ++row) {
                const float *a = p.f32() + row * n, *b = q.f32() + row * n;
                divergences.push_back(divergence(a, b, n));
                agreed.push_back(std::max_element(a, a + n) - a == std::max_element(b, b + n) - b);
            }
        });
        if (!progress(i + 1)) return stopped();
    }
    return summed_up(std::move(divergences), agreed, windows.count());
}

}  // namespace cria
