// Small Llamas for the tests of this room.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/os.h"
#include "model/llama.h"
#include "ops/tape.h"
#include "store/safetensors.h"

namespace cria {

// Weights that tests/golden/model was made with: a hash of the name and the index, as in
// scripts/golden/make_model_golden.py.
inline float golden_weight(const std::string& name, std::int64_t index, bool is_norm) {
    std::uint32_t seed = 0;
    for (const char c : name) seed = seed * 31 + static_cast<unsigned char>(c);
    std::uint32_t mixed = (static_cast<std::uint32_t>(index) + seed) * 2654435761u;
    mixed = (mixed ^ (mixed >> 15)) * 2246822519u;
    const float unit = static_cast<float>((mixed >> 16) % 2048) / 1024.0f - 1.0f;
    return is_norm ? 1.0f + unit / 4 : unit / 4;
}

inline std::vector<std::int32_t> golden_ids(std::int64_t count, std::int64_t vocabulary) {
    std::vector<std::int32_t> ids;
    for (std::int64_t i = 0; i < count; ++i)
        ids.push_back(static_cast<std::int32_t>((7 + i * i * 3 + i * 5) % vocabulary));
    return ids;
}

inline void fill_golden(Llama& model) {
    for (const Parameter& parameter : model.parameters()) {
        float* to = parameter.weight->value.f32();
        const bool is_norm = parameter.shape.rank() == 1;
        for (std::size_t part = 0; part < parameter.names.size(); ++part) {
            const std::int64_t n = parameter.rows[part] * (is_norm ? 1 : parameter.shape.last());
            for (std::int64_t i = 0; i < n; ++i) *to++ = golden_weight(parameter.names[part], i, is_norm);
        }
    }
}

inline LlamaConfig tiny_config() {
    LlamaConfig config;
    config.layers = 2;
    config.width = 24;
    config.heads = 6;
    config.kv_heads = 2;
    config.head_dim = 8;
    config.ffn_width = 40;
    config.vocabulary = 61;
    config.context = 512;
    config.tied_embeddings = true;
    config.bos_id = 1;
    config.eos_ids = {2};
    return config;
}

inline Llama golden_llama(const LlamaConfig& config) {
    Result<Llama> model = Llama::random(config, 1, DType::f32, true);
    CRIA_ASSERT(model.has_value());
    fill_golden(*model);
    return std::move(*model);
}

inline LlamaConfig config_at(const Path& folder) {
    const Result<std::string> text = read_text(real_os(), folder / "config.json", 1 << 20);
    CRIA_ASSERT(text.has_value());
    const Result<LlamaConfig> config = config_from_json(*parse_json(*text, "config.json"), "config.json");
    CRIA_ASSERT(config.has_value());
    return *config;
}

// |a - b| / |b|, of the vectors' lengths.
inline double relative_error(std::span<const float> a, std::span<const float> b) {
    EXPECT_EQ(a.size(), b.size());
    double difference = 0, length = 0;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        difference += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
        length += double{b[i]} * b[i];
    }
    return std::sqrt(difference / length);
}

inline std::vector<float> copy_of(const Tensor& tensor) {
    const auto span = tensor.f32_span();
    return {span.begin(), span.end()};
}

// Runs of documents packed one after the other.
inline std::vector<RowRun> packed(std::span<const std::int64_t> lengths) {
    std::vector<RowRun> runs;
    std::int64_t row = 0;
    for (const std::int64_t length : lengths) {
        runs.push_back({row, length, 0, nullptr});
        row += length;
    }
    return runs;
}

// Logits of one batch.
inline std::vector<float> logits_of(const Llama& model, const Compute& compute, std::span<const std::int32_t> ids,
                                    std::span<const RowRun> runs) {
    Arena arena;
    Pass pass(compute, arena);
    return copy_of(model.logits(pass, model.forward(pass, ids, {runs})).tensor);
}

// One sequence through a cache, in chunks of these lengths.
inline std::vector<float> chunked_logits(const Llama& model, const Compute& compute, std::span<const std::int32_t> ids,
                                         std::span<const std::int64_t> lengths) {
    KvCache cache(model.cache_shape(), std::ssize(ids));
    Arena arena;
    std::vector<float> all;
    std::int64_t position = 0;
    for (const std::int64_t length : lengths) {
        arena.reset();
        Pass pass(compute, arena);
        const RowRun run{0, length, position, &cache};
        const auto chunk = ids.subspan(static_cast<std::size_t>(position), static_cast<std::size_t>(length));
        const std::vector<float> logits = copy_of(model.logits(pass, model.forward(pass, chunk, {{&run, 1}})).tensor);
        all.insert(all.end(), logits.begin(), logits.end());
        position += length;
        cache.set_length(position);
    }
    return all;
}

struct TrainingRun {
    double loss;
    std::vector<std::vector<float>> gradients;
};

// Mean loss of the next token within each run, and its gradients.
inline TrainingRun train_once(Llama& model, const Compute& compute, std::span<const std::int32_t> ids,
                              std::span<const RowRun> runs) {
    std::vector<std::int32_t> targets(ids.size(), kIgnore);
    for (const RowRun& run : runs)
        for (std::int64_t i = run.first_row; i + 1 < run.first_row + run.count; ++i)
            targets[static_cast<std::size_t>(i)] = ids[static_cast<std::size_t>(i + 1)];
    const auto count = static_cast<double>(std::ranges::count_if(targets, [](int t) { return t != kIgnore; }));
    for (const Parameter& parameter : model.parameters())
        std::ranges::fill(parameter.weight->gradient.f32_span(), 0.0f);
    Arena arena;
    Tape tape;
    Pass pass(compute, arena, &tape);
    const double loss = cross_entropy(pass, model.forward(pass, ids, {runs}), model.head(), targets, 1 / count) / count;
    backward(pass);
    TrainingRun result{loss, {}};
    for (const Parameter& parameter : model.parameters())
        result.gradients.push_back(copy_of(parameter.weight->gradient));
    return result;
}

}  // namespace cria
