// Where a Llama's weights come from and go to: random numbers, and checkpoints (model/checkpoint.h).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/random.h"
#include "kernels/kernels.h"
#include "model/checkpoint.h"
#include "model/llama.h"
#include "model/model_files.h"
#include "model/packed_weights.h"
#include "store/safetensors.h"

namespace cria {
namespace {

// Elements converted at a time.
constexpr std::int64_t kPiece = 1 << 14;

void to_f32(const void* from, DType type, std::int64_t n, float* to) {
    const Kernels& kernels = best_kernels();
    if (type == DType::bf16) return kernels.bf16_to_f32(static_cast<const BF16*>(from), n, to);
    if (type == DType::f16) return kernels.f16_to_f32(static_cast<const F16*>(from), n, to);
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
}

void from_f32(const float* from, std::int64_t n, DType type, void* to) {
    const Kernels& kernels = best_kernels();
    if (type == DType::bf16) return kernels.f32_to_bf16(from, n, static_cast<BF16*>(to));
    if (type == DType::f16) return kernels.f32_to_f16(from, n, static_cast<F16*>(to));
    std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(float));
}

// Writes the elements of `from` in the type of `to`, into `to` from element `offset` on.
void convert(const Tensor& from, const Tensor& to, std::int64_t offset) {
    const auto from_size = static_cast<std::int64_t>(bytes_of(from.dtype()));
    const auto to_size = static_cast<std::int64_t>(bytes_of(to.dtype()));
    const auto* source = static_cast<const std::byte*>(from.raw());
    auto* target = static_cast<std::byte*>(to.raw()) + offset * to_size;
    if (from.dtype() == to.dtype()) {
        std::memcpy(target, source, from.bytes());
        return;
    }
    std::vector<float> piece(static_cast<std::size_t>(std::min(kPiece, from.elements())));
    for (std::int64_t i = 0; i < from.elements(); i += kPiece) {
        const std::int64_t n = std::min(kPiece, from.elements() - i);
        to_f32(source + i * from_size, from.dtype(), n, piece.data());
        from_f32(piece.data(), n, to.dtype(), target + i * to_size);
    }
}

// Projections that write to the residual stream start smaller, by the number of times they do (Radford et al. 2019).
double initial_deviation(const Parameter& parameter, const LlamaConfig& config) {
    const std::string& name = parameter.names.front();
    const bool writes_residual = name.ends_with(".o_proj.weight") || name.ends_with(".down_proj.weight");
    const auto range = static_cast<double>(config.initializer_range);
    return writes_residual ? range / std::sqrt(2.0 * static_cast<double>(config.layers)) : range;
}

Tensor random_weight(const Parameter& parameter, const LlamaConfig& config, Random random, DType dtype) {
    Tensor drawn = Tensor::zeros(parameter.decay ? dtype : DType::f32, parameter.shape);
    const double deviation = initial_deviation(parameter, config);
    const auto size = static_cast<std::int64_t>(bytes_of(drawn.dtype()));
    std::vector<float> piece(static_cast<std::size_t>(std::min(kPiece, drawn.elements())), 1.0f);
    for (std::int64_t i = 0; i < drawn.elements(); i += kPiece) {
        const std::int64_t n = std::min(kPiece, drawn.elements() - i);
        if (parameter.decay)
            for (std::int64_t j = 0; j < n; ++j)
                piece[static_cast<std::size_t>(j)] = static_cast<float>(deviation * random.normal());
        from_f32(piece.data(), n, drawn.dtype(), static_cast<std::byte*>(drawn.raw()) + i * size);
    }
    return drawn;
}

// All parts of a weight: a view of the file where there is one part in the wanted type, else a copy.
Result<Tensor> load_weight(const Parameter& parameter, Checkpoint& checkpoint, const LoadOptions& options) {
    std::vector<Tensor> parts;
    for (std::size_t i = 0; i < parameter.names.size(); ++i)
        parts.push_back(CRIA_TRY(checkpoint.take(parameter.names[i], parameter.part_shape(i))));
    DType type = parts.front().dtype();
    for (const Tensor& part : parts)
        if (part.dtype() != type) type = DType::f32;
    if (options.trainable || options.exact || parameter.shape.rank() == 1) type = DType::f32;
    if (parts.size() == 1 && parts.front().dtype() == type && !options.trainable) return parts.front();
    Tensor whole = Tensor::zeros(type, parameter.shape);
    std::int64_t offset = 0;
    for (const Tensor& part : parts) {
        convert(part, whole, offset);
        offset += part.elements();
    }
    return whole;
}

// The adaptors beside the parts of a matrix, as one: their inputs below each other, their outputs side by side, each in
// the rows of its part.
Result<std::shared_ptr<const LowRank>> load_low_rank(const Parameter& parameter, Checkpoint& checkpoint,
                                                     const LlamaConfig& config) {
    const std::int64_t parts = std::ssize(parameter.names), rank = config.lora_rank, in = parameter.shape.last();
    auto low_rank = std::make_shared<LowRank>();
    low_rank->down.value = Tensor::zeros(DType::f32, Shape{parts * rank, in});
    low_rank->up.value = Tensor::zeros(DType::f32, Shape{parameter.shape.rows(), parts * rank});
    std::int64_t first = 0;
    for (std::int64_t p = 0; p < parts; ++p) {
        const auto i = static_cast<std::size_t>(p);
        const std::string base = parameter.names[i].substr(0, parameter.names[i].rfind(".weight"));
        const std::int64_t rows = parameter.rows[i];
        convert(CRIA_TRY(checkpoint.take(base + ".lora_A.weight", Shape{rank, in})), low_rank->down.value,
                p * rank * in);
        const Tensor up = Tensor::zeros(DType::f32, Shape{rows, rank});
        convert(CRIA_TRY(checkpoint.take(base + ".lora_B.weight", Shape{rows, rank})), up, 0);
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t r = 0; r < rank; ++r)
                low_rank->up.value.f32()[(first + row) * parts * rank + p * rank + r] =
                    config.lora_scale * up.f32()[row * rank + r];
        first += rows;
    }
    return low_rank;
}

