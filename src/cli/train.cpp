// cria train
#include "train/trainer.h"

#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "kernels/processor.h"

namespace cria {
namespace {

class TrainVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "train",
            .summary = "train a model from a recipe",
            .description =
                "Trains the model that RECIPE.yaml describes (docs/training.md) and writes it as a folder that cria "
                "run "
                "opens. On a terminal shows progress: loss, tokens per second, the share of the machine's peak, and "
                "the "
                "time left; otherwise prints one JSON line a step. The folder also gets log.jsonl and loss.svg.\n\n"
                "Ctrl-C writes a checkpoint and ends; the same command goes on from there, bit for bit as if it had "
                "never stopped, also after a crash. --fresh starts anew.\n\n"
                "--set changes a key of the recipe for this run: --set steps=100 --set optimizer.clip=0.5.",
            .examples =
                "  cria train recipes/demo.yaml\n"
                "  cria train recipes/demo.yaml --set steps=50 --set output.folder=/tmp/try --fresh\n"
                "  cria train recipes/demo.yaml --json-log run.jsonl\n"};
    }

    void add_options(Options& options) override {
        options.positional("RECIPE", recipe_, "the recipe, a YAML file", Need::required);
        options.value("--set", settings_, "KEY=VALUE", "change a key of the recipe; may be repeated");
        options.value("--json-log", json_log_, "FILE",
                      "where the JSON lines go (default: log.jsonl in the output folder)");
        options.flag("--fresh", fresh_, "remove earlier checkpoints instead of going on from them");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        const Recipe recipe = CRIA_TRY(read_recipe(cli.os, recipe_, settings_));
        const Compute compute = CRIA_TRY(cli.compute());
        const double peak_gflops = measure_f32_gflops(cli.os, compute.pool);
        Progress progress(cli);
        TrainHooks hooks{.compute = compute,
                         .peak_flops = peak_gflops * 1e9,
                         .cancel = &interrupted(),
                         .fresh = fresh_,
                         .command = command(),
                         .json_log = json_log_};
        hooks.on_step = [&](const TrainProgress& state) { show(cli, progress, state); };
        hooks.on_message = [&](std::string_view message) { progress.say(message); };
        const Status status = run_training(cli.os, recipe, hooks);
        progress.end();
        if (!status) return std::unexpected(status.error());
        return kDone;
    }

private:
    std::string command() const {
        std::string text = "cria train " + recipe_;
        for (const std::string& setting : settings_) text += " --set " + setting;
        return text;
    }

    static void show(Cli& cli, Progress& progress, const TrainProgress& state) {
        const StepRecord& r = state.record;
        if (!cli.console.output_is_terminal()) cli.console.out(log_line(r));
        std::string line =
            fmt::format("step {}/{}  loss {:.4f}  {:.0f} tokens/s", r.step, state.steps, r.loss, r.tokens_per_s);
        if (r.peak_share) line += fmt::format("  {:.0f} % of peak", *r.peak_share * 100);
        if (r.validation_loss) progress.say(fmt::format("step {}: validation loss {:.4f}", r.step, *r.validation_loss));
        progress.show(line + "  " + time_text(state.seconds_left) + " left");
    }

    std::string recipe_;
    std::vector<std::string> settings_;
    std::string json_log_;
    bool fresh_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_train_verb() { return std::make_unique<TrainVerb>(); }

}  // namespace cria
