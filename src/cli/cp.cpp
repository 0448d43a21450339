// cria cp
#include <algorithm>
#include <vector>

#include "cli/interrupt.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/user_models.h"
#include "cli/verb.h"

namespace cria {
namespace {

constexpr std::size_t kBlock = 4u << 20;

class CpVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "cp",
                .summary = "copy a model to another name",
                .description =
                    "Copies a model's files into $CRIA_MODELS or ~/.cria/models under another name, for example to "
                    "give the copy a system message of its own (system.txt). The copy appears when it is complete.",
                .examples = "  cria cp demo my-demo\n  cria cp ./Llama-3.2-1B-Instruct llama1b\n"};
    }

    void add_options(Options& options) override {
        options.positional("SRC", source_, "the model's name or folder", Need::required);
        options.positional("DST", target_, "the new name", Need::required);
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        CRIA_TRY(check_model_name(target_));
        const Path home = CRIA_TRY(user_model_folder(cli.environment));
        const Path from = CRIA_TRY(find_named_model(cli, source_));
        if (!CRIA_TRY(cli.os.info(from)).is_folder)
            return fail(ErrorKind::invalid_input, "{} is a file; a model's folder is wanted (see cria convert)",
                        from.string());
        if (cli.os.info(home / target_))
            return fail(ErrorKind::invalid_input, "there is a model '{}' already; `cria rm {}` removes it", target_,
                        target_);
        const Path staging = home / ("." + target_ + ".cp");
        if (cli.os.info(staging)) CRIA_TRY(cli.os.remove(staging));
        Progress progress(cli);
        CRIA_TRY(copy_folder(cli.os, from, staging, progress));
        CRIA_TRY(move_into_place(cli.os, staging, home / target_));
        progress.end();
        cli.console.out(fmt::format("{} is a copy of {}\n", target_, from.string()));
        return kDone;
    }

private:
    static Status copy_folder(Os& os, const Path& from, const Path& to, Progress& progress) {
        CRIA_TRY(os.make_folders(to));
        for (const Path& path : CRIA_TRY(os.list(from))) {
            const Path copy = to / path.filename();
            if (CRIA_TRY(os.info(path)).is_folder)
                CRIA_TRY(copy_folder(os, path, copy, progress));
            else
                CRIA_TRY(copy_file(os, path, copy, progress));
        }
        return {};
    }

    static Status copy_file(Os& os, const Path& from, const Path& to, Progress& progress) {
        const auto source = CRIA_TRY(os.open(from));
        const std::uint64_t size = CRIA_TRY(source->size());
        std::vector<std::byte> block(static_cast<std::size_t>(std::min<std::uint64_t>(size, kBlock)));
        return write_atomically(os, to, [&](File& file) -> Status {
            for (std::uint64_t at = 0; at < size;) {
                if (interrupted()) return fail(ErrorKind::cancelled, "stopped");
                const std::size_t got = CRIA_TRY(source->read_at(at, block));
                if (got == 0) return fail(ErrorKind::io, "{} became shorter while it was read", from.string());
                CRIA_TRY(file.append(std::span(block).first(got)));
                at += got;
                progress.show(fmt::format("{}  {:.0f} %", from.filename().string(),
                                          100 * static_cast<double>(at) / static_cast<double>(size)));
            }
            return {};
        });
    }

    std::string source_, target_;
};

}  // namespace

std::unique_ptr<Verb> make_cp_verb() { return std::make_unique<CpVerb>(); }

}  // namespace cria
