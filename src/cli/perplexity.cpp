// cria perplexity
#include <cmath>

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
        CRIA_TRY(write_picture(cli, text_, picture(result)));
        const OrderedJson object{
            {"perplexity", result.perplexity}, {"tokens", result.tokens}, {"windows", result.windows}};
        cli.console.out(json_ ? json_text(object) + "\n"
                              : fmt::format("perplexity {:.4f} over {} tokens in {} windows of {}\n", result.perplexity,
                                            result.tokens, result.windows, windows.context));
        return kDone;
    }

private:
    // How the perplexity of each window and of all so far went.
    Chart picture(const Perplexity& result) const {
        std::vector<ChartPoint> each, so_far;
        double sum = 0;
        for (const double loss : result.window_losses) {
            sum += loss;
            const auto number = static_cast<double>(each.size() + 1);
            each.push_back({number, std::exp(loss)});
            so_far.push_back({number, std::exp(sum / number)});
        }
        return {.title = fmt::format("{}: perplexity {:.4f}", model_, result.perplexity),
                .x_label = "window",
                .y_label = "perplexity",
                .logarithmic = true,
                .lines = {{"", each, ChartLine::Look::faint}, {"of all so far", so_far}}};
    }

    std::string model_;
    TextOptions text_;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_perplexity_verb() { return std::make_unique<PerplexityVerb>(); }

}  // namespace cria
