#include "quant/gguf_export.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "model/checkpoint.h"
#include "model/model_files.h"
#include "ops/ops.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

struct ExportType {
    std::string_view name;
    ElementType base;
    std::uint32_t file_type;  // general.file_type
    bool mixed = false;       // some layers' attn_v and ffn_down are finer
};
constexpr std::array<ExportType, 8> kTypes{{{"f32", DType::f32, 0},
                                            {"f16", DType::f16, 1},
                                            {"bf16", DType::bf16, 32},
                                            {"q8_0", BlockType::q8_0, 7},
                                            {"q4_0", BlockType::q4_0, 2},
                                            {"q4_k_m", BlockType::q4_k, 15, true},
                                            {"q5_k_m", BlockType::q5_k, 17, true},
                                            {"q6_k", BlockType::q6_k, 18}}};

Result<ExportType> type_named(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const ExportType& type : kTypes)
        if (type.name == lower) return type;
    return fail(ErrorKind::invalid_input, "there is no type '{}'; there are {}", name, fmt::join(export_types(), ", "));
}

// Whether layer `i` of `n` is one of those that llama.cpp's _m mixtures keep finer.
bool is_finer_layer(std::int64_t i, std::int64_t n) { return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2; }

class GgufPlanner {
public:
    GgufPlanner(const LlamaConfig& config, const ExportType& type) : config_(config), type_(type) {}

    std::vector<TensorPlan> plan() {
        const std::int64_t width = config_.width, query = config_.query_width(), kv = config_.kv_width();
        const bool tied = config_.tied_embeddings;
        add("model.embed_tokens.weight", "token_embd.weight", {config_.vocabulary, width}, tied);
        for (std::int64_t i = 0; i < config_.layers; ++i) {
            const std::string from = fmt::format("model.layers.{}.", i), to = fmt::format("blk.{}.", i);
            const bool finer = type_.mixed && is_finer_layer(i, config_.layers);
            add(from + "input_layernorm.weight", to + "attn_norm.weight", {width});
            add(from + "self_attn.q_proj.weight", to + "attn_q.weight", {query, width}, false, true);
            add(from + "self_attn.k_proj.weight", to + "attn_k.weight", {kv, width}, false, true);
            add(from + "self_attn.v_proj.weight", to + "attn_v.weight", {kv, width}, finer);
            add(from + "self_attn.o_proj.weight", to + "attn_output.weight", {width, query});
            add(from + "post_attention_layernorm.weight", to + "ffn_norm.weight", {width});
            add(from + "mlp.gate_proj.weight", to + "ffn_gate.weight", {config_.ffn_width, width});
            add(from + "mlp.up_proj.weight", to + "ffn_up.weight", {config_.ffn_width, width});
            add(from + "mlp.down_proj.weight", to + "ffn_down.weight", {width, config_.ffn_width}, finer);
        }
        add("model.norm.weight", "output_norm.weight", {width});
        if (!tied) add("lm_head.weight", "output.weight", {config_.vocabulary, width}, true);
        return std::move(plans_);
    }

private:
    void add(std::string from, std::string to, Shape shape, bool finer = false, bool rotary = false) {
        plans_.push_back({std::move(from), std::move(to), type_for(shape, finer), shape, rotary});
    }

    ElementType type_for(const Shape& shape, bool finer) const {
        if (shape.rank() == 1) return DType::f32;
        const auto* block = std::get_if<BlockType>(&type_.base);
        if (block == nullptr) return type_.base;
        const BlockType wanted = finer && *block != BlockType::q8_0 ? BlockType::q6_k : *block;
        if (shape.last() % layout_of(wanted).elements == 0) return wanted;
        if (shape.last() % layout_of(BlockType::q8_0).elements == 0) return BlockType::q8_0;
        return DType::f16;
    }

    const LlamaConfig& config_;
    const ExportType& type_;
    std::vector<TensorPlan> plans_;
};

using Fields = std::vector<std::pair<std::string, GgufField>>;

std::uint32_t u32(std::int64_t value) { return static_cast<std::uint32_t>(value); }

Fields model_fields(const LlamaConfig& config, const ExportType& type, const std::string& name) {
    Fields fields{{"general.architecture", std::string("llama")},
                  {"general.type", std::string("model")},
                  {"general.name", name},
                  {"general.file_type", type.file_type},
                  {"llama.block_count", u32(config.layers)},
                  {"llama.context_length", u32(config.context)},
                  {"llama.embedding_length", u32(config.width)},
                  {"llama.feed_forward_length", u32(config.ffn_width)},
                  {"llama.attention.head_count", u32(config.heads)},
                  {"llama.attention.head_count_kv", u32(config.kv_heads)},
                  {"llama.attention.key_length", u32(config.head_dim)},
                  {"llama.attention.value_length", u32(config.head_dim)},
                  {"llama.attention.layer_norm_rms_epsilon", config.norm_epsilon},
                  {"llama.rope.dimension_count", u32(config.head_dim)},
                  {"llama.rope.freq_base", config.rope_theta},
                  {"llama.vocab_size", u32(config.vocabulary)}};
    if (std::holds_alternative<BlockType>(type.base))
        fields.push_back({"general.quantization_version", std::uint32_t{2}});
    return fields;
}

