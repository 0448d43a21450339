// cria pull
#include <algorithm>

#include "base/json.h"
#include "cli/interrupt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/user_models.h"
#include "cli/verb.h"
#include "store/hub.h"
#include "store/manifest.h"

namespace cria {
namespace {

class PullVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "pull",
                .summary = "fetch a model",
                .description =
                    "Fetches a model from Hugging Face, or with --meta-url through the link of Meta's e-mail, and "
                    "keeps it in "
                    "$CRIA_MODELS or ~/.cria/models. MODEL is a name of the catalogue (see --list), owner/name of a "
                    "repository, or hf.co/owner/name:TYPE for a GGUF file of that type; @REVISION may follow.\n\n"
                    "Files come in parts over several connections. A pull that was interrupted, or killed, goes on "
                    "where it "
                    "was when the same command is given again. A model appears under its name only when every file is "
                    "there and has the right checksum.\n\n"
                    "Most models of Meta have a licence: accept it on the model's page, make a token, and give it in "
                    "HF_TOKEN "
                    "or in ~/.cache/huggingface/token. HF_ENDPOINT names another hub; https_proxy is honoured.",
                .examples =
                    "  cria pull llama3.2:1b\n"
                    "  HF_TOKEN=hf_... cria pull meta-llama/Llama-3.2-3B-Instruct\n"
                    "  cria pull hf.co/bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M\n"
                    "  cria pull llama3.2:1b --meta-url 'https://llama3-2-lightweight.llamameta.net/*?Policy=...'\n"
                    "  cria pull --list\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", model_, "what to fetch");
        options.flag("--list", list_, "show the catalogue");
        options.value("--name", name_, "NAME", "the name to keep it under (default: the repository's or file's)");
        options.value("--meta-url", meta_url_, "URL", "the signed link of Meta's e-mail, in quotes");
        options.value("--token", token_, "TOKEN",
                      "Hugging Face's token; others on the machine can see it, HF_TOKEN not");
        options.value("--connections", connections_, "N", "connections at a time (default: 8)");
        options.value("--part-size", part_mib_, "MIB", "a part of a file, fetched again when it breaks (default: 32)");
        options.flag("--force", force_, "fetch again what is here");
        options.flag("--json", json_, "print a JSON object");
    }

    Result<int> run(Cli& cli) override {
        if (list_) {
            cli.console.out(json_ ? catalogue_json() : catalogue_table());
            return kDone;
        }
        if (model_.empty())
            return fail(ErrorKind::invalid_input, "which model? `cria pull --list` shows the catalogue");
        if (connections_ < 1 || connections_ > 64)
            return fail(ErrorKind::invalid_input, "--connections is {}, but must be 1 to 64", connections_);
        if (part_mib_ < 1 || part_mib_ > 1024)
            return fail(ErrorKind::invalid_input, "--part-size is {}, but must be 1 to 1024 MiB", part_mib_);
        catch_interrupts();
        const Path home = CRIA_TRY(user_model_folder(cli.environment));
        const HubName name = CRIA_TRY(parse_hub_name(model_));
        Environment environment = cli.environment;
        if (!token_.empty()) environment.hf_token = token_;
        const HubAccess access = CRIA_TRY(hub_access(cli.os, environment));
        const auto client = make_http_client({.stop = &interrupted(), .certificates = cli.environment.certificates});
        RemoteModel remote = CRIA_TRY(find_files(*client, access, name));
        if (!name_.empty()) remote.name = name_;
        CRIA_TRY(check_model_name(remote.name));
        const Path target = home / remote.name;
        if (cli.os.info(target) && !force_) return report_present(cli, target, remote);
        const auto begin = cli.os.monotonic();
        CRIA_TRY(fetch(cli, *client, access, name, remote, home));
        const double seconds = std::chrono::duration<double>(cli.os.monotonic() - begin).count();
        cli.console.out(json_ ? as_json(remote, target, "fetched") : as_sentence(remote, seconds));
        return kDone;
    }