// The matrices of the model that are packed.
Result<PackedWeights> load_packed(Os& os, const ModelFiles& files, Checkpoint& checkpoint,
                                  std::span<const Parameter> parameters, const LoadOptions& options) {
    std::vector<PackRequest> requests;
    for (const Parameter& parameter : parameters) {
        const std::vector<ElementType> types = packed_types(parameter, checkpoint);
        for (std::size_t i = 0; i < types.size(); ++i)
            requests.push_back({parameter.names[i], parameter.part_shape(i), types[i]});
    }
    return PackedWeights::open(os, files, checkpoint, requests, options);
}

bool take_packed(const Parameter& parameter, const PackedWeights& packed) {
    for (const std::string& name : parameter.names)
        if (auto part = packed.find(name)) parameter.weight->packed.push_back(std::move(*part));
    return !parameter.weight->packed.empty();
}

}  // namespace

Result<Llama> Llama::random(const LlamaConfig& config, std::uint64_t seed, DType dtype, bool trainable,
                            ThreadPool* pool) {
    Llama model = CRIA_TRY(empty(config, "the configuration"));
    const DType type = trainable ? DType::f32 : dtype;
    const std::vector<Parameter> parameters = model.parameters();
    const auto draw = [&](int i) {
        const Parameter& parameter = parameters[static_cast<std::size_t>(i)];
        parameter.weight->value = random_weight(parameter, config, Random(seed, static_cast<std::uint64_t>(i)), type);
        if (trainable) parameter.weight->gradient = Tensor::zeros(DType::f32, parameter.shape);
    };
    const int count = static_cast<int>(parameters.size());
    if (pool != nullptr)
        pool->parallel(count, draw);
    else
        for (int i = 0; i < count; ++i) draw(i);
    return model;
}

Result<Llama> Llama::load(Os& os, const Path& folder, const LoadOptions& options) {
    const ModelFiles files = CRIA_TRY(open_model_weights(os, folder));
    const LlamaConfig config = CRIA_TRY(read_config(os, files));
    Llama model = CRIA_TRY(empty(config, files.config.string()));
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, files, config));
    PackedWeights packed;
    if (options.packs() && options.int8) checkpoint.round_to(BlockType::q8_0);
    if (options.packs()) packed = CRIA_TRY(load_packed(os, files, checkpoint, model.parameters(), options));
    if (config.lora_rank > 0 && options.trainable)
        return fail(ErrorKind::unsupported, "{}: a model with adaptors of Meta's cannot be trained on",
                    folder.string());
    if (!config.output_ids.empty() && options.trainable)
        return fail(ErrorKind::unsupported, "{}: its output is trimmed to {} of {} tokens; it cannot be trained on",
                    folder.string(), config.output_ids.size(), config.vocabulary);
    for (const Parameter& parameter : model.parameters()) {
        if (config.lora_rank > 0 && parameter.is_in_a_layer())
            parameter.weight->low_rank = CRIA_TRY(load_low_rank(parameter, checkpoint, config));
        if (take_packed(parameter, packed)) continue;
        parameter.weight->value = CRIA_TRY(load_weight(parameter, checkpoint, options));
        if (options.trainable) parameter.weight->gradient = Tensor::zeros(DType::f32, parameter.shape);
    }
    CRIA_TRY(checkpoint.finish());
    return model;
}

Status Llama::save(Os& os, const Path& folder, DType dtype) const {
    std::vector<NamedTensor> tensors;
    // parameters() hands out weights for changing; here they are only read.
    for (const Parameter& parameter : const_cast<Llama*>(this)->parameters()) {
        std::int64_t first = 0;
        for (std::size_t i = 0; i < parameter.names.size(); ++i) {
            const Shape shape = parameter.part_shape(i);
            const Tensor& whole = parameter.weight->value;
            CRIA_ASSERT(parameter.weight->packed.empty());  // who saves a model has not loaded it packed
            Tensor part = shape.rank() == 1 ? whole : whole.slice_rows(first, parameter.rows[i]);
            if (part.dtype() != dtype) {
                const Tensor converted = Tensor::zeros(dtype, shape);
                convert(part, converted, 0);
                part = converted;
            }
            tensors.push_back({parameter.names[i], part});
            first += parameter.rows[i];
        }
    }
    CRIA_TRY(os.make_folders(folder));
    CRIA_TRY(write_safetensors(os, folder / "model.safetensors", tensors, {{"format", "pt"}}));
    return write_config_json(os, folder, config_, dtype);
}

}  // namespace cria
