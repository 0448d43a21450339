#include "quant/int4_export.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/model_files.h"
#include "quant/layout_plan.h"
#include "store/torch_file.h"
#include "tensor/blocks.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::int64_t kGroup = 32;  // numbers of four bits that share a scale, as in a block of Q4_0

// Splits tensors into the numbers and scales of Meta's quantised form, two tensors of the file for each matrix.
class Int4Writer {
public:
    Int4Writer(Checkpoint checkpoint, const LlamaConfig& config, const Compute& compute, OnTensor on_tensor)
        : on_tensor_(on_tensor),
          plans_(plan_layout(config, ModelFormat::meta, DType::f32)),
          exporter_(std::move(checkpoint), config, typed(plans_), compute, hears_) {}
    Int4Writer(const Int4Writer&) = delete;
    Int4Writer& operator=(const Int4Writer&) = delete;

    std::vector<PlannedTensor> planned() {
        std::vector<PlannedTensor> tensors;
        for (std::size_t i = 0; i < plans_.size(); ++i) {
            const auto& [hugging_face, name, type, shape, rotary] = plans_[i];
            tensors.push_back({name, shape.rank() == 1 ? DType::f32 : DType::i8, shape});
            sources_.push_back({i, false});
            if (shape.rank() == 1) continue;
            const std::int64_t groups = is_row_scaled(name) ? 1 : shape.last() / kGroup;
            tensors.push_back({scales_name(name), DType::f32, Shape{shape.rows(), groups}});
            sources_.push_back({i, true});
        }
        return tensors;
    }

    // Of tensor i of planned(), one after the other.
    Result<std::span<const std::byte>> bytes(std::size_t i) {
        const auto [plan, scales] = sources_[i];
        if (plans_[plan].shape.rank() == 1) return exporter_.bytes(plan);
        if (made_ != plan) CRIA_TRY(make(plan));  // for the scales alone, where an earlier run has written the numbers
        return scales ? std::as_bytes(std::span(scales_)) : std::as_bytes(std::span(numbers_));
    }

    // For Resume, as TensorExporter has them. A matrix is there when its scales are.
    std::string note() const { return json_text(to_json(last_)); }
    Status keep(std::size_t i, std::string_view note) {
        const auto [plan, scales] = sources_[i];
        const bool matrix = plans_[plan].shape.rank() == 2;
        if (matrix && !scales) return {};
        CRIA_TRY(exporter_.keep(plan, note));
        return matrix && is_row_scaled(plans_[plan].name) ? tell_rounded(plan) : Status();
    }

private:
    static bool is_row_scaled(std::string_view name) {
        return name == "tok_embeddings.weight" || name == "output.weight";
    }
    static std::string scales_name(const std::string& name) {
        return name.substr(0, name.size() - std::string_view("weight").size()) + "scales";
    }
    static std::vector<TensorPlan> typed(std::vector<TensorPlan> plans) {
        for (TensorPlan& plan : plans)
            if (plan.shape.rank() == 2 && !is_row_scaled(plan.name)) plan.type = BlockType::q4_0;
        return plans;
    }

    Status make(std::size_t plan) {
        const auto from = CRIA_TRY(exporter_.bytes(plan));
        numbers_.clear(), scales_.clear();
        made_ = plan;
        if (is_row_scaled(plans_[plan].name)) {
            round_rows(from, plans_[plan].shape.last());
            return tell_rounded(plan);
        }
        split_blocks(from);
        return {};
    }

    void split_blocks(std::span<const std::byte> blocks) {
        const BlockLayout& layout = layout_of(BlockType::q4_0);
        BlockNumbers block;
        for (std::size_t at = 0; at < blocks.size(); at += static_cast<std::size_t>(layout.bytes)) {
            read_numbers(BlockType::q4_0, blocks.data() + at, block);
            scales_.push_back(to_f32(block.scale));
            for (std::int64_t i = 0; i < kGroup; ++i)
                numbers_.push_back(static_cast<std::int8_t>(block.numbers[static_cast<std::size_t>(i)] - 8));
        }
    }

