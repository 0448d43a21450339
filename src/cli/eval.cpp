// cria eval
#include <algorithm>
#include <optional>

#include "chat/prompt.h"
#include "cli/interrupt.h"
#include "cli/loaded_model.h"
#include "cli/model_option.h"
#include "cli/program.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "engine/engine.h"
#include "eval/office.h"

namespace cria {
namespace {

constexpr std::int64_t kTogether = 16;       // the requests about a chat
constexpr std::int64_t kUsualLength = 2048;  // tokens of one of them, with its answer

std::optional<Language> language_named(std::string_view code) {
    for (const Language language : kLanguages) {
        if (language_pack(language).code == code) return language;
    }
    return std::nullopt;
}

class EvalVerb final : public Verb {
public:
    Page page() const override {
        return {
            .name = "eval",
            .summary = "measure how well a model does on a suite of tasks",
            .description =
                "Runs a suite and prints its scores. The suite office asks about made-up chats whose people, projects "
                "and "
                "topics no training has seen: invitations as tool calls, action items, summaries, who and when, and "
                "rewriting (docs/demo.md says how answers are scored). Answers are the likeliest ones, so that the "
                "scores are the same every time.",
            .examples =
                "  cria eval office --model demo\n"
                "  cria eval office --model demo --languages en,de --count 20\n"
                "  cria eval office --model demo --languages en --count 20 --answers answers.jsonl\n"
                "  cria eval office --model ./my-model --json > scores.json\n"};
    }

    void add_options(Options& options) override {
        options.positional("SUITE", suite_, "office", Need::required);
        add_model_option(options, model_);
        options.value("--count", count_, "N", "chats in each language (default: 500 in English, 50 in the others)");
        options.value("--languages", languages_, "CODES", "en,de,fr,it,pt,hi,es,th or some of them (default: all)");
        options.flag("--headline", headline_, "summaries, action items and invitations only");
        options.value("--answers", answers_, "FILE", "write every request, the answer wanted and the one given there");
        options.flag("--json", json_, "print one JSON object");
    }

    Result<int> run(Cli& cli) override {
        catch_interrupts();
        if (suite_ != "office")
            return fail(ErrorKind::invalid_input, "there is no suite '{}'; there is: office", suite_);
        OfficeSuiteOptions options;
        options.headline_only = headline_;
        options.chats = CRIA_TRY(chosen_chats(options.chats));
        const Compute compute = CRIA_TRY(cli.compute());
        const auto loaded = CRIA_TRY(load_named_model(cli, model_, 0));
        Engine engine(cli.os, loaded->model, loaded->tokenizer, compute, options_for(loaded->context));
        const auto start = cli.os.monotonic();
        Progress progress(cli);
        std::string answers;
        const auto generate = [&](std::span<const EvalPrompt> prompts) -> Result<std::vector<std::string>> {
            auto texts = CRIA_TRY(answer(*loaded, engine, prompts));
            for (std::size_t i = 0; i < prompts.size() && !answers_.empty(); ++i)
                answers += answer_line(prompts[i], texts[i]);
            return texts;
        };
        auto scores = run_office_suite(generate, options, [&](std::int64_t done, std::int64_t all) {
            show(progress, cli.os.monotonic() - start, done, all);
        });
        progress.end();
        if (!scores) return std::unexpected(scores.error());
        if (!answers_.empty()) CRIA_TRY(write_atomically(cli.os, answers_, answers));
        const OrderedJson json = office_scores_json(*scores);
        cli.console.out(json_ ? json_text(json, 2) + "\n" : table(json));
        return kDone;
    }

private:
    Result<std::vector<std::pair<Language, int>>> chosen_chats(std::vector<std::pair<Language, int>> all) const {
        std::vector<std::pair<Language, int>> chosen;
        std::string_view rest = languages_;
        while (!rest.empty()) {
            const std::string_view code = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(code.size() + 1, rest.size()));
            const auto language = language_named(code);
            if (!language) {
                return fail(ErrorKind::invalid_input, "--languages knows en, de, fr, it, pt, hi, es and th, not '{}'",
                            code);
            }
            chosen.push_back(*std::ranges::find(all, *language, &std::pair<Language, int>::first));
        }
        if (chosen.empty()) chosen = std::move(all);
        if (count_ && *count_ < 1)
            return fail(ErrorKind::invalid_input, "--count is {}, but must be 1 or more", *count_);
        for (auto& [language, count] : chosen) count = count_.value_or(count);
        return chosen;
    }

