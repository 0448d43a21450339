#include "cli/program.h"

#include <langinfo.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <clocale>
#include <cstring>

#include "base/nearest.h"
#include "cli/help.h"
#include "cli/llama_command.h"
#include "cli/verb.h"

namespace cria {
namespace {

int exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::out_of_memory:
        case ErrorKind::no_space: return kNoRoom;
        case ErrorKind::cancelled: return kInterrupted;
        default: return kFault;
    }
}

// Widths of characters and line editing need a UTF-8 locale; every system has C.UTF-8.
void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

class Program {
public:
    Program(Os& os, const Environment& environment) : cli_(os, environment), app_("", "cria"), globals_(app_) {
        app_.set_help_flag();
        app_.require_subcommand(0, 1);
        globals_.flag("--version", show_version_, "print the version");
        add_globals(globals_);
        add_verb(make_run_verb());
        add_verb(make_demo_verb());
        add_verb(make_list_verb());
        add_verb(make_show_verb());
        add_verb(make_ps_verb());
        add_verb(make_pull_verb());
        add_verb(make_verify_verb());
        add_verb(make_cp_verb());
        add_verb(make_rm_verb());
        add_verb(make_train_verb());
        add_verb(make_eval_verb());
        add_verb(make_tokenize_verb());
        add_verb(make_detokenize_verb());
        add_verb(make_render_verb());
        add_verb(make_logits_verb());
        add_verb(make_loss_verb());
        add_verb(make_bench_verb());
        add_verb(make_perplexity_verb());
        add_verb(make_compare_verb());
        add_verb(make_init_verb());
        add_verb(make_convert_verb());
        add_verb(make_quantize_verb());
        add_verb(make_doctor_verb());
        add_verb(make_version_verb());
        add_verb(make_completion_verb(infos_));
        add_verb(make_help_verb(infos_));
    }

    int run(int argc, char** argv) {
        const bool as_llama = argc > 0 && Path(argv[0]).filename() == "llama";
        if (!as_llama && (argc < 2 || std::string_view(argv[1]) != "llama")) return run_verb(argc, argv);
        const auto translated = from_llama_command({argv + (as_llama ? 1 : 2), argv + argc});
        if (!translated) return complain(translated.error().message, kUsage);
        std::vector<char*> words{argv[0]};
        for (const std::string& word : *translated) words.push_back(const_cast<char*>(word.c_str()));
        words.push_back(nullptr);
        return run_verb(static_cast<int>(words.size()) - 1, words.data());
    }

private:
    int run_verb(int argc, char** argv) {
        if (const auto code = parse(argc, argv)) return *code;
        const auto at = std::ranges::find(infos_, chosen()->get_name(), name_of_info) - infos_.begin();
        cli_.verb = chosen()->get_name();
        const Result<int> result = verbs_[static_cast<std::size_t>(at)]->run(cli_);
        const Status flushed = cli_.console.flush();
        if (!result) return complain(result.error().message, exit_code(result.error().kind));
        if (!flushed) return complain(flushed.error().message, exit_code(flushed.error().kind));
        return *result;
    }

    static const std::string& name_of_info(const VerbInfo& info) { return info.page.name; }

    void add_verb(std::unique_ptr<Verb> verb) {
        Page page = verb->page();
        CLI::App* sub = app_.add_subcommand(page.name, page.summary);
        if (!page.alias.empty()) sub->alias(page.alias);
        sub->set_help_flag();
        Options options(*sub);
        verb->add_options(options);
        options.begin_everywhere();
        add_globals(options, !verb->has_threads_option());
        infos_.push_back({std::move(page), options.all()});
        verbs_.push_back(std::move(verb));
    }

    void add_globals(Options& options, bool with_threads = true) {
        if (with_threads)
            options.value("-t,--threads", cli_.threads, "N",
                          "threads to compute with (default: the processors this process may use)");
        options.value("--kernels", cli_.kernels, "NAME",
                      "instruction set to compute with (default: the quickest; see cria doctor)");
        options.flag("-h,--help", show_help_, "show this page");
    }

