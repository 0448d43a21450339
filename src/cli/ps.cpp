// cria ps
#include <algorithm>

#include "base/json.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "store/held_models.h"

namespace cria {
namespace {

class PsVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "ps",
                .summary = "list the models that processes hold in memory",
                .description =
                    "Lists your processes of Cria that hold a model at this moment: one line for each model, the "
                    "longest held first. SIZE counts the memory for weights and for the keys and values of CONTEXT "
                    "tokens. A process that was killed is not listed. Training runs hold their model in another way, "
                    "and are not listed either.",
                .examples = "  cria ps\n  cria ps --json\n"};
    }

    void add_options(Options& options) override { options.flag("--json", json_, "print a JSON list"); }

    Result<int> run(Cli& cli) override {
        std::vector<HeldModel> models;
        for (const Path& folder : runtime_folders(cli.environment)) {
            const HeldModels held = CRIA_TRY(list_held_models(cli.os, folder));
            models.insert(models.end(), held.models.begin(), held.models.end());
            for (const std::string& fault : held.faults) cli.console.err(fmt::format("cria: passed over: {}\n", fault));
        }
        std::ranges::stable_sort(models, {}, &HeldModel::since_unix_s);
        cli.console.out(json_ ? as_json(models) : as_table(cli, models));
        if (models.empty() && !json_) cli.console.err("cria: no process of yours holds a model\n");
        return kDone;
    }

private:
    static std::string as_json(std::span<const HeldModel> models) {
        OrderedJson list = OrderedJson::array();
        for (const HeldModel& model : models) {
            list.push_back({{"name", model.name},
                            {"pid", model.process},
                            {"command", model.command},
                            {"size", model.bytes},
                            {"context", model.context},
                            {"since", model.since_unix_s}});
        }
        return json_text(list, 2) + "\n";
    }

    static std::string as_table(Cli& cli, std::span<const HeldModel> models) {
        const auto now = std::chrono::floor<std::chrono::seconds>(cli.os.wall()).time_since_epoch().count();
        std::size_t width = 4;
        for (const HeldModel& model : models) width = std::max(width, model.name.size());
        const auto line = [width](std::string_view name, const auto&... others) {
            return fmt::format("{:<{}}    {:>7}    {:<10}    {:>8}    {:>7}    {}\n", name, width, others...);
        };
        std::string table = line("NAME", "PID", "COMMAND", "SIZE", "CONTEXT", "SINCE");
        for (const HeldModel& model : models)
            table += line(model.name, model.process, model.command, human_bytes(model.bytes), model.context,
                          age_text(now - model.since_unix_s));
        return table;
    }

    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_ps_verb() { return std::make_unique<PsVerb>(); }

}  // namespace cria