    // All requests about a chat at once: what they begin with is read once.
    static EngineOptions options_for(std::int64_t context) {
        return {.context = context,
                .positions = std::max(context, kTogether * std::min(context, kUsualLength)),
                .most_running = kTogether};
    }

    static Result<Request> request_for(const LoadedModel& loaded, const EvalPrompt& prompt) {
        PromptOptions form;
        form.tools = prompt.tools;
        const auto segments = CRIA_TRY(render_chat(prompt.messages, form));
        Request request;
        request.prompt = CRIA_TRY(encode_segments(loaded.tokenizer, segments));
        request.options.sampling.temperature = 0;
        request.options.stop_ids = loaded.defaults.stop_ids;
        request.options.cancel = &interrupted();
        return request;
    }

    static Result<std::vector<std::string>> answer(const LoadedModel& loaded, Engine& engine,
                                                   std::span<const EvalPrompt> prompts) {
        std::vector<Request> requests;
        for (const EvalPrompt& prompt : prompts) requests.push_back(CRIA_TRY(request_for(loaded, prompt)));
        std::vector<Result<Generation>> answers(prompts.size());
        for (std::size_t i = 0; i < requests.size(); ++i) {
            requests[i].on_end = [&answers, i](Result<Generation> answer) { answers[i] = std::move(answer); };
            if (Status sent = engine.submit(std::move(requests[i])); !sent)
                answers[i] = std::unexpected(std::move(sent).error());
        }
        while (engine.step()) {
        }
        std::vector<std::string> texts;
        for (Result<Generation>& answer : answers) {
            Generation generation = CRIA_TRY(std::move(answer));
            if (generation.stop == StopReason::cancelled) return fail(ErrorKind::cancelled, "interrupted");
            texts.push_back(std::move(generation.text));
        }
        return texts;
    }

    // One line of --answers.
    static std::string answer_line(const EvalPrompt& prompt, const std::string& text) {
        OrderedJson line{{"language", language_pack(prompt.language).code}, {"task", task_name(prompt.task)}};
        line["system"] = prompt.messages.front().content;
        line["request"] = prompt.messages.back().content;
        if (prompt.wanted.tool_calls.empty())
            line["wanted"] = prompt.wanted.content;
        else
            line["wanted"] = prompt.wanted.tool_calls.front().arguments;
        line["answer"] = text;
        return json_text(line) + "\n";
    }

    static void show(Progress& progress, std::chrono::nanoseconds elapsed, std::int64_t done, std::int64_t all) {
        const double seconds = std::chrono::duration<double>(elapsed).count();
        const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
        const double left = rate > 0 ? static_cast<double>(all - done) / rate : 0;
        progress.show(fmt::format("{}/{} prompts  {:.1f} a second  {} left", done, all, rate, time_text(left)));
    }

    // A row for each language, a column for each figure between 0 and 1.
    static std::string table(const OrderedJson& json) {
        std::string out;
        for (const auto& [code, scores] : json["languages"].items()) {
            if (out.empty()) {
                out = fmt::format("{:<10}", "");
                for (const auto& [name, value] : scores.items()) out += fmt::format("{:>{}}", name, name.size() + 2);
                out += "\n";
            }
            out += fmt::format("{:<10}", code);
            for (const auto& [name, value] : scores.items()) {
                const std::string text =
                    value.is_number_float() ? fmt::format("{:.3f}", value.template get<double>()) : json_text(value);
                out += fmt::format("{:>{}}", text, name.size() + 2);
            }
            out += "\n";
        }
        return out;
    }

    std::string suite_;
    std::string model_;
    std::string languages_;
    std::string answers_;
    std::optional<std::int32_t> count_;
    bool headline_ = false;
    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_eval_verb() { return std::make_unique<EvalVerb>(); }

}  // namespace cria
