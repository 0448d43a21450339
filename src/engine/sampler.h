// From logits to one token: greedy or random, reproducible from (seed, position) alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"

namespace cria {

// Applied in this order: penalties, temperature, top-k, top-p, min-p, draw.
struct SamplingOptions {
    float temperature = 0.6f;          // 0: greedy
    std::int32_t top_k = 0;            // 0: all
    float top_p = 0.9f;                // keeps the likeliest tokens until their sum passes it; 1: all
    float min_p = 0.0f;                // drops tokens below min_p * the largest probability
    float repetition_penalty = 1.0f;   // CTRL (Keskar et al. 2019): divides positive, multiplies negative logits
    float frequency_penalty = 0.0f;    // subtracts count * penalty
    float presence_penalty = 0.0f;     // subtracts penalty once
    std::int32_t penalty_window = 64;  // how many of the last tokens count; -1 all
    std::uint64_t seed = 0;
    std::int32_t logprobs = -1;  // how many alternatives to report; -1 none
};

Status check_sampling(const SamplingOptions& options);

struct LogProb {
    std::int32_t id;
    float logprob;
};
struct TokenLogProbs {
    LogProb chosen;
    std::vector<LogProb> top;
};

class Sampler {
public:
    explicit Sampler(const SamplingOptions& options, std::int64_t vocabulary);

    // `logits` [vocabulary] is overwritten. `history`: the tokens so far (prompt and answer), for penalties.
    // `position`: index of the token to draw; the draw depends on (seed, position) and the logits alone.
    // Greedy takes the lowest id among equals. NaN counts as minus infinity; -1 when no logit is above that.
    // Allocates nothing.
    std::int32_t sample(std::span<float> logits, std::span<const std::int32_t> history, std::uint64_t position);
    // Of the last sample, from the logits before penalties and temperature; when options.logprobs >= 0.
    const TokenLogProbs& logprobs() const { return logprobs_; }

private:
    bool penalises() const;
    void apply_penalties(std::span<float> logits, std::span<const std::int32_t> history);
    std::int32_t draw(std::span<float> logits, float maximum, std::uint64_t position);
    // Each narrows order_ and returns the weight of what is left. Weights are relative to the largest, 1.
    double keep_top_k(std::span<const float> weights, double total);
    double keep_top_p(std::span<const float> weights, double total);
    double keep_min_p(std::span<const float> weights, double total);
    static double weight_of(std::span<const std::int32_t> ids, std::span<const float> weights);
    void report(std::int32_t chosen);

    SamplingOptions options_;
    std::vector<std::int32_t> order_;   // the candidates; scratch, so that a token allocates nothing
    std::vector<std::int32_t> counts_;  // [vocabulary], all 0 between calls; empty without penalties
    std::vector<float> raw_;            // [vocabulary], logits before penalties; empty without logprobs
    TokenLogProbs logprobs_;
};

}  // namespace cria