private:
    Result<RemoteModel> find_files(HttpClient& client, const HubAccess& access, const HubName& name) const {
        if (meta_url_.empty()) return look_up(client, access, name);
        const CatalogueModel* model = find_in_catalogue(model_);
        if (model == nullptr)
            return fail(ErrorKind::invalid_input, "--meta-url is for models of the catalogue; '{}' is none", model_);
        return look_up_meta(client, *model, meta_url_);
    }

    Result<int> report_present(Cli& cli, const Path& target, const RemoteModel& remote) const {
        const auto manifest = CRIA_TRY(read_manifest(cli.os, target));
        const bool same = manifest && !remote.revision.empty() && manifest->revision == remote.revision;
        if (!same)
            return fail(ErrorKind::invalid_input, "{} is there already{}; --force fetches it again, --name keeps both",
                        target.string(), manifest ? ", in another version" : "");
        cli.console.out(json_ ? as_json(remote, target, "present") : fmt::format("{} is up to date.\n", remote.name));
        return kDone;
    }

    Status fetch(Cli& cli, HttpClient& client, const HubAccess& access, const HubName& name, const RemoteModel& remote,
                 const Path& home) {
        Progress progress(cli);
        const Path staging = home / staging_name(remote);
        progress.say(fmt::format("{}: {} files from {}", remote.name, remote.files.size(), remote.source));
        const ExplainReply explain = [&](const HttpReply& reply, const RemoteFile&) {
            return meta_url_.empty() ? explain_hub_reply(reply, access, name) : explain_meta_reply(reply);
        };
        const auto begin = cli.os.monotonic();
        std::optional<std::uint64_t> first;
        const auto report = [&](const DownloadProgress& now) {
            if (!first) first = now.done;  // of an earlier pull
            const double seconds = std::chrono::duration<double>(cli.os.monotonic() - begin).count();
            progress.show(progress_line(now, static_cast<double>(now.done - std::min(*first, now.done)) / seconds));
        };
        const DownloadOptions options{.connections = connections_,
                                      .part_bytes = static_cast<std::uint64_t>(part_mib_) << 20,
                                      .stop = &interrupted()};
        CRIA_TRY(download_files(cli.os, client, remote.files, staging, options, explain, report));
        CRIA_TRY(write_manifest(cli.os, staging, manifest_of(cli.os, staging, remote)));
        return move_into_place(cli.os, staging, home / remote.name);
    }

    // One for each commit: what an interrupted pull left of another one is not taken for this.
    static std::string staging_name(const RemoteModel& remote) {
        constexpr std::string_view kHex = "0123456789abcdef";
        const bool commit =
            remote.revision.size() >= 12 && remote.revision.find_first_not_of(kHex) == std::string::npos;
        return fmt::format(".{}{}.pull", remote.name, commit ? "." + remote.revision.substr(0, 12) : "");
    }

    static std::string progress_line(const DownloadProgress& now, double rate) {
        if (!now.verifying.empty()) return fmt::format("verifying {}", now.verifying);
        const double share = now.total == 0 ? 1.0 : static_cast<double>(now.done) / static_cast<double>(now.total);
        return fmt::format("{:3.0f} %  {} of {}  {}/s  {} left", 100 * share, human_bytes(now.done),
                           human_bytes(now.total), human_bytes(static_cast<std::uint64_t>(rate)),
                           rate > 0 ? time_text(static_cast<double>(now.total - now.done) / rate) : "?");
    }

    // Sizes as they arrived: not all are announced.
    static Manifest manifest_of(Os& os, const Path& folder, const RemoteModel& remote) {
        Manifest manifest{remote.source, remote.revision, {}};
        for (const RemoteFile& file : remote.files) {
            const auto info = os.info(folder / file.path);
            manifest.files.push_back({file.path, info ? info->size_bytes : 0, file.checksum});
        }
        return manifest;
    }

    static std::string as_sentence(const RemoteModel& remote, double seconds) {
        return fmt::format("{} is here after {}. Try: cria run {}\n", remote.name, time_text(seconds), remote.name);
    }

    static std::string as_json(const RemoteModel& remote, const Path& folder, std::string_view status) {
        OrderedJson files = OrderedJson::array();
        for (const RemoteFile& file : remote.files) files.push_back(file.path);
        const OrderedJson json{{"name", remote.name},     {"folder", folder.string()},   {"status", status},
                               {"source", remote.source}, {"revision", remote.revision}, {"files", std::move(files)}};
        return json_text(json, 2) + "\n";
    }

    static std::string catalogue_table() {
        std::string table = fmt::format("{:<36}{:<56}{}\n", "NAME", "REPOSITORY", "ABOUT");
        for (const CatalogueModel& model : catalogue())
            table += fmt::format("{:<36}{:<56}{}{}\n", fmt::format("{}:{}", model.family, model.tag), model.repository,
                                 model.about, model.runs ? "" : " (fetched, not run yet)");
        return table;
    }

    static std::string catalogue_json() {
        OrderedJson list = OrderedJson::array();
        for (const CatalogueModel& model : catalogue())
            list.push_back({{"name", fmt::format("{}:{}", model.family, model.tag)},
                            {"descriptor", model.descriptor},
                            {"repository", model.repository},
                            {"about", model.about},
                            {"runs", model.runs}});
        return json_text(list, 2) + "\n";
    }

    std::string model_, name_, meta_url_, token_;
    int connections_ = 8, part_mib_ = 32;
    bool list_ = false, force_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_pull_verb() { return std::make_unique<PullVerb>(); }

}  // namespace cria
