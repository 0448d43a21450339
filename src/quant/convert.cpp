#include "quant/convert.h"

#include <utility>

#include "base/json.h"
#include "model/model_files.h"
#include "quant/layout_plan.h"
#include "store/safetensors.h"
#include "store/torch_file.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxConfigBytes = 1u << 20;

Result<DType> dtype_of(Checkpoint& checkpoint, const LlamaConfig& config, const ModelFiles& from) {
    const std::string embedding = "model.embed_tokens.weight";
    if (checkpoint.holds_blocks(embedding))
        return fail(ErrorKind::invalid_input,
                    "{} is quantised; --dtype must say what its numbers become: f32 keeps them exactly, bf16 and f16 "
                    "round them",
                    from.weights.front().string());
    return CRIA_TRY(checkpoint.take(embedding, Shape{config.vocabulary, config.width})).dtype();
}

Status write_hugging_face_config(Os& os, const Path& to, const LlamaConfig& config, DType dtype,
                                 const ModelFiles& from) {
    CRIA_TRY(write_config_json(os, to, config, dtype));
    if (!from.generation_config) return {};
    const std::string text = CRIA_TRY(read_text(os, *from.generation_config, kMaxConfigBytes));
    return write_atomically(os, to / "generation_config.json", text);
}

}  // namespace

Result<DType> source_dtype(Os& os, const ModelFiles& from) {
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, from, config));
    return dtype_of(checkpoint, config, from);
}

Status convert_model(Os& os, const ModelFiles& from, const Path& to, ModelFormat format, std::optional<DType> dtype,
                     const Compute& compute, OnTensor on_tensor) {
    CRIA_ASSERT(format != ModelFormat::gguf);
    const LlamaConfig config = CRIA_TRY(read_config(os, from));
    if (!config.cross_attention_layers.empty())
        return fail(ErrorKind::unsupported, "{}: models that see images cannot be converted yet", from.folder.string());
    CRIA_TRY(check_exportable(config, from.folder.string()));
    const Tokenizer tokenizer = CRIA_TRY(read_tokenizer(os, from));
    Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(os, from, config));
    const DType type = dtype ? *dtype : CRIA_TRY(dtype_of(checkpoint, config, from));
    CRIA_TRY(os.make_folders(to));
    const bool meta = format == ModelFormat::meta;
    if (meta) {
        CRIA_TRY(write_meta_config(os, to, config));
        CRIA_TRY(write_atomically(os, to / "tokenizer.model", write_tiktoken_ranks(tokenizer.ranks())));
    } else {
        CRIA_TRY(write_hugging_face_config(os, to, config, type, from));
        CRIA_TRY(write_atomically(os, to / "tokenizer.json", write_tokenizer_json(tokenizer)));
    }
    CRIA_TRY(carry_system_message(os, from, to));
    TensorExporter exporter(std::move(checkpoint), config, plan_layout(config, format, type), compute, on_tensor);
    std::vector<PlannedTensor> plans;
    for (const TensorPlan& plan : exporter.plans()) plans.push_back({plan.name, type, plan.shape});
    const auto bytes_at = [&](std::size_t i) { return exporter.bytes(i); };
    const auto note = [&] { return exporter.note(); };
    const auto keep = [&](std::size_t i, std::string_view noted) { return exporter.keep(i, noted); };
    const std::string as = fmt::format("{} {}", meta ? "meta" : "safetensors", name_of(type));
    const Resume resume{CRIA_TRY(export_identity(os, from, as)), note, keep};
    if (meta) return write_torch_file(os, to / "consolidated.00.pth", plans, bytes_at, &resume);
    return write_safetensors(os, to / "model.safetensors", plans, bytes_at, {{"format", "pt"}}, &resume);
}

}  // namespace cria
