// cria list
#include <algorithm>

#include "base/json.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "store/model_folder.h"

namespace cria {
namespace {

// Twelve hexadecimal digits that change when the weights do: FNV-1a of the sizes and times of the files.
Result<std::string> fingerprint(Os& os, const Path& folder) {
    std::uint64_t hash = 0xcbf29ce484222325u;
    const auto mix = [&](std::string_view text) {
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    };
    for (const Path& file : CRIA_TRY(os.list(folder))) {
        const auto info = os.info(file);
        if (!info || info->is_folder) continue;
        mix(fmt::format("{} {} {}\n", file.filename().string(), info->size_bytes, info->modified_unix_s));
    }
    return fmt::format("{:012x}", hash >> 16);
}

class ListVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "list",
                .summary = "list the models there are",
                .description =
                    "Lists the models that can be called by name: folders with a model in $CRIA_MODELS, "
                    "in ~/.cria/models, and beside the program. Any other folder can be used by its path.\n\n"
                    "ID changes when a file of the model changes. SIZE counts all files of the folder.",
                .examples = "  cria list\n  cria list --json\n  CRIA_MODELS=/data/models cria ls\n",
                .alias = "ls"};
    }

    void add_options(Options& options) override { options.flag("--json", json_, "print a JSON list"); }

    Result<int> run(Cli& cli) override {
        const auto folders = model_folders(cli.environment);
        const auto models = CRIA_TRY(list_models(cli.os, folders));
        std::vector<std::string> ids;
        for (const ModelListing& model : models) ids.push_back(CRIA_TRY(fingerprint(cli.os, model.folder)));
        cli.console.out(json_ ? as_json(models, ids) : as_table(cli, models, ids));
        if (models.empty() && !json_) {
            std::string places;
            for (const Path& folder : folders) places += "\n  " + folder.string();
            cli.console.err("cria: there are no models in" + places + "\n");
        }
        return kDone;
    }

private:
    static std::string as_json(std::span<const ModelListing> models, std::span<const std::string> ids) {
        OrderedJson list = OrderedJson::array();
        for (std::size_t i = 0; i < models.size(); ++i) {
            list.push_back({{"name", models[i].name},
                            {"id", ids[i]},
                            {"size", models[i].bytes},
                            {"modified", models[i].modified_unix_s},
                            {"folder", models[i].folder.string()}});
        }
        return json_text(list, 2) + "\n";
    }

    static std::string as_table(Cli& cli, std::span<const ModelListing> models, std::span<const std::string> ids) {
        const auto now = std::chrono::floor<std::chrono::seconds>(cli.os.wall()).time_since_epoch().count();
        std::size_t width = 4;
        for (const ModelListing& model : models) width = std::max(width, model.name.size());
        std::string table = fmt::format("{:<{}}    {:<12}    {:>8}    {}\n", "NAME", width, "ID", "SIZE", "MODIFIED");
        for (std::size_t i = 0; i < models.size(); ++i) {
            table += fmt::format("{:<{}}    {:<12}    {:>8}    {}\n", models[i].name, width, ids[i],
                                 human_bytes(models[i].bytes), age_text(now - models[i].modified_unix_s));
        }
        return table;
    }

    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_list_verb() { return std::make_unique<ListVerb>(); }

}  // namespace cria
