// cria loss
#include "base/json.h"
#include "cli/loaded_model.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/token_list.h"
#include "cli/verb.h"
#include "ops/tape.h"
#include "store/safetensors.h"

namespace cria {
namespace {

// The gradients of the model's weights, each under its own name in the checkpoint.
std::vector<NamedTensor> named_gradients(Llama& model) {
    std::vector<NamedTensor> named;
    for (const Parameter& parameter : model.parameters()) {
        const Tensor& gradient = parameter.weight->gradient;
        if (parameter.shape.rank() == 1) {
            named.push_back({parameter.names.front(), gradient});
            continue;
        }
        std::int64_t first = 0;
        for (std::size_t i = 0; i < parameter.names.size(); ++i) {
            named.push_back({parameter.names[i], gradient.slice_rows(first, parameter.rows[i])});
            first += parameter.rows[i];
        }
    }
    return named;
}

class LossVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "loss",
            .summary = "measure how well a model predicts a sequence of tokens, and its gradients",
            .description =
                "Prints the mean cross-entropy of each token given those before it, in natural logarithm, as one JSON "
                "object. With --gradients also writes the gradients of that mean as a safetensors file, under the "
                "names that the checkpoint uses; the weights are widened to f32 then.",
            .examples =
                "  cria tokenize -m demo --bos --ids < notes.txt > ids.txt\n"
                "  cria loss --model demo --tokens-file ids.txt\n"
                "  cria loss --model demo --tokens-file ids.txt --gradients g.safetensors\n"};
    }

    void add_options(Options& options) override {
        add_model_option(options, model_);
        options.value("--tokens-file", file_, "FILE", "a file with the token ids", Need::required);
        options.value("--gradients", gradients_, "FILE", "write the gradients there");
    }

    Result<int> run(Cli& cli) override {
        const std::string text = CRIA_TRY(read_text(cli.os, file_, kMaxTokensFile));
        const auto ids = CRIA_TRY(parse_token_list(text, file_));
        const Compute compute = CRIA_TRY(cli.compute());
        const auto loaded = CRIA_TRY(load_named_model(cli, model_, 0, {.trainable = !gradients_.empty()}));
        CRIA_TRY(check(ids, loaded->model.config()));
        const auto targets = std::span(ids).subspan(1);
        const double loss = mean_loss(compute, loaded->model, std::span(ids).first(targets.size()), targets);
        if (!gradients_.empty()) CRIA_TRY(write_safetensors(cli.os, gradients_, named_gradients(loaded->model)));
        cli.console.out(json_text(OrderedJson{{"loss", loss}, {"tokens", targets.size()}}) + "\n");
        return kDone;
    }

private:
    Status check(std::span<const TokenId> ids, const LlamaConfig& config) const {
        if (!config.output_ids.empty())
            return fail(ErrorKind::unsupported,
                        "{}: its output is trimmed to {} of {} tokens; there is no loss of others", model_,
                        config.output_ids.size(), config.vocabulary);
        const std::int64_t most = config.context + 1;
        if (ids.size() < 2 || std::ssize(ids) > most) {
            return fail(ErrorKind::invalid_input, "{} has {} tokens, but 2 to {} are wanted", file_, ids.size(), most);
        }
        for (const TokenId id : ids) {
            if (id < config.vocabulary) continue;
            return fail(ErrorKind::invalid_input, "{}: id {} is none of the model's, which are 0 to {}", file_, id,
                        config.vocabulary - 1);
        }
        return {};
    }

    double mean_loss(const Compute& compute, const Llama& model, std::span<const TokenId> ids,
                     std::span<const TokenId> targets) const {
        Arena arena;
        Tape tape;
        Pass pass(compute, arena, gradients_.empty() ? nullptr : &tape);
        const RowRun run{0, std::ssize(ids), 0, nullptr};
        const Value hidden = model.forward(pass, ids, {{&run, 1}});
        const auto count = static_cast<double>(targets.size());
        const double sum = cross_entropy(pass, hidden, model.head(), targets, 1.0 / count);
        if (pass.training()) backward(pass);
        return sum / count;
    }

    std::string model_;
    std::string file_;
    std::string gradients_;
};

}  // namespace

std::unique_ptr<Verb> make_loss_verb() { return std::make_unique<LossVerb>(); }

}  // namespace cria
