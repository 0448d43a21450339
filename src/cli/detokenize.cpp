// cria detokenize

#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/token_list.h"
#include "cli/verb.h"

namespace cria {
namespace {

class DetokenizeVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "detokenize",
                .summary = "turn token ids back into text",
                .description =
                    "Reads IDS, or standard input when there are none: numbers separated by spaces, commas or "
                    "line breaks. Prints the exact bytes, without a line break of its own. Control tokens are "
                    "printed by their names.",
                .examples =
                    "  cria detokenize --model demo 72 105\n"
                    "  cria tokenize --model demo --ids < a.txt | cria detokenize --model demo > b.txt\n"};
    }

    void add_options(Options& options) override {
        options.positional("IDS", words_, "the ids; standard input without them");
        add_model_option(options, model_);
    }

    Result<int> run(Cli& cli) override {
        const Tokenizer tokenizer = CRIA_TRY(load_named_tokenizer(cli, model_));
        const std::string text = words_.empty() ? CRIA_TRY(cli.console.read_input(kMaxPipedText))
                                                : fmt::format("{}", fmt::join(words_, " "));
        const auto ids = CRIA_TRY(parse_token_list(text, words_.empty() ? "standard input" : "IDS"));
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (ids[i] < tokenizer.size() && !tokenizer.bytes_of(ids[i]).empty()) continue;
            return fail(ErrorKind::invalid_input, "id {} (item {}) is none of the tokenizer's, which has {}", ids[i],
                        i + 1, tokenizer.size());
        }
        cli.console.out(tokenizer.decode(ids));
        return kDone;
    }

private:
    std::vector<std::string> words_;
    std::string model_;
};

}  // namespace

std::unique_ptr<Verb> make_detokenize_verb() { return std::make_unique<DetokenizeVerb>(); }

}  // namespace cria
