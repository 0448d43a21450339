// cria init
#include <chrono>

#include "base/json.h"
#include "chat/prompt.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "kernels/processor.h"
#include "model/llama.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxConfigFile = 1 << 20;

// A token for every byte and Llama 3's control tokens: enough to run a model that knows nothing.
Tokenizer byte_tokenizer() {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    auto specials = llama3_specials(ranks.size());
    return std::move(*Tokenizer::create(std::move(ranks), std::move(specials)));
}

class InitVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "init",
                .summary = "write a model with random weights",
                .description =
                    "Writes a model folder in Hugging Face's layout with random weights in the exact dimensions of "
                    "--config: a known name, such as llama3.2-1b, or a config.json. The same seed gives the same bytes "
                    "on every machine. It is for measuring speed and memory, and as the start of a training. Without "
                    "--tokenizer the model gets one with a token for every byte.",
                .examples =
                    "  cria init --config llama3.2-1b --seed 1 --dtype bf16 random-1b\n"
                    "  cria init --config my/config.json --seed 7 --dtype f32 --tokenizer models/demo new-model\n"};
    }

    void add_options(Options& options) override {
        options.positional("OUT", output_, "the folder to make", Need::required);
        options.value("--config", config_, "NAME", "a known configuration, or a config.json", Need::required);
        options.value("--seed", seed_, "N", "what the random numbers depend on (default: 0)");
        options.choice("--dtype", dtype_, {"bf16", "f16", "f32"}, "TYPE", "of the weights: bf16 (default), f16 or f32");
        options.value("--tokenizer", tokenizer_, "PATH", "a tokenizer's file or folder to copy");
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        const auto start = cli.os.monotonic();
        if (cli.os.info(Path(output_) / "config.json"))
            return fail(ErrorKind::invalid_input, "{} holds a model already; name another folder", output_);
        const Tokenizer tokenizer =
            tokenizer_.empty() ? byte_tokenizer() : CRIA_TRY(load_tokenizer(cli.os, tokenizer_));
        const LlamaConfig config = CRIA_TRY(read_config(cli.os, tokenizer));
        const DType dtype = *dtype_named(dtype_);
        CRIA_TRY(check_room(cli, config, dtype));
        if (cli.console.error_is_terminal()) cli.console.err("drawing the weights...\r");
        const Compute compute = CRIA_TRY(cli.compute());
        const Llama model =
            CRIA_TRY(Llama::random(config, static_cast<std::uint64_t>(seed_), dtype, false, &compute.pool));
        CRIA_TRY(model.save(cli.os, output_, dtype));
        CRIA_TRY(write_atomically(cli.os, Path(output_) / "tokenizer.json", write_tokenizer_json(tokenizer)));
        const double seconds = std::chrono::duration<double>(cli.os.monotonic() - start).count();
        const OrderedJson object{{"folder", output_}, {"parameters", config.parameters()}, {"seconds", seconds}};
        cli.console.out(json_ ? json_text(object, 2) + "\n"
                              : fmt::format("{}: {} random weights in {}\n", output_, human_count(config.parameters()),
                                            time_text(seconds)));
        return kDone;
    }

private:
    // The configuration; a known name's vocabulary may be larger than the tokenizer's, whose control tokens then count.
    Result<LlamaConfig> read_config(Os& os, const Tokenizer& tokenizer) const {
        LlamaConfig config;
        if (config_.ends_with(".json")) {
            const std::string text = CRIA_TRY(read_text(os, config_, kMaxConfigFile));
            const Json json = CRIA_TRY(parse_json(text, config_));
            config = CRIA_TRY(config_from_json(json, config_));
        } else {
            config = CRIA_TRY(config_named(config_));
        }
        if (tokenizer.size() > config.vocabulary)
            return fail(ErrorKind::invalid_input, "the tokenizer has {} tokens, {} only {}", tokenizer.size(), config_,
                        config.vocabulary);
        config.bos_id = tokenizer.special("<|begin_of_text|>").value_or(-1);
        config.eos_ids = stop_tokens(tokenizer);
        return config;
    }

    static Status check_room(Cli& cli, const LlamaConfig& config, DType dtype) {
        const std::uint64_t bytes = static_cast<std::uint64_t>(config.parameters()) * bytes_of(dtype);
        const std::uint64_t available = describe_processor(cli.os).memory_available_bytes;
        if (available == 0 || bytes <= available) return {};
        return fail(ErrorKind::out_of_memory, "the weights are {}, but {} of memory are available", human_bytes(bytes),
                    human_bytes(available));
    }

    std::string output_, config_, tokenizer_;
    std::string dtype_ = "bf16";
    std::int64_t seed_ = 0;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_init_verb() { return std::make_unique<InitVerb>(); }

}  // namespace cria
