// cria perplexity
#include "base/json.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text_windows.h"
#include "cli/verb.h"

namespace cria {
namespace {

class PerplexityVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "perplexity",
            .summary = "measure how well a model predicts a text",
            .description =
                "Prints the perplexity of a text: e to the mean cross-entropy of its tokens. The text is cut into "
                "windows of --context tokens side by side, each begins with <|begin_of_text|>, and the second half of "
                "each counts, as the perplexity tool of llama.cpp does it. Lower is better.",
            .examples =
                "  cria perplexity demo --file notes.txt\n"
                "  cria perplexity ./Llama-3.2-1B --file wiki.test.raw --context 512 --json\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", model_, "the model's name, folder or file", Need::required);
        add_text_options(options, text_);
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const Compute compute = CRIA_TRY(cli.compute());
        const auto loaded = CRIA_TRY(load_named_model(cli, model_, text_.context));
        const TextWindows windows = CRIA_TRY(read_windows(cli, text_, loaded->tokenizer));
        WindowCounter counter(cli, windows);
        const Perplexity result = CRIA_TRY(measure_perplexity(loaded->model, compute, windows, counter.report()));
        counter.end();
        const OrderedJson object{
            {"perplexity", result.perplexity}, {"tokens", result.tokens}, {"windows", result.windows}};
        cli.console.out(json_ ? object.dump() + "\n"
                              : fmt::format("perplexity {:.4f} over {} tokens in {} windows of {}\n", result.perplexity,
                                            result.tokens, result.windows, windows.context));
        return kDone;
    }

private:
    std::string model_;
    TextOptions text_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_perplexity_verb() { return std::make_unique<PerplexityVerb>(); }

}  // namespace cria
