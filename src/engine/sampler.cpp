#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/assert.h"
#include "base/random.h"

namespace cria {
namespace {

constexpr float kNothing = -std::numeric_limits<float>::infinity();
constexpr std::int32_t kMaxLogProbs = 64;

bool in_range(float value, float low, float high) {
    return value >= low && value <= high;  // false for NaN
}

// Highest first; equal ones by id, so that the order is total.
auto by_weight(std::span<const float> weights) {
    return [weights](std::int32_t a, std::int32_t b) {
        const float wa = weights[static_cast<std::size_t>(a)];
        const float wb = weights[static_cast<std::size_t>(b)];
        return wa > wb || (wa == wb && a < b);
    };
}

std::int32_t largest(std::span<const float> logits) {
    std::int32_t best = -1;
    float value = kNothing;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (logits[i] > value) {
            value = logits[i];
            best = static_cast<std::int32_t>(i);
        }
    }
    return best;
}

double log_sum_exp(std::span<const float> logits, float maximum) {
    double sum = 0;
    for (const float x : logits) sum += x == maximum ? 1.0 : static_cast<double>(std::exp(x - maximum));
    return static_cast<double>(maximum) + std::log(sum);
}

}  // namespace

Status check_sampling(const SamplingOptions& o) {
    const auto wrong = [](std::string_view name, auto value, std::string_view wanted) {
        return fail(ErrorKind::invalid_input, "{} is {}, but must be {}", name, value, wanted);
    };
    if (!in_range(o.temperature, 0, 100)) return wrong("temperature", o.temperature, "from 0 (greedy) to 100");
    if (o.top_k < 0) return wrong("top-k", o.top_k, "0 (all) or more");
    if (!(o.top_p > 0 && o.top_p <= 1)) return wrong("top-p", o.top_p, "above 0 and at most 1 (all)");
    if (!in_range(o.min_p, 0, 1)) return wrong("min-p", o.min_p, "from 0 (all) to 1");
    if (!(o.repetition_penalty > 0 && o.repetition_penalty <= 100)) {
        return wrong("repeat-penalty", o.repetition_penalty, "above 0 (1: none) and at most 100");
    }
    if (!in_range(o.frequency_penalty, -100, 100))
        return wrong("frequency-penalty", o.frequency_penalty, "-100 to 100");
    if (!in_range(o.presence_penalty, -100, 100)) return wrong("presence-penalty", o.presence_penalty, "-100 to 100");
    if (o.penalty_window < -1) return wrong("penalty-window", o.penalty_window, "-1 (all) or more");
    if (o.logprobs < -1 || o.logprobs > kMaxLogProbs)
        return wrong("logprobs", o.logprobs, "from 0 to 64, or -1 (none)");
    return {};
}

Sampler::Sampler(const SamplingOptions& options, std::int64_t vocabulary) : options_(options) {
    const auto size = static_cast<std::size_t>(vocabulary);
    if (options_.temperature > 0) order_.reserve(size);
    if (penalises()) counts_.assign(size, 0);
    if (options_.logprobs >= 0) {
        raw_.resize(size);
        logprobs_.top.reserve(static_cast<std::size_t>(options_.logprobs) + 1);
    }
}

bool Sampler::penalises() const {
    return options_.repetition_penalty != 1 || options_.frequency_penalty != 0 || options_.presence_penalty != 0;
}

std::int32_t Sampler::sample(std::span<float> logits, std::span<const std::int32_t> history, std::uint64_t position) {
    for (float& x : logits) x = std::isnan(x) ? kNothing : x;
    if (options_.logprobs >= 0) std::ranges::copy(logits, raw_.begin());
    if (penalises()) apply_penalties(logits, history);
    const std::int32_t best = largest(logits);
    if (best < 0) return -1;
    const std::int32_t chosen =
        options_.temperature > 0 ? draw(logits, logits[static_cast<std::size_t>(best)], position) : best;
    if (options_.logprobs >= 0) report(chosen);
    return chosen;
}

