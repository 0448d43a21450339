// cria render
#include <map>

#include "chat/prompt.h"
#include "cli/messages_file.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/verb.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxInput = 64u << 20;

const std::map<std::string, ToolFormat> kFormats{{"pythonic", ToolFormat::pythonic},
                                                 {"json-user", ToolFormat::json_in_user},
                                                 {"json-system", ToolFormat::json_in_system},
                                                 {"json-message", ToolFormat::json_message},
                                                 {"pythonic-user", ToolFormat::pythonic_in_user},
                                                 {"tags", ToolFormat::custom_tags}};

class RenderVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "render",
            .summary = "show the exact prompt of a conversation",
            .description =
                "Reads a conversation in OpenAI's form (a list of messages, or an object with messages and tools) from "
                "FILE or standard input, and prints the prompt that the model receives. With --json prints an object "
                "with the text and the token ids.\n\n"
                "A message that spells a control token such as <|eot_id|> looks the same in the text, but is ordinary "
                "text in the ids.",
            .examples =
                "  cria render --model demo messages.json\n"
                "  echo '[{\"role\": \"user\", \"content\": \"Hi\"}]' | cria render -m demo --json\n"};
    }

    void add_options(Options& options) override {
        options.positional("FILE", file_, "the conversation; standard input without it");
        add_model_option(options, model_);
        options.flag("--json", json_, "print one JSON object with text and ids");
        std::vector<std::string> formats;
        for (const auto& [name, format] : kFormats) formats.push_back(name);
        options.choice("--tool-format", format_, formats, "FORM",
                       "how tools are told: pythonic (Llama 3.2, the default), pythonic-user, json-user, json-system, "
                       "json-message, or tags");
        options.value("--date", prompt_.date, "TEXT", "add the two date lines, with this as today's");
        options.value("--builtin", prompt_.builtin_tools, "NAME", "a built-in tool; may be repeated");
        options.flag("--no-generation-prompt", closed_, "do not open the assistant's turn");
    }

    Result<int> run(Cli& cli) override {
        const Tokenizer tokenizer = CRIA_TRY(load_named_tokenizer(cli, model_));
        const std::string text =
            file_.empty() ? CRIA_TRY(cli.console.read_input(kMaxInput)) : CRIA_TRY(read_text(cli.os, file_, kMaxInput));
        OpenaiConversation file = CRIA_TRY(parse_messages(text, file_.empty() ? "standard input" : file_));
        prompt_.tool_format = kFormats.at(format_);
        prompt_.tools = std::move(file.tools);
        prompt_.add_generation_prompt = !closed_;
        const auto segments = CRIA_TRY(render_chat(file.messages, prompt_));
        std::string shown;
        for (const Segment& segment : segments) shown += segment.value;
        if (json_) {
            const auto ids = CRIA_TRY(encode_segments(tokenizer, segments));
            const OrderedJson object{{"text", shown}, {"ids", ids}};
            cli.console.out(json_text(object) + "\n");
        } else {
            cli.console.out(shown);
        }
        return kDone;
    }

private:
    std::string file_;
    std::string model_;
    bool json_ = false;
    bool closed_ = false;
    std::string format_ = "pythonic";
    PromptOptions prompt_;
};

}  // namespace

std::unique_ptr<Verb> make_render_verb() { return std::make_unique<RenderVerb>(); }

}  // namespace cria
