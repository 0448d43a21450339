// cria logits

#include "engine/logits.h"
#include "cli/loaded_model.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/token_list.h"
#include "cli/verb.h"
#include "store/npy.h"

namespace cria {
namespace {

class LogitsVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "logits",
                .summary = "write the model's raw scores for a sequence of tokens",
                .description =
                    "Runs the model over the tokens and writes its logits as a NumPy file of float32, one row for each "
                    "token "
                    "and one column for each entry of the vocabulary. Row i scores what may follow token i.\n\n"
                    "--stepwise runs one token at a time through the cache, as an answer is made; --exact widens the "
                    "weights "
                    "to f32 first. The results differ by rounding only.",
                .examples =
                    "  cria logits --model demo --tokens 1,2,3 --output f.npy\n"
                    "  cria tokenize -m demo --bos --ids \"Hello\" > ids.txt\n"
                    "  cria logits -m demo --tokens-file ids.txt --stepwise --output f.npy\n"};
    }

    void add_options(Options& options) override {
        add_model_option(options, model_);
        options.value("--tokens", tokens_, "IDS", "the token ids, separated by commas");
        options.value("--tokens-file", file_, "FILE", "a file with the token ids");
        options.value("-o,--output", output_, "FILE", "the file to write", Need::required);
        options.flag("--stepwise", stepwise_, "one token at a time, through the cache");
        options.flag("--exact", exact_, "compute with weights widened to f32");
    }

    Result<int> run(Cli& cli) override {
        const std::string who = file_.empty() ? "--tokens" : file_;
        const std::string text = file_.empty() ? tokens_ : CRIA_TRY(read_text(cli.os, file_, kMaxTokensFile));
        const auto ids = CRIA_TRY(parse_token_list(text, who));
        const Compute compute = CRIA_TRY(cli.compute());
        const auto loaded = CRIA_TRY(load_named_model(cli, model_, 0, {.exact = exact_}));
        const Tensor logits = CRIA_TRY(sequence_logits(loaded->model, compute, ids, stepwise_));
        CRIA_TRY(write_npy(cli.os, output_, logits));
        return kDone;
    }

private:
    std::string model_;
    std::string tokens_;
    std::string file_;
    std::string output_;
    bool stepwise_ = false;
    bool exact_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_logits_verb() { return std::make_unique<LogitsVerb>(); }

}  // namespace cria
