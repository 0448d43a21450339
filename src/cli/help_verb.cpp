// cria help
#include <algorithm>

#include "base/nearest.h"
#include "cli/help.h"
#include "cli/program.h"

namespace cria {
namespace {

class HelpVerb final : public Verb {
public:
    explicit HelpVerb(const std::vector<VerbInfo>& verbs) : verbs_(verbs) {}

    Page page() const override {
        return {.name = "help",
                .summary = "show the verbs, or all about one",
                .description = "Without VERB lists the verbs. With it shows its manual page, as cria VERB --help does.",
                .examples = "  cria help\n  cria help run\n"};
    }

    void add_options(Options& options) override { options.positional("VERB", verb_, "the verb"); }

    Result<int> run(Cli& cli) override {
        if (verb_.empty()) {
            cli.console.out(overview(verbs_));
            return kDone;
        }
        const auto verb = std::ranges::find_if(
            verbs_, [&](const VerbInfo& one) { return one.page.name == verb_ || one.page.alias == verb_; });
        if (verb == verbs_.end()) {
            std::vector<std::string> names;
            for (const VerbInfo& one : verbs_) names.push_back(one.page.name);
            const std::string_view near = nearest(verb_, names);
            cli.console.err(near.empty()
                                ? fmt::format("cria: there is no verb '{}'; see cria help\n", verb_)
                                : fmt::format("cria: there is no verb '{}'; did you mean '{}'?\n", verb_, near));
            return kUsage;
        }
        cli.console.out(manual(*verb, cli.console));
        return kDone;
    }

private:
    const std::vector<VerbInfo>& verbs_;
    std::string verb_;
};

}  // namespace

std::unique_ptr<Verb> make_help_verb(const std::vector<VerbInfo>& verbs) { return std::make_unique<HelpVerb>(verbs); }

}  // namespace cria
