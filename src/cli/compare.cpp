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
                "logarithm; 0: the same), its mean and what half, one in ten and one in a hundred exceed, and how "
                "often both "
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
        const auto first = CRIA_TRY(load_named_model(cli, first_, text_.context, {}, {.beside = second_}));
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
        CRIA_TRY(write_picture(cli, text_, picture(result)));
        const OrderedJson object{{"kl_mean", result.kl_mean},
                                 {"kl_p99", result.kl_p99},
                                 {"top1_agreement", result.top1_agreement},
                                 {"positions", result.positions},
                                 {"kl_p50", result.kl_percentiles[50]},
                                 {"kl_p90", result.kl_percentiles[90]},
                                 {"kl_max", result.kl_percentiles[100]}};
        cli.console.out(json_ ? json_text(object) + "\n" : table(result));
        return kDone;
    }

private:
    static std::string table(const TextDistance& d) {
        return fmt::format(
            "divergence, mean      {:.6f}\ndivergence, 50 %      {:.6f}\ndivergence, 90 %      {:.6f}\n"
            "divergence, 99 %      {:.6f}\ndivergence, largest   {:.6f}\nsame likeliest token  {:.2f} %\n"
            "predictions           {}\n",
            d.kl_mean, d.kl_percentiles[50], d.kl_percentiles[90], d.kl_p99, d.kl_percentiles[100],
            100 * d.top1_agreement, d.positions);
    }

    // The divergence by place in the window.
    Chart picture(const TextDistance& d) const {
        std::vector<ChartPoint> places;
        for (std::size_t i = 0; i < d.kl_by_place.size(); ++i)
            places.push_back({static_cast<double>(text_.context / 2) + static_cast<double>(i), d.kl_by_place[i]});
        return {.title = fmt::format("{} from {}: mean {:.6f}, same likeliest token {:.2f} %", second_, first_,
                                     d.kl_mean, 100 * d.top1_agreement),
                .x_label = "place in the window",
                .y_label = "Kullback-Leibler divergence",
                .logarithmic = true,
                .lines = {{"", places, ChartLine::Look::faint}, {"mean of 25 places", running_mean(places, 12)}}};
    }

    std::string first_, second_;
    TextOptions text_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_compare_verb() { return std::make_unique<CompareVerb>(); }

}  // namespace cria