    // Rows of f32, each by the scale that its largest number needs; last_ learns what that loses.
    void round_rows(std::span<const std::byte> rows, std::int64_t columns) {
        const std::span values(reinterpret_cast<const float*>(rows.data()), rows.size() / sizeof(float));
        double squares = 0, errors = 0, worst = 0;
        for (std::size_t first = 0; first < values.size(); first += static_cast<std::size_t>(columns)) {
            const auto row = values.subspan(first, static_cast<std::size_t>(columns));
            float largest = 0;
            for (const float value : row) largest = std::max(largest, std::abs(value));
            const float scale = to_f32(to_f16(largest / 127));
            scales_.push_back(scale);
            for (const float value : row) {
                const float number = scale > 0 ? std::clamp(std::nearbyint(value / scale), -127.0f, 127.0f) : 0.0f;
                numbers_.push_back(static_cast<std::int8_t>(number));
                const double error = std::abs(static_cast<double>(value) - static_cast<double>(number * scale));
                squares += static_cast<double>(value) * static_cast<double>(value), errors += error * error;
                worst = std::max(worst, error);
            }
        }
        last_.relative_error = squares > 0 ? std::sqrt(errors / squares) : 0;
        last_.worst_error = worst;
    }

    // The exporter has told of rows of f32.
    Status tell_rounded(std::size_t plan) {
        const Shape& shape = plans_[plan].shape;
        last_.type = "i8";
        last_.bytes =
            static_cast<std::size_t>(shape.elements()) + static_cast<std::size_t>(shape.rows()) * sizeof(float);
        if (!on_tensor_(last_, done_)) return fail(ErrorKind::cancelled, "interrupted");
        return {};
    }

    struct Source {
        std::size_t plan;
        bool scales;
    };
    // What the exporter tells; a member, because the exporter keeps a reference to it. Of tensors that are rounded here
    // the user hears afterwards.
    struct Hears {
        Int4Writer& writer;
        bool operator()(const ExportedTensor& tensor, double done) {
            writer.last_ = tensor, writer.done_ = done;
            return is_row_scaled(tensor.name) || writer.on_tensor_(tensor, done);
        }
    };
    OnTensor on_tensor_;
    std::vector<TensorPlan> plans_;
    ExportedTensor last_{};
    double done_ = 0;
    std::vector<Source> sources_{};
    std::optional<std::size_t> made_{};  // the plan of numbers_ and scales_
    std::vector<std::int8_t> numbers_{};
    std::vector<float> scales_{};
    Hears hears_{*this};
    TensorExporter exporter_;
};

}  // namespace

Status write_meta_int4(Os& os, const ModelFiles& from, const Path& to, const Compute& compute, OnTensor on_tensor) {
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    CRIA_TRY(check_exportable(config, from.folder.string()));
    for (const std::int64_t columns : {config.width, config.query_width(), config.ffn_width})
        if (columns % kGroup != 0)
            return fail(ErrorKind::unsupported, "{}: a matrix has rows of {} numbers; int4-g32 wants multiples of {}",
                        from.folder.string(), columns, kGroup);
    const Tokenizer tokenizer = CRIA_TRY(read_tokenizer(os, from));
    Int4Writer writer(CRIA_TRY(Checkpoint::open(os, from, config)), config, compute, on_tensor);
    CRIA_TRY(os.make_folders(to));
    CRIA_TRY(write_meta_config(os, to, config, kGroup));
    CRIA_TRY(write_atomically(os, to / "tokenizer.model", write_tiktoken_ranks(tokenizer.ranks())));
    CRIA_TRY(carry_system_message(os, from, to));
    const std::vector<PlannedTensor> plans = writer.planned();
    const auto bytes_at = [&](std::size_t i) { return writer.bytes(i); };
    const auto note = [&] { return writer.note(); };
    const auto keep = [&](std::size_t i, std::string_view noted) { return writer.keep(i, noted); };
    const Resume resume{CRIA_TRY(export_identity(os, from, "meta int4-g32")), note, keep};
    return write_torch_file(os, to / "consolidated.00.pth", plans, bytes_at, &resume);
}

}  // namespace cria