void Sampler::apply_penalties(std::span<float> logits, std::span<const std::int32_t> history) {
    if (options_.penalty_window >= 0) {
        history = history.last(std::min(history.size(), static_cast<std::size_t>(options_.penalty_window)));
    }
    const auto known = [&](std::int32_t id) { return id >= 0 && static_cast<std::size_t>(id) < logits.size(); };
    for (const std::int32_t id : history) {
        if (known(id)) ++counts_[static_cast<std::size_t>(id)];
    }
    for (const std::int32_t id : history) {
        if (!known(id)) continue;
        std::int32_t& count = counts_[static_cast<std::size_t>(id)];
        if (count == 0) continue;
        float& x = logits[static_cast<std::size_t>(id)];
        x = x > 0 ? x / options_.repetition_penalty : x * options_.repetition_penalty;
        x -= static_cast<float>(count) * options_.frequency_penalty + options_.presence_penalty;
        count = 0;
    }
}

std::int32_t Sampler::draw(std::span<float> logits, float maximum, std::uint64_t position) {
    order_.clear();
    double total = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        const float weight = logits[i] == maximum ? 1.0f : std::exp((logits[i] - maximum) / options_.temperature);
        logits[i] = weight;
        if (weight <= 0) continue;
        order_.push_back(static_cast<std::int32_t>(i));
        total += static_cast<double>(weight);
    }
    total = keep_top_k(logits, total);
    total = keep_top_p(logits, total);
    total = keep_min_p(logits, total);

    const double target = Random(options_.seed, position).uniform() * total;
    double sum = 0;
    for (const std::int32_t id : order_) {
        sum += static_cast<double>(logits[static_cast<std::size_t>(id)]);
        if (sum > target) return id;
    }
    return order_.back();
}

double Sampler::keep_top_k(std::span<const float> weights, double total) {
    const auto k = static_cast<std::size_t>(options_.top_k);
    if (k == 0 || k >= order_.size()) return total;
    std::ranges::partial_sort(order_, order_.begin() + options_.top_k, by_weight(weights));
    order_.resize(k);
    return weight_of(order_, weights);
}

double Sampler::keep_top_p(std::span<const float> weights, double total) {
    if (options_.top_p >= 1) return total;
    const double target = static_cast<double>(options_.top_p) * total;
    double sum = 0;
    std::size_t sorted = 0;
    // Few tokens carry most of the mass: sort as many as are needed, in growing steps.
    for (std::size_t step = 64; sorted < order_.size(); step *= 8) {
        const std::size_t end = std::min(order_.size(), sorted + step);
        const auto at = [&](std::size_t i) { return order_.begin() + static_cast<std::ptrdiff_t>(i); };
        std::partial_sort(at(sorted), at(end), order_.end(), by_weight(weights));
        for (; sorted < end; ++sorted) {
            sum += static_cast<double>(weights[static_cast<std::size_t>(order_[sorted])]);
            if (sum < target) continue;
            order_.resize(sorted + 1);
            return sum;
        }
    }
    return sum;
}

double Sampler::keep_min_p(std::span<const float> weights, double total) {
    if (options_.min_p <= 0) return total;
    // The largest weight is 1.
    std::erase_if(order_, [&](std::int32_t id) { return weights[static_cast<std::size_t>(id)] < options_.min_p; });
    return weight_of(order_, weights);
}

double Sampler::weight_of(std::span<const std::int32_t> ids, std::span<const float> weights) {
    double sum = 0;
    for (const std::int32_t id : ids) sum += static_cast<double>(weights[static_cast<std::size_t>(id)]);
    return sum;
}

void Sampler::report(std::int32_t chosen) {
    const std::span<const float> raw = raw_;
    const std::int32_t best = largest(raw);
    const double norm = best < 0 ? 0 : log_sum_exp(raw, raw[static_cast<std::size_t>(best)]);
    const auto logprob = [&](std::int32_t id) {
        return LogProb{id, static_cast<float>(static_cast<double>(raw[static_cast<std::size_t>(id)]) - norm)};
    };
    logprobs_.chosen = logprob(chosen);
    logprobs_.top.clear();
    const auto count = static_cast<std::size_t>(options_.logprobs);
    if (count == 0) return;
    const auto better = [](const LogProb& a, const LogProb& b) { return a.logprob > b.logprob; };
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const LogProb candidate = logprob(static_cast<std::int32_t>(i));
        if (logprobs_.top.size() == count && !better(candidate, logprobs_.top.back())) continue;
        logprobs_.top.insert(std::ranges::upper_bound(logprobs_.top, candidate, better), candidate);
        if (logprobs_.top.size() > count) logprobs_.top.pop_back();
    }
}

}  // namespace cria
