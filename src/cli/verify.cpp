// cria verify
#include "base/json.h"
#include "cli/interrupt.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "store/manifest.h"

namespace cria {
namespace {

class VerifyVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "verify",
            .summary = "check a model's files against their checksums",
            .description =
                "Reads every file of a model that cria pull fetched, or that has Meta's checklist.chk beside it, and "
                "compares it with the size and checksum on record. The exit code is 1 when a file is not as it "
                "should be.",
            .examples = "  cria verify Llama-3.2-1B-Instruct\n  cria verify ./Llama3.2-1B\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", model_, "the model's name or folder", Need::required);
        options.flag("--json", json_, "print a JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const Path folder = CRIA_TRY(find_named_model(cli, model_));
        const auto manifest = CRIA_TRY(read_manifest(cli.os, folder));
        if (!manifest)
            return fail(ErrorKind::not_found,
                        "no checksums are on record for {}: cria pull did not fetch it, and it has no checklist.chk",
                        folder.string());
        Progress progress(cli);
        const auto verdicts = CRIA_TRY(verify_files(cli.os, folder, *manifest, [&](std::uint64_t read) {
            progress.show(fmt::format("read {}", human_bytes(read)));
            return !interrupted();
        }));
        progress.end();
        bool good = true;
        for (const FileVerdict& verdict : verdicts) good = good && verdict.fault.empty();
        cli.console.out(json_ ? as_json(folder, verdicts, good) : as_lines(verdicts));
        return good ? kDone : kFault;
    }

private:
    static std::string as_lines(const std::vector<FileVerdict>& verdicts) {
        std::string lines;
        for (const FileVerdict& verdict : verdicts)
            lines += fmt::format("{}: {}\n", verdict.path, verdict.fault.empty() ? "ok" : verdict.fault);
        return lines;
    }

    static std::string as_json(const Path& folder, const std::vector<FileVerdict>& verdicts, bool good) {
        OrderedJson files = OrderedJson::array();
        for (const FileVerdict& verdict : verdicts)
            files.push_back({{"path", verdict.path}, {"ok", verdict.fault.empty()}, {"fault", verdict.fault}});
        const OrderedJson json{{"folder", folder.string()}, {"ok", good}, {"files", std::move(files)}};
        return json_text(json, 2) + "\n";
    }

    std::string model_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_verify_verb() { return std::make_unique<VerifyVerb>(); }

}  // namespace cria
