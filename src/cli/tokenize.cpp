// cria tokenize

#include "base/json.h"
#include "chat/literal.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/verb.h"

namespace cria {
namespace {

class TokenizeVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "tokenize",
            .summary = "turn text into token ids",
            .description =
                "Reads TEXT, or standard input when there is none, and prints its tokens: a line for each with its id "
                "and its text. With --ids only the ids, separated by spaces; with --count only how many.\n\n"
                "Any bytes are taken, also those that are not UTF-8, and cria detokenize gives them back exactly. The "
                "spelling of a control token such as <|eot_id|> is ordinary text, unless --special is given.",
            .examples =
                "  cria tokenize --model demo \"Hello there\"\n"
                "  cria tokenize --model demo --ids < notes.txt\n"
                "  cria tokenize --model demo --count < notes.txt\n"
                "  cria tokenize --model demo --special --ids '<|begin_of_text|>Hello<|eot_id|>'\n"};
    }

    void add_options(Options& options) override {
        options.positional("TEXT", text_, "the text; standard input without it");
        add_model_option(options, model_);
        options.flag("--ids", ids_, "print the ids only, separated by spaces");
        options.flag("--count", count_, "print the number of tokens only");
        options.flag("--bos", bos_, "begin with <|begin_of_text|>");
        options.flag("--special", special_, "read control tokens as control tokens");
    }

    Result<int> run(Cli& cli) override {
        const Tokenizer tokenizer = CRIA_TRY(load_named_tokenizer(cli, model_));
        const std::string text = text_ ? *text_ : CRIA_TRY(cli.console.read_input(kMaxPipedText));
        std::vector<TokenId> ids;
        if (bos_) {
            const auto bos = tokenizer.special("<|begin_of_text|>");
            if (!bos) return fail(ErrorKind::unsupported, "{}: the tokenizer has no <|begin_of_text|>", model_);
            ids.push_back(*bos);
        }
        if (special_) {
            const auto more = tokenizer.encode_with_specials(text);
            ids.insert(ids.end(), more.begin(), more.end());
        } else {
            tokenizer.encode(text, ids);
        }
        print(cli.console, tokenizer, ids);
        return kDone;
    }

private:
    void print(Console& console, const Tokenizer& tokenizer, std::span<const TokenId> ids) const {
        fmt::memory_buffer out;
        if (count_) {
            fmt::format_to(std::back_inserter(out), "{}\n", ids.size());
        } else if (ids_) {
            fmt::format_to(std::back_inserter(out), "{}\n", fmt::join(ids, " "));
        } else {
            for (const TokenId id : ids) {
                fmt::format_to(std::back_inserter(out), "{:>6}  {}\n", id,
                               json_line(std::string(tokenizer.bytes_of(id))));
            }
        }
        console.out({out.data(), out.size()});
    }

    std::optional<std::string> text_;
    std::string model_;
    bool ids_ = false;
    bool count_ = false;
    bool bos_ = false;
    bool special_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_tokenize_verb() { return std::make_unique<TokenizeVerb>(); }

}  // namespace cria
