// cria show
#include <algorithm>
#include <map>

#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "engine/engine.h"
#include "kernels/processor.h"
#include "model/checkpoint.h"
#include "model/llama.h"
#include "model/model_files.h"

namespace cria {
namespace {

struct Facts {
    ModelFiles files;
    LlamaConfig config;
    Checkpoint::Sizes sizes;
    std::int64_t context = 0;
    std::uint64_t cache = 0, scratch = 0;
    std::uint64_t total() const { return sizes.loaded + cache + scratch; }
};

class ShowVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "show",
                .summary = "show a model's architecture, size, and need of memory",
                .description =
                    "Prints what a model is: its architecture, parameters, types, files, and how much "
                    "memory it needs with a context of N tokens: the weights, the keys and values, and the activations "
                    "of a pass (scratch), each to the byte. Reads headers only, so that it is quick for large models "
                    "too.",
                .examples =
                    "  cria show demo\n  cria show ./Llama-3.2-1B-Instruct --context 32768\n"
                    "  cria show demo --context 1024 --json\n"};
    }

    void add_options(Options& options) override {
        options.positional("MODEL", model_, "the model's name, folder or file", Need::required);
        options.value("--context", context_, "N", "tokens to count memory for (default: the model's, at most 8192)");
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        const Facts facts = CRIA_TRY(gather(cli));
        cli.console.out(json_ ? as_json(facts) : as_table(cli, facts));
        return kDone;
    }

private:
    Result<Facts> gather(Cli& cli) const {
        Facts facts;
        const Path path = CRIA_TRY(find_named_model(cli, model_));
        facts.files = CRIA_TRY(open_model_folder(cli.os, path));
        facts.config = CRIA_TRY(read_config(cli.os, facts.files));
        facts.context = context_ == 0 ? std::min<std::int64_t>(facts.config.context, 8192) : context_;
        if (facts.context < 1 || facts.context > facts.config.context) {
            return fail(ErrorKind::invalid_input, "--context is {}, but the model was made for 1 to {}", context_,
                        facts.config.context);
        }
        const Kernels& kernels = best_kernels();
        const Checkpoint checkpoint = CRIA_TRY(Checkpoint::open(cli.os, facts.files, facts.config));
        facts.sizes = checkpoint.sizes(kernels.packed.lanes);
        const Llama outline = CRIA_TRY(Llama::outline(facts.config, checkpoint, kernels.packed.lanes));
        facts.cache = outline.cache_shape().bytes(facts.context);
        facts.scratch = Engine::scratch_bytes(outline, kernels, one_at_a_time(facts.context));
        return facts;
    }

    static std::string as_json(const Facts& f) {
        OrderedJson files = OrderedJson::array();
        for (const Path& file : f.files.weights) files.push_back(file.filename().string());
        OrderedJson object{{"folder", f.files.folder.string()},
                           {"architecture", config_to_json(f.config)},
                           {"parameters", f.config.parameters()},
                           {"types", f.sizes.by_type},
                           {"files", std::move(files)},
                           {"context", f.context},
                           {"weights", f.sizes.loaded},
                           {"kv", f.cache},
                           {"scratch", f.scratch},
                           {"total", f.total()}};
        if (!f.config.output_ids.empty()) object["output_ids"] = f.config.output_ids;
        return json_text(object, 2) + "\n";
    }

    static std::string as_table(Cli& cli, const Facts& f) {
        const LlamaConfig& c = f.config;
        std::string out;
        const auto heading = [&](std::string_view text) { out += cli.console.styled(text, Style::bold) + "\n"; };
        const auto line = [&](std::string_view name, const std::string& value) {
            out += fmt::format("  {:<18}{}\n", name, value);
        };
        heading("Model");
        line("folder", f.files.folder.string());
        line("architecture", c.cross_attention_layers.empty() ? "llama" : "llama with cross-attention");
        line("parameters", human_count(c.parameters()));
        std::string types;
        for (const auto& [type, bytes] : f.sizes.by_type)
            types += fmt::format("{}{} ({})", types.empty() ? "" : ", ", type, human_bytes(bytes));
        line("types", types);
        line("context", fmt::format("{}", c.context));
        line("layers", fmt::format("{}", c.layers));
        line("width", fmt::format("{} (feed-forward {})", c.width, c.ffn_width));
        line("heads", fmt::format("{} of {} (keys and values {})", c.heads, c.head_dim, c.kv_heads));
        line("vocabulary", fmt::format("{}{}", c.vocabulary, c.tied_embeddings ? ", embeddings tied" : ""));
        if (!c.output_ids.empty())
            line("output", fmt::format("trimmed to {} tokens; no other can be chosen", c.output_ids.size()));
        line("rope", fmt::format("theta {}{}", c.rope_theta, c.rope_scaling ? ", Llama 3 scaling" : ""));
        heading(fmt::format("Memory for a context of {}", f.context));
        line("weights", human_bytes(f.sizes.loaded));
        line("keys and values", human_bytes(f.cache));
        line("scratch", human_bytes(f.scratch));
        line("total", fmt::format("{} of {} available", human_bytes(f.total()),
                                  human_bytes(describe_processor(cli.os).memory_available_bytes)));
        return out;
    }

    std::string model_;
    std::int64_t context_ = 0;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_show_verb() { return std::make_unique<ShowVerb>(); }

}  // namespace cria
