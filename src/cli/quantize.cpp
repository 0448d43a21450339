// cria quantize
#include "base/json.h"
#include "cli/export_report.h"
#include "cli/interrupt.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "quant/gguf_export.h"
#include "quant/int4_export.h"

namespace cria {
namespace {

class QuantizeVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "quantize",
            .summary = "write a model in fewer bits",
            .description =
                "Reads a model in any layout and writes one GGUF file, with its configuration and tokenizer, that "
                "Cria and llama.cpp open. The matrices become --type: f32, bf16, f16, q8_0, q6_k, q5_k_m, q4_k_m or "
                "q4_0; the mixtures are llama.cpp's. Each number is rounded after a search for the scale that loses "
                "least. int4-g32 is Meta's scheme for phones: DST becomes a folder in Meta's layout, with matrices of "
                "four bits in groups of 32, embedding and output of eight. Memory holds one tensor at a time. The file "
                "appears when it is whole; after Ctrl-C or a crash the same command goes on where it was stopped. "
                "Prints what each tensor lost: the root mean square of its error, in per cent "
                "of its values.",
            .examples =
                "  cria quantize ./Llama-3.2-1B-Instruct model-Q4_K_M.gguf --type q4_k_m\n"
                "  cria quantize demo demo.gguf --type q8_0 --json\n"
                "  cria quantize ./Llama-3.2-1B-Instruct ./Llama-1B-Instruct-int4 --type int4-g32\n"
                "  cria compare demo demo.gguf --file notes.txt\n"};
    }

    void add_options(Options& options) override {
        options.positional("SRC", source_, "the model's name, folder or file", Need::required);
        options.positional("DST", target_, "the GGUF file to write; for int4-g32 the folder", Need::required);
        options.value("--type", type_, "TYPE", "f32, bf16, f16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0 or int4-g32",
                      Need::required);
        options.flag("--force", force_, "replace a file that is there");
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        ExportReport report(cli);
        const bool int4 = type_ == "int4-g32";
        const Path written = int4 ? Path(target_) / "consolidated.00.pth" : Path(target_);
        if (!force_ && cli.os.info(written))
            return fail(ErrorKind::invalid_input, "{} is there already; --force replaces it", written.string());
        const Path path = CRIA_TRY(find_named_model(cli, source_));
        const Compute compute = CRIA_TRY(cli.compute());
        const ModelFiles files = CRIA_TRY(open_model_folder(cli.os, path));
        CRIA_TRY(int4 ? write_meta_int4(cli.os, files, target_, compute, report)
                      : export_gguf(cli.os, files, target_, type_, compute, report));
        CRIA_TRY(report.finish(written));
        cli.console.out(json_ ? report.as_json() : as_table(report));
        return kDone;
    }

private:
    std::string as_table(const ExportReport& report) const {
        std::string out = fmt::format("{:<30} {:>6} {:>10} {:>9} {:>11}\n", "TENSOR", "TYPE", "SIZE", "ERROR", "WORST");
        for (const ExportedTensor& t : report.tensors())
            out += fmt::format("{:<30} {:>6} {:>10} {:>7.3f} % {:>11.3g}\n", t.name, t.type, human_bytes(t.bytes),
                               100 * t.relative_error, t.worst_error);
        return out + fmt::format("{}: {} in {}\n", target_, human_bytes(report.bytes()), time_text(report.seconds()));
    }

    std::string source_, target_, type_;
    bool force_ = false;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_quantize_verb() { return std::make_unique<QuantizeVerb>(); }

}  // namespace cria
