// cria version

#include "base/json.h"
#include "cli/program.h"
#include "cli/verb.h"

#ifndef CRIA_COMMIT
#define CRIA_COMMIT ""
#endif

namespace cria {
namespace {

#if defined(__clang__)
constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

class VersionVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "version",
                .summary = "print the version, and what was built in",
                .description =
                    "Prints the version, the commit that it was built from, the compiler, and the "
                    "instruction sets that are built in (cria doctor says which of them this processor has).",
                .examples = "  cria version\n  cria version --json\n"};
    }

    void add_options(Options& options) override { options.flag("--json", json_, "print one JSON object"); }

    Result<int> run(Cli& cli) override {
        std::vector<std::string_view> kernels = built_kernels();
        if (json_) {
            const OrderedJson object{
                {"version", kVersion}, {"commit", CRIA_COMMIT}, {"compiler", kCompiler}, {"kernels", kernels}};
            cli.console.out(json_text(object, 2) + "\n");
            return kDone;
        }
        cli.console.out(fmt::format("cria {}\ncommit   {}\ncompiler {}\nkernels  {}\n", kVersion, CRIA_COMMIT,
                                    kCompiler, fmt::join(kernels, ", ")));
        return kDone;
    }

private:
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_version_verb() { return std::make_unique<VersionVerb>(); }

}  // namespace cria
