#include "quant/tensor_export.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/product.h"
#include "tensor/quantize_blocks.h"

namespace cria {

// To be raised when rounding changes: halves of two kinds do not make one file.
constexpr int kRounding = 1;

Status check_exportable(const LlamaConfig& config, std::string_view who) {
    if (!config.output_ids.empty())
        return fail(ErrorKind::unsupported,
                    "{}: its output is trimmed to {} of {} tokens; other layouts cannot say which", who,
                    config.output_ids.size(), config.vocabulary);
    if (config.lora_rank == 0 && !config.rotates_ffn) return {};
    return fail(ErrorKind::unsupported,
                "{}: Meta's quantised model with {} runs as it is; other layouts cannot hold that", who,
                config.lora_rank > 0 ? "adaptors" : "rotated activations");
}

OrderedJson to_json(const ExportedTensor& tensor) {
    return {{"name", tensor.name},
            {"type", tensor.type},
            {"elements", tensor.elements},
            {"bytes", tensor.bytes},
            {"mean_error", tensor.relative_error},
            {"worst_error", tensor.worst_error}};
}

Result<std::string> export_identity(Os& os, const ModelFiles& from, std::string_view as) {
    OrderedJson files = OrderedJson::array();
    for (const Path& path : from.weights) {
        const FileInfo info = CRIA_TRY(os.info(path));
        files.push_back({path.string(), info.size_bytes, info.modified_unix_s});
    }
    return json_text(OrderedJson{{"as", as}, {"rounding", kRounding}, {"from", std::move(files)}});
}

TensorExporter::TensorExporter(Checkpoint checkpoint, const LlamaConfig& config, std::vector<TensorPlan> plans,
                               const Compute& compute, OnTensor on_tensor)
    : checkpoint_(std::move(checkpoint)),
      config_(config),
      plans_(std::move(plans)),
      compute_(compute),
      on_tensor_(on_tensor) {
    for (const TensorPlan& plan : plans_) total_ += static_cast<double>(plan.bytes());
}

Result<std::span<const std::byte>> TensorExporter::bytes(std::size_t i) {
    const TensorPlan& plan = plans_[i];
    const Tensor source = CRIA_TRY(checkpoint_.take(plan.hugging_face, plan.shape));
    const std::int64_t rows = source.rows(), columns = source.columns();
    const auto stride = static_cast<std::size_t>(row_bytes(plan.type, columns));
    buffer_.resize(plan.bytes());
    std::vector<Loss> losses(static_cast<std::size_t>(rows));
    compute_.pool.parallel(static_cast<int>(rows), [&](int row) {
        losses[static_cast<std::size_t>(row)] =
            write_row(source, source_row(plan, row), plan.type,
                      std::span(buffer_).subspan(static_cast<std::size_t>(row) * stride, stride));
    });
    Loss all;
    for (const Loss& loss : losses) {
        all.squares += loss.squares, all.errors += loss.errors;
        all.worst = std::max(all.worst, loss.worst);
    }
    CRIA_TRY(report({plan.name, std::string(name_of(plan.type)), rows * columns, buffer_.size(),
                     all.squares > 0 ? std::sqrt(all.errors / all.squares) : 0.0, all.worst}));
    return std::span<const std::byte>(buffer_);
}

Status TensorExporter::keep(std::size_t i, std::string_view note) {
    const TensorPlan& plan = plans_[i];
    const auto json = parse_json(note, "the notes of an interrupted file");
    if (!json || !json->is_object() || !json->contains("name") || (*json)["name"] != plan.name)
        return fail(ErrorKind::corrupt, "the notes of an interrupted file do not tell of {}; remove it to begin anew",
                    plan.name);
    const auto number = [&](const char* key) {
        const auto found = json->find(key);
        return found != json->end() && found->is_number() ? found->get<double>() : 0.0;
    };
    CRIA_TRY(checkpoint_.pass_over(plan.hugging_face, plan.shape));
    return report({plan.name, std::string(name_of(plan.type)), plan.shape.elements(), plan.bytes(),
                   number("mean_error"), number("worst_error")});
}

Status TensorExporter::report(const ExportedTensor& tensor) {
    last_ = tensor;
    done_ += static_cast<double>(tensor.bytes);
    if (!on_tensor_(tensor, done_ / total_)) return fail(ErrorKind::cancelled, "interrupted");
    return ++written_ == plans_.size() ? checkpoint_.finish() : Status();
}

// Row 2i + half of a head is Hugging Face's row i + half * head_dim / 2.
std::int64_t TensorExporter::source_row(const TensorPlan& plan, std::int64_t row) const {
    if (!plan.pairs_side_by_side) return row;
    const std::int64_t n = config_.head_dim, head = row / n, i = row % n / 2, half = row % 2;
    return head * n + half * (n / 2) + i;
}

TensorExporter::Loss TensorExporter::write_row(const Tensor& source, std::int64_t row, ElementType type,
                                               std::span<std::byte> to) const {
    const std::int64_t n = source.columns();
    std::vector<float> values(static_cast<std::size_t>(n)), back(values.size());
    const auto* from = static_cast<const std::byte*>(source.raw()) + row * row_bytes(source.dtype(), n);
    widen(compute_.kernels, from, source.dtype(), n, values.data());
    if (const auto* block = std::get_if<BlockType>(&type)) {
        quantize(*block, values, to);
        dequantize(*block, to, back);
    } else {
        const DType dtype = std::get<DType>(type);
        if (dtype == DType::f32) std::memcpy(to.data(), values.data(), to.size());
        if (dtype == DType::bf16) compute_.kernels.f32_to_bf16(values.data(), n, reinterpret_cast<BF16*>(to.data()));
        if (dtype == DType::f16) compute_.kernels.f32_to_f16(values.data(), n, reinterpret_cast<F16*>(to.data()));
        widen(compute_.kernels, to.data(), dtype, n, back.data());
    }
    Loss loss;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double value = static_cast<double>(values[i]), error = std::abs(value - static_cast<double>(back[i]));
        loss.squares += value * value, loss.errors += error * error;
        loss.worst = std::max(loss.worst, error);
    }
    return loss;
}

}  // namespace cria