// Ids that the tokenizer does not have are written as unused ones.
void add_tokenizer(const Tokenizer& tokenizer, const LlamaConfig& config, Fields& fields) {
    constexpr std::int32_t kOrdinary = 1, kControl = 3, kUnused = 5;
    const auto count = static_cast<std::size_t>(config.vocabulary);
    std::vector<std::string> tokens;
    std::vector<std::int32_t> types;
    for (const std::string& bytes : tokenizer.ranks()) tokens.push_back(to_byte_alphabet(bytes));
    types.assign(tokens.size(), kOrdinary);
    for (std::size_t id = tokens.size(); id < count; ++id) tokens.push_back(fmt::format("[UNUSED{}]", id));
    types.resize(count, kUnused);
    for (const auto& [name, id] : tokenizer.specials()) {
        tokens[static_cast<std::size_t>(id)] = name;
        types[static_cast<std::size_t>(id)] = kControl;
    }
    fields.push_back({"tokenizer.ggml.model", std::string("gpt2")});
    fields.push_back({"tokenizer.ggml.pre", std::string("llama-bpe")});
    fields.push_back({"tokenizer.ggml.tokens", std::move(tokens)});
    fields.push_back({"tokenizer.ggml.token_type", std::move(types)});
    fields.push_back({"tokenizer.ggml.merges", merge_texts(tokenizer)});
    fields.push_back({"tokenizer.ggml.add_bos_token", true});
    if (config.bos_id >= 0) fields.push_back({"tokenizer.ggml.bos_token_id", u32(config.bos_id)});
    // Conversations end their turns; a model that knows turns stops there.
    std::int32_t end = config.eos_ids.empty() ? -1 : config.eos_ids.front();
    const auto turn = tokenizer.special("<|eot_id|>");
    if (turn && std::ranges::find(config.eos_ids, *turn) != config.eos_ids.end()) end = *turn;
    if (end >= 0) fields.push_back({"tokenizer.ggml.eos_token_id", u32(end)});
}

// By what llama.cpp divides each rotary frequency.
Tensor rope_divisors(const LlamaConfig& config) {
    const auto plain = rope_frequencies(config.head_dim, config.rope_theta, nullptr);
    const auto scaled = rope_frequencies(config.head_dim, config.rope_theta, &*config.rope_scaling);
    const Tensor divisors = Tensor::zeros(DType::f32, Shape{config.head_dim / 2});
    for (std::size_t i = 0; i < plain.size(); ++i) divisors.f32()[i] = plain[i] / scaled[i];
    return divisors;
}

}  // namespace

std::vector<std::string_view> export_types() {
    std::vector<std::string_view> names;
    for (const ExportType& type : kTypes) names.push_back(type.name);
    return names;
}

Status export_gguf(Os& os, const ModelFiles& from, const Path& to, std::string_view type_name, const Compute& compute,
                   OnTensor on_tensor) {
    const ExportType type = CRIA_TRY(type_named(type_name));
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    if (!config.cross_attention_layers.empty())
        return fail(ErrorKind::unsupported, "{}: GGUF files of models that see images cannot be written yet",
                    from.folder.string());
    CRIA_TRY(check_exportable(config, from.folder.string()));
    const Tokenizer tokenizer = CRIA_TRY(read_tokenizer(os, from));
    TensorExporter exporter(CRIA_TRY(Checkpoint::open(os, from, config)), config, GgufPlanner(config, type).plan(),
                            compute, on_tensor);
    Fields fields = model_fields(config, type, from.folder.filename().string());
    add_tokenizer(tokenizer, config, fields);
    std::vector<GgufTensor> tensors;
    Tensor divisors;
    if (config.rope_scaling) {
        divisors = rope_divisors(config);
        tensors.push_back({"rope_freqs.weight", DType::f32, divisors.shape()});
    }
    const std::size_t before = tensors.size();
    for (const TensorPlan& plan : exporter.plans()) tensors.push_back({plan.name, plan.type, plan.shape});
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        if (i < before) return std::as_bytes(divisors.f32_span());
        return exporter.bytes(i - before);
    };
    const auto note = [&] { return exporter.note(); };
    const auto keep = [&](std::size_t i, std::string_view noted) {
        return i < before ? Status() : exporter.keep(i - before, noted);
    };
    const Resume resume{CRIA_TRY(export_identity(os, from, fmt::format("gguf {}", type.name))), note, keep};
    return write_gguf(os, to, fields, tensors, bytes_at, &resume);
}

}  // namespace cria