    // The exit code when there is nothing left to do.
    std::optional<int> parse(int argc, char** argv) {
        if (const auto wrong = unknown_verb(argc, argv)) return complain(*wrong, kUsage);
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            if (show_help_) return show_help();
            return complain(usage_message(error, argc, argv), kUsage);
        }
        if (show_help_) return show_help();
        if (show_version_) {
            cli_.console.out(fmt::format("cria {}\n", kVersion));
            return kDone;
        }
        if (chosen() == nullptr) {
            cli_.console.err(overview(infos_));
            return kUsage;
        }
        if (cli_.threads < 0 || cli_.threads > Cli::kMostThreads)
            return complain(fmt::format("--threads is {}, but must be 1 to {}", cli_.threads, Cli::kMostThreads),
                            kUsage);
        return std::nullopt;
    }

    // CLI11 calls an unknown verb an unexpected argument; people deserve the nearest one.
    std::optional<std::string> unknown_verb(int argc, char** argv) const {
        int first = 1;
        while (first < argc && argv[first][0] == '-') {
            const std::string_view option = argv[first];
            first += option == "-t" || option == "--threads" || option == "--kernels" ? 2 : 1;
        }
        if (first >= argc) return std::nullopt;
        std::vector<std::string> names;
        for (const VerbInfo& info : infos_) {
            names.push_back(info.page.name);
            if (!info.page.alias.empty()) names.push_back(info.page.alias);
        }
        const std::string_view word = argv[first];
        if (std::ranges::find(names, word) != names.end()) return std::nullopt;
        const std::string_view near = nearest(word, names);
        if (near.empty()) return fmt::format("there is no verb '{}'; see cria help", word);
        return fmt::format("there is no verb '{}'; did you mean '{}'?", word, near);
    }

    std::string usage_message(const CLI::ParseError& error, int argc, char** argv) const {
        const CLI::App* sub = chosen();
        std::string what = error.what();
        std::ranges::replace(what, '\n', ' ');
        if (const auto better = unknown_option(argc, argv); better && is_extra(error)) what = *better;
        return sub == nullptr ? fmt::format("{}; see cria --help", what)
                              : fmt::format("{}; see cria {} --help", what, sub->get_name());
    }

    static bool is_extra(const CLI::ParseError& error) {
        return error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
    }

    std::optional<std::string> unknown_option(int argc, char** argv) const {
        if (chosen() == nullptr) return std::nullopt;
        const auto info = std::ranges::find(infos_, chosen()->get_name(), name_of_info);
        std::vector<std::string> known;
        for (const OptionInfo& option : info->options)
            known.insert(known.end(), option.names.begin(), option.names.end());
        for (int i = 1; i < argc; ++i) {
            const std::string_view argument = argv[i];
            const std::string word(argument.substr(0, argument.find('=')));
            if (!word.starts_with('-') || std::ranges::find(known, word) != known.end()) continue;
            const std::string_view near = nearest(word, known);
            if (near.empty()) return fmt::format("{} has no option {}", info->page.name, word);
            return fmt::format("{} has no option {}; did you mean {}?", info->page.name, word, near);
        }
        return std::nullopt;
    }

    const CLI::App* chosen() const {
        const auto parsed = app_.get_subcommands();
        return parsed.empty() ? nullptr : parsed.front();
    }

    int show_help() {
        const CLI::App* sub = chosen();
        cli_.console.out(sub == nullptr
                             ? overview(infos_)
                             : manual(*std::ranges::find(infos_, sub->get_name(), name_of_info), cli_.console));
        return cli_.console.flush() ? kDone : kFault;
    }

    int complain(std::string_view message, int code) {
        if (code != kInterrupted) cli_.console.err(fmt::format("cria: {}\n", message));
        return code;
    }

    Cli cli_;
    CLI::App app_;
    Options globals_;
    std::vector<std::unique_ptr<Verb>> verbs_;
    std::vector<VerbInfo> infos_;  // of verbs_, in the same order
    bool show_help_ = false;
    bool show_version_ = false;
};

}  // namespace

int run_program(int argc, char** argv, Os& os, const Environment& environment) {
    use_utf8();
    return Program(os, environment).run(argc, argv);
}

}  // namespace cria
