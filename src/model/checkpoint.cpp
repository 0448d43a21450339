#include "model/checkpoint.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "kernels/packed.h"
#include "model/executorch_weights.h"
#include "model/meta_int4.h"
#include "store/safetensors.h"
#include "store/torch_file.h"

namespace cria {
namespace {

// One tensor of a layer, or of the model, in the three layouts.
struct Names {
    std::string_view hugging_face, meta, gguf;
    bool rotary = false;  // rows are halves of rotary pairs
};
constexpr std::array kLayerNames{Names{"input_layernorm.weight", "attention_norm.weight", "attn_norm.weight"},
                                 Names{"self_attn.q_proj.weight", "attention.wq.weight", "attn_q.weight", true},
                                 Names{"self_attn.k_proj.weight", "attention.wk.weight", "attn_k.weight", true},
                                 Names{"self_attn.v_proj.weight", "attention.wv.weight", "attn_v.weight"},
                                 Names{"self_attn.o_proj.weight", "attention.wo.weight", "attn_output.weight"},
                                 Names{"post_attention_layernorm.weight", "ffn_norm.weight", "ffn_norm.weight"},
                                 Names{"mlp.gate_proj.weight", "feed_forward.w1.weight", "ffn_gate.weight"},
                                 Names{"mlp.up_proj.weight", "feed_forward.w3.weight", "ffn_up.weight"},
                                 Names{"mlp.down_proj.weight", "feed_forward.w2.weight", "ffn_down.weight"}};
constexpr std::array kModelNames{Names{"model.embed_tokens.weight", "tok_embeddings.weight", "token_embd.weight"},
                                 Names{"model.norm.weight", "norm.weight", "output_norm.weight"},
                                 Names{"lm_head.weight", "output.weight", "output.weight"}};

struct Translated {
    std::string name;
    bool rotary;
};

// Hugging Face's name of a tensor that is called `name` in the layout of `of`, whose layers are "PREFIXnumber."; as it
// is when the layout has no such tensor.
Translated translate(const std::string& name, std::string_view prefix, std::string_view Names::* of) {
    for (const Names& names : kModelNames)
        if (names.*of == name) return {std::string(names.hugging_face), false};
    if (!name.starts_with(prefix)) return {name, false};
    const char* digits = name.data() + prefix.size();
    const char* end = name.data() + name.size();
    std::uint32_t layer = 0;
    const auto [dot, error] = std::from_chars(digits, end, layer);
    if (error != std::errc() || dot == end || *dot != '.') return {name, false};
    const std::string_view rest(dot + 1, end);
    for (const Names& names : kLayerNames)
        if (names.*of == rest) return {fmt::format("model.layers.{}.{}", layer, names.hugging_face), names.rotary};
    return {name, false};
}

// The same of a tensor of Meta's. Adaptors get the names that Hugging Face's PEFT gives them.
Translated translate_meta(const std::string& name) {
    for (const auto& [back, to] :
         {std::pair(".adaptor.A.weight", ".lora_A.weight"), std::pair(".adaptor.B.weight", ".lora_B.weight")}) {
        if (!name.ends_with(back)) continue;
        const std::string base = name.substr(0, name.size() - std::strlen(back));
        const Translated matrix = translate(base + ".weight", "layers.", &Names::meta);
        const std::string front = matrix.name.substr(0, matrix.name.size() - std::strlen(".weight"));
        return {front + to, matrix.rotary && to == std::string_view(".lora_B.weight")};
    }
    return translate(name, "layers.", &Names::meta);
}

// Tensors that hold nothing that the configuration does not say.
bool says_nothing_new(const std::string& name, const LlamaConfig& config) {
    if (config.tied_embeddings && name == "lm_head.weight") return true;
    return name.ends_with(".rotary_emb.inv_freq") || name == "rope.freqs" || name == "rope_freqs.weight";
}

bool is_weight_type(ElementType type) {
    if (std::holds_alternative<BlockType>(type)) return true;
    const DType dtype = std::get<DType>(type);
    return dtype == DType::f32 || dtype == DType::bf16 || dtype == DType::f16;
}

// A smaller tensor is copied: where the matrices are packed, norms would keep the file mapped, and whole huge pages of
// it in memory.
constexpr std::int64_t kWorthAView = 64 * 1024;

std::uint64_t loaded_bytes(ElementType type, const Shape& shape, std::int64_t lanes) {
    const auto* block = std::get_if<BlockType>(&type);
    if (block == nullptr) return static_cast<std::uint64_t>(shape.rows() * row_bytes(type, shape.last()));
    if (lanes > 0 && can_pack(*block))
        return static_cast<std::uint64_t>(packed_bytes(*block, shape.rows(), shape.last(), lanes));
    return static_cast<std::uint64_t>(shape.elements()) * sizeof(float);
}

}  // namespace

Result<Checkpoint> Checkpoint::open(Os& os, const ModelFiles& files, const LlamaConfig& config) {
    Checkpoint checkpoint;
    checkpoint.who_ = (files.weights.size() == 1 ? files.weights.front() : files.folder).string();
    checkpoint.config_ = config;
    switch (files.format) {
        case ModelFormat::hugging_face: CRIA_TRY(checkpoint.add_safetensors(os, files)); break;
        case ModelFormat::meta: CRIA_TRY(checkpoint.add_meta(os, files)); break;
        case ModelFormat::gguf: CRIA_TRY(checkpoint.add_gguf(os, files)); break;
        case ModelFormat::executorch: CRIA_TRY(checkpoint.add_executorch(os, files)); break;
    }
    return checkpoint;
}

Status Checkpoint::add(std::string name, Part part, bool pairs_side_by_side) {
    const auto [it, is_new] = found_.try_emplace(std::move(name));
    if (!is_new) return fail(ErrorKind::corrupt, "{}: two files hold tensor '{}'", who_, it->first);
    it->second.parts.push_back(std::move(part));
    it->second.pairs_side_by_side = pairs_side_by_side;
    return {};
}

Status Checkpoint::add_safetensors(Os& os, const ModelFiles& files) {
    for (const Path& path : files.weights) {
        const SafetensorsFile file = CRIA_TRY(open_safetensors(os, path));
        for (const SafetensorsEntry& entry : file.entries()) {
            const Tensor tensor = file.tensor(entry);
            const auto* data = static_cast<const std::byte*>(tensor.raw());
            CRIA_TRY(add(entry.name, {tensor.dtype(), tensor.shape(), data, tensor.storage()}, false));
        }
    }
    return {};
}

Status Checkpoint::add_gguf(Os& os, const ModelFiles& files) {
    for (const Path& path : files.weights) {
        const GgufFile file = CRIA_TRY(open_gguf(os, path));
        for (const GgufEntry& entry : file.entries()) {
            Translated to = translate(entry.name, "blk.", &Names::gguf);
            CRIA_TRY(add(std::move(to.name), {entry.type, entry.shape, file.bytes(entry).data(), file.storage()},
                         to.rotary));
        }
    }
    return {};
}

Result<Checkpoint::Part> Checkpoint::meta_part(const std::string& name, const Tensor& tensor,
                                               const std::map<std::string, Tensor>& all) const {
    if (tensor.dtype() != DType::i8)
        return Part{tensor.dtype(), tensor.shape(), static_cast<const std::byte*>(tensor.raw()), tensor.storage()};
    auto blocks = blocks_of_meta_int4(name, tensor, all);
    if (!blocks) return prefix(who_, std::move(blocks).error());
    return part_of(std::move(*blocks));
}

Checkpoint::Part Checkpoint::part_of(BlockTensor blocks) {
    const auto* bytes = static_cast<const std::byte*>(blocks.storage.raw());
    return {blocks.type, blocks.shape, bytes, blocks.storage.storage(), std::move(blocks.scales)};
}

Status Checkpoint::add_executorch(Os& os, const ModelFiles& files) {
    const ExecutorchProgram program = CRIA_TRY(open_executorch(os, files.weights.front()));
    const ExecutorchLlama llama = CRIA_TRY(find_llama(program, config_, who_));
    for (const ExecutorchLlama::Named& named : llama.tensors) {
        const ExecutorchConstant& constant = named.constant;
        if (constant.group > 0) {
            auto blocks = blocks_of(named);
            if (!blocks) return prefix(who_, std::move(blocks).error());
            CRIA_TRY(add(named.name, part_of(std::move(*blocks)), named.rotary));
            continue;
        }
        const DType type = constant.type == ExecutorchType::f32   ? DType::f32
                           : constant.type == ExecutorchType::f16 ? DType::f16
                                                                  : DType::bf16;
        CRIA_TRY(add(named.name, {type, constant.shape, constant.bytes.data(), program.storage}, named.rotary));
    }
    return {};
}

// Shard r holds the r-th share of every matrix: of its rows, or of its columns where it reads what others wrote.
Status Checkpoint::add_meta(Os& os, const ModelFiles& files) {
    for (std::size_t shard = 0; shard < files.weights.size(); ++shard) {
        std::map<std::string, Tensor> tensors;
        for (auto& [name, tensor] : CRIA_TRY(open_torch_file(os, files.weights[shard]))) tensors.emplace(name, tensor);
        for (const auto& [name, tensor] : tensors) {
            if (name.ends_with(".scales") || name.ends_with(".zeros")) continue;  // read with their matrix
            const Translated to = translate_meta(name);
            Found& found = found_[to.name];
            if (found.parts.size() != shard)
                return fail(ErrorKind::corrupt, "{}: tensor '{}' is {}", files.weights[shard].string(), name,
                            found.parts.size() > shard ? "there twice" : "not in the shards before");
            const bool reads = to.name.ends_with(".o_proj.weight") || to.name.ends_with(".down_proj.weight");
            found.join = tensor.shape().rank() == 1 ? Join::same : reads ? Join::columns : Join::rows;
            found.pairs_side_by_side = to.rotary;
            found.parts.push_back(CRIA_TRY(meta_part(name, tensor, tensors)));
        }
    }
    for (const auto& [name, found] : found_)
        if (found.parts.size() != files.weights.size())
            return fail(ErrorKind::corrupt, "{}: tensor '{}' is in {} of {} shards", who_, name, found.parts.size(),
                        files.weights.size());
    return {};
}

Result<Shape> Checkpoint::joined_shape(const std::string& name, const Found& found) const {
    const Part& first = found.parts.front();
    std::int64_t rows = 0, columns = 0;
    for (const Part& part : found.parts) {
        const bool fits = part.type == first.type && part.shape.rank() == first.shape.rank() &&
                          (found.join == Join::rows ? part.shape.last() == first.shape.last()
                                                    : part.shape.rows() == first.shape.rows());
        if (!fits) return fail(ErrorKind::corrupt, "{}: the shards of tensor '{}' do not fit together", who_, name);
        rows += part.shape.rows();
        columns += part.shape.last();
    }
    if (found.parts.size() == 1 || found.join == Join::same) return first.shape;
    return found.join == Join::rows ? Shape{rows, first.shape.last()} : Shape{first.shape.rows(), columns};
}

std::int64_t Checkpoint::row_in_file(const Found& found, std::int64_t row) const {
    if (!found.pairs_side_by_side) return row;
    const std::int64_t n = config_.head_dim, head = row / n, half = row % n / (n / 2), i = row % (n / 2);
    return head * n + 2 * i + half;
}

void Checkpoint::dequantize_row(const Part& part, std::int64_t row, std::span<float> values) {
    const BlockType type = std::get<BlockType>(part.type);
    const std::int64_t bytes = row_bytes(part.type, part.shape.last());
    const std::span from(part.data + row * bytes, static_cast<std::size_t>(bytes));
    dequantize(type, from, values);
    if (part.scales.empty()) return;
    const std::size_t groups = part.scales.size() / static_cast<std::size_t>(part.shape.rows());
    const auto [name, elements, block_bytes] = layout_of(type);
    const std::size_t n = static_cast<std::size_t>(elements), blocks = values.size() / n;
    for (std::size_t b = 0; b < blocks; ++b)
        rescale_block(from.data() + b * static_cast<std::size_t>(block_bytes),
                      part.scales[static_cast<std::size_t>(row) * groups + b * groups / blocks],
                      values.subspan(b * n, n));
}

void Checkpoint::write_row(const Found& found, std::int64_t row, DType type, std::byte* to) const {
    row = row_in_file(found, row);
    const std::size_t count = found.join == Join::same ? 1 : found.parts.size();
    for (std::size_t p = 0; p < count; ++p) {
        const Part& part = found.parts[p];
        if (found.join == Join::rows && row >= part.shape.rows()) {
            row -= part.shape.rows();
            continue;
        }
        const std::int64_t columns = part.shape.last(), bytes = row_bytes(part.type, columns);
        const std::byte* from = part.data + row * bytes;
        if (part.type == ElementType(type)) {
            std::memcpy(to, from, static_cast<std::size_t>(bytes));
        } else {
            dequantize_row(part, row, {reinterpret_cast<float*>(to), static_cast<std::size_t>(columns)});
        }
        to += columns * static_cast<std::int64_t>(bytes_of(type));
        if (found.join == Join::rows) return;
    }
}

Result<Checkpoint::Found*> Checkpoint::find(const std::string& name, const Shape& shape) {
    const auto it = found_.find(name);
    if (it == found_.end())
        return fail(ErrorKind::corrupt, "{}: tensor '{}' of shape {} is missing; is the checkpoint whole?", who_, name,
                    shape.text());
    Found& found = it->second;
    const Shape there = CRIA_TRY(joined_shape(name, found));
    if (there != shape)
        return fail(ErrorKind::corrupt, "{}: tensor '{}' is {}; by the configuration it should be {}", who_, name,
                    there.text(), shape.text());
    return &found;
}

bool Checkpoint::holds_blocks(const std::string& name) const {
    const auto it = found_.find(name);
    return it != found_.end() && std::holds_alternative<BlockType>(it->second.parts.front().type);
}

std::optional<ElementType> Checkpoint::packed_type(std::string_view name, const Found& found) const {
    const Part& part = found.parts.front();
    if (const auto* blocks = std::get_if<BlockType>(&part.type))
        return found.parts.size() == 1 && can_pack(*blocks) ? std::optional(part.type) : std::nullopt;
    if (part.shape.rank() != 2 || !is_weight_type(part.type) || name.find(".lora_") != name.npos) return std::nullopt;
    const std::int64_t shares = found.join == Join::columns ? std::ssize(found.parts) : 1;
    if (rounded_ && part.shape.last() * shares % layout_of(*rounded_).elements == 0) return *rounded_;
    return part.type == ElementType(DType::f32) ? std::nullopt : std::optional(part.type);
}

std::optional<ElementType> Checkpoint::packed_type(std::string_view name) const {
    const auto it = found_.find(name);
    return it != found_.end() ? packed_type(name, it->second) : std::nullopt;
}

DType Checkpoint::number_type(const std::string& name) const {
    const auto found = found_.find(name);
    if (found == found_.end()) return DType::f32;
    const auto* type = std::get_if<DType>(&found->second.parts.front().type);
    return type != nullptr ? *type : DType::f32;
}

Result<Checkpoint::Rows> Checkpoint::rows_of(const std::string& name, const Shape& shape) {
    const Found& found = *CRIA_TRY(find(name, shape));
    const Part* part = &found.parts.front();
    Rows rows{part->type, {}};
    rows.rows.reserve(static_cast<std::size_t>(shape.rows()));
    const std::int64_t bytes = row_bytes(part->type, shape.last());
    if (found.parts.size() > 1 && found.join != Join::same) {
        const Tensor whole = joined(found, std::get<DType>(part->type), shape);
        rows.storage = whole.storage();
        for (std::int64_t row = 0; row < shape.rows(); ++row)
            rows.rows.push_back(static_cast<const std::byte*>(whole.raw()) + row * bytes);
        return rows;
    }
    for (std::int64_t row = 0; row < shape.rows(); ++row)
        rows.rows.push_back(part->data + row_in_file(found, row) * bytes);
    return rows;
}

Tensor Checkpoint::joined(const Found& found, DType type, const Shape& shape) const {
    Tensor whole = Tensor::zeros(type, shape);
    const std::int64_t stride = shape.last() * static_cast<std::int64_t>(bytes_of(type));
    for (std::int64_t row = 0; row < shape.rows(); ++row)
        write_row(found, row, type, static_cast<std::byte*>(whole.raw()) + row * stride);
    return whole;
}

Result<Tensor> Checkpoint::take(const std::string& name, const Shape& shape) {
    Found& found = *CRIA_TRY(find(name, shape));
    const Part& first = found.parts.front();
    if (!is_weight_type(first.type))
        return fail(ErrorKind::unsupported,
                    "{}: tensor '{}' is of type {}; f32, bf16, f16 or quantised blocks are wanted", who_, name,
                    name_of(first.type));
    found.taken = true;
    const auto* dtype = std::get_if<DType>(&first.type);
    const bool one = found.parts.size() == 1 || found.join == Join::same;
    const bool aligned = dtype != nullptr && reinterpret_cast<std::uintptr_t>(first.data) % bytes_of(*dtype) == 0;
    const bool worth_it = row_bytes(first.type, shape.last()) * shape.rows() > kWorthAView;
    if (aligned && one && worth_it && !found.pairs_side_by_side)
        return Tensor(*dtype, shape, const_cast<std::byte*>(first.data), first.storage);
    return joined(found, dtype != nullptr ? *dtype : DType::f32, shape);
}

Status Checkpoint::pass_over(const std::string& name, const Shape& shape) {
    CRIA_TRY(find(name, shape))->taken = true;
    return {};
}

Checkpoint::Sizes Checkpoint::sizes(std::int64_t lanes) const {
    Sizes sizes;
    for (const auto& [name, found] : found_) {
        if (says_nothing_new(name, config_)) continue;
        for (const Part& part : found.parts) {
            const auto bytes = static_cast<std::uint64_t>(part.shape.rows() * row_bytes(part.type, part.shape.last()));
            sizes.by_type[std::string(name_of(part.type))] += bytes;
        }
        const auto packed = packed_type(name, found);
        const auto whole = joined_shape(name, found);
        if (packed && whole) {
            sizes.loaded += loaded_bytes(*packed, *whole, lanes);
        } else {
            for (const Part& part : found.parts) sizes.loaded += loaded_bytes(part.type, part.shape, lanes);
        }
    }
    return sizes;
}

Status Checkpoint::finish() const {
    for (const auto& [name, found] : found_) {
        if (found.taken || says_nothing_new(name, config_)) continue;
        return fail(ErrorKind::corrupt, "{}: tensor '{}' {} has no place in the model ({} layers, {} embeddings)", who_,
                    name, found.parts.front().shape.text(), config_.layers,
                    config_.tied_embeddings ? "tied" : "untied");
    }
    return {};
}

}  // namespace cria
