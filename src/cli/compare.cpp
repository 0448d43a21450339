// cria compare
#include "base/json.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/text_windows.h"
#include "cli/verb.h"

namespace cria {
namespace {

class CompareVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "compare",
            .summary = "measure how far one model's predictions are from another's",
            .description =
                "Runs two models with the same vocabulary over a text, in windows as cria perplexity cuts them, and "
                "prints how far the predictions of B are from those of A: the Kullback-Leibler divergence (natural "
                "logarithm; 0: the same), its mean and what one prediction in a hundred exceeds, and how often both "
                "find the same token likeliest. So one sees what quantising or training cost.",
            .examples =
                "  cria compare ./model model-Q8_0.gguf --file notes.txt\n"
                "  cria compare A B --file notes.txt --context 512 --json\n"};
    }

    void add_options(Options& options) override {
        options.positional("A", first_, "the model to measure from", Need::required);
        options.positional("B", second_, "the model to measure", Need::required);
        add_text_options(options, text_);
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const Compute compute = CRIA_TRY(cli.compute());
        const auto first = CRIA_TRY(load_named_model(cli, first_, text_.context));
        const auto second = CRIA_TRY(load_named_model(cli, second_, text_.context));
        if (first->tokenizer.ranks() != second->tokenizer.ranks() ||
            first->model.config().vocabulary != second->model.config().vocabulary)
            return fail(ErrorKind::invalid_input,
                        "{} and {} have different vocabularies; their predictions cannot be compared", first_, second_);
        const TextWindows windows = CRIA_TRY(read_windows(cli, text_, first->tokenizer));
        WindowCounter counter(cli, windows);
        const TextDistance result =
            CRIA_TRY(measure_distance(first->model, second->model, compute, windows, counter.report()));
        counter.end();
        const OrderedJson object{{"kl_mean", result.kl_mean},
                                 {"kl_p99", result.kl_p99},
                                 {"top1_agreement", result.top1_agreement},
                                 {"positions", result.positions}};
        cli.console.out(json_ ? object.dump() + "\n" : table(result));
        return kDone;
    }

private:
    static std::string table(const TextDistance& d) {
        return fmt::format(
            "divergence, mean      {:.6f}\ndivergence, 99 %      {:.6f}\nsame likeliest token  {:.2f} %\npredictions   "
            "      "
            "  {}\n",
            d.kl_mean, d.kl_p99, 100 * d.top1_agreement, d.positions);
    }

    std::string first_, second_;
    TextOptions text_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_compare_verb() { return std::make_unique<CompareVerb>(); }

}  // namespace cria
