// cria rm
#include "base/json.h"
#include "cli/program.h"
#include "cli/user_models.h"
#include "cli/verb.h"

namespace cria {
namespace {

class RmVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "rm",
            .summary = "remove a model",
            .description =
                "Removes models of $CRIA_MODELS or ~/.cria/models, with all their files, for good. Models that came "
                "with the program and folders elsewhere are not touched.",
            .examples = "  cria rm Llama-3.2-1B-Instruct\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", models_, "the models' names (see cria list)", Need::required);
    }

    Result<int> run(Cli& cli) override {
        std::vector<Path> folders;  // all are looked for before the first goes
        for (const std::string& model : models_)
            folders.push_back(CRIA_TRY(find_user_model(cli.os, cli.environment, model)));
        for (const Path& folder : folders) {
            CRIA_TRY(remove_model(cli.os, folder));
            cli.console.out(fmt::format("removed {}\n", folder.string()));
        }
        return kDone;
    }

private:
    std::vector<std::string> models_;
};

}  // namespace

std::unique_ptr<Verb> make_rm_verb() { return std::make_unique<RmVerb>(); }

}  // namespace cria
