// cria convert
#include "quant/convert.h"
#include <algorithm>

#include "cli/export_report.h"
#include "cli/interrupt.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "quant/gguf_export.h"

namespace cria {
namespace {

class ConvertVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "convert",
            .summary = "write a model in another layout",
            .description =
                "Writes a model as a Hugging Face folder (safetensors), as Meta's files (meta), or as one GGUF file "
                "(gguf), with its configuration and tokenizer. Numbers keep their type, and then their bits, unless "
                "--dtype says otherwise; a quantised model needs --dtype. Memory holds one tensor at a time. The "
                "weights appear when they are whole; after Ctrl-C or a crash the same command goes on where it was "
                "stopped. To quantise, see cria quantize.",
            .examples =
                "  cria convert ./Llama-3.2-1B/original ./Llama-3.2-1B-hf --format safetensors\n"
                "  cria convert demo demo.gguf --format gguf\n"
                "  cria convert model-Q8_0.gguf ./model --format safetensors --dtype bf16\n"};
    }

    void add_options(Options& options) override {
        options.positional("SRC", source_, "the model's name, folder or file", Need::required);
        options.positional("DST", target_, "the folder to make; for gguf the file", Need::required);
        options.value("--format", format_, "FORMAT", "safetensors, gguf or meta", Need::required);
        options.value("--dtype", dtype_, "TYPE", "f32, bf16 or f16 (default: as the source has it)");
        options.flag("--force", force_, "replace what is there");
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        ExportReport report(cli);
        if (format_ != "safetensors" && format_ != "gguf" && format_ != "meta")
            return fail(ErrorKind::invalid_input, "there is no format '{}'; there are safetensors, gguf and meta",
                        format_);
        const auto dtype = CRIA_TRY(chosen_dtype());
        if (!force_ && cli.os.info(written_file()))
            return fail(ErrorKind::invalid_input, "{} is there already; --force replaces it", written_file().string());
        const Path path = CRIA_TRY(find_named_model(cli, source_));
        const ModelFiles files = CRIA_TRY(open_model_folder(cli.os, path));
        const Compute compute = CRIA_TRY(cli.compute());
        CRIA_TRY(write(cli.os, files, dtype, compute, report));
        CRIA_TRY(report.finish(written_file()));
        cli.console.out(json_ ? report.as_json() : as_sentence(report));
        return kDone;
    }

private:
    // The weights.
    Path written_file() const {
        if (format_ == "gguf") return target_;
        return Path(target_) / (format_ == "meta" ? "consolidated.00.pth" : "model.safetensors");
    }

    Result<std::optional<DType>> chosen_dtype() const {
        if (dtype_.empty()) return std::nullopt;
        const auto dtype = dtype_named(dtype_);
        if (!dtype || *dtype == DType::i8 || *dtype == DType::i32)
            return fail(ErrorKind::invalid_input, "--dtype is f32, bf16 or f16, not '{}'", dtype_);
        return dtype;
    }

    Status write(Os& os, const ModelFiles& files, std::optional<DType> dtype, const Compute& compute,
                 OnTensor on_tensor) const {
        if (format_ == "gguf") {
            const DType type = dtype ? *dtype : CRIA_TRY(source_dtype(os, files));
            return export_gguf(os, files, target_, name_of(type), compute, on_tensor);
        }
        const ModelFormat format = format_ == "meta" ? ModelFormat::meta : ModelFormat::hugging_face;
        return convert_model(os, files, target_, format, dtype, compute, on_tensor);
    }

    std::string as_sentence(const ExportReport& report) const {
        double worst = 0;
        for (const ExportedTensor& tensor : report.tensors()) worst = std::max(worst, tensor.worst_error);
        return fmt::format("{}: {} tensors, {} in {}{}\n", written_file().string(), report.tensors().size(),
                           human_bytes(report.bytes()), time_text(report.seconds()),
                           worst > 0 ? fmt::format("; rounding changed numbers by up to {:.3g}", worst) : "");
    }

    std::string source_, target_, format_, dtype_;
    bool force_ = false;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_convert_verb() { return std::make_unique<ConvertVerb>(); }

}  // namespace cria
