// cria completion: scripts made from the very options that the program takes.

#include "cli/program.h"
#include "cli/verb.h"

namespace cria {
namespace {

std::vector<std::string> long_names(const VerbInfo& verb) {
    std::vector<std::string> names;
    for (const OptionInfo& option : verb.options) {
        for (const std::string& name : option.names) {
            if (name.starts_with("--")) names.push_back(name);
        }
    }
    return names;
}

std::string bash_script(const std::vector<VerbInfo>& verbs) {
    std::string names, cases;
    for (const VerbInfo& verb : verbs) {
        names += verb.page.name + " ";
        cases += fmt::format("        {}) words=\"{}\" ;;\n", verb.page.name, fmt::join(long_names(verb), " "));
    }
    return fmt::format(R"sh(# bash completion for cria: source this file, or put it into /etc/bash_completion.d
_cria() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}" verb="${{COMP_WORDS[1]}}" words=""
    if [ "$COMP_CWORD" -eq 1 ]; then
        COMPREPLY=($(compgen -W "{}--help --version" -- "$current"))
        return
    fi
    case "$verb:$previous" in
        run:run|show:show|*:--model|*:-m)
            COMPREPLY=($(compgen -W "$(cria list 2>/dev/null | awk 'NR > 1 {{ print $1 }}')" -- "$current") $(compgen -d -- "$current"))
            return ;;
        eval:eval) COMPREPLY=($(compgen -W "office" -- "$current")); return ;;
        help:help) COMPREPLY=($(compgen -W "{}" -- "$current")); return ;;
        completion:completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")); return ;;
    esac
    case "$verb" in
{}    esac
    if [[ "$current" == -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    else
        COMPREPLY=($(compgen -f -- "$current"))
    fi
}}
complete -o filenames -F _cria cria
)sh",
                       names, names, cases);
}

// Quoted for zsh's and fish's single quotes.
std::string quoted(std::string text, std::string_view quote) {
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += quote.size())
        text.replace(at, 1, quote);
    return text;
}

std::string zsh_script(const std::vector<VerbInfo>& verbs) {
    std::string names, cases;
    for (const VerbInfo& verb : verbs) {
        names += fmt::format("        '{}:{}'\n", verb.page.name, quoted(verb.page.summary, "'\\''"));
        cases += fmt::format("        {}) options=({}) ;;\n", verb.page.name, fmt::join(long_names(verb), " "));
    }
    return fmt::format(R"sh(#compdef cria
# zsh completion for cria: put this file as _cria into a folder of $fpath
_cria() {{
    local -a verbs options
    verbs=(
{}    )
    if (( CURRENT == 2 )); then
        _describe 'verb' verbs
        return
    fi
    case "$words[2]" in
{}    esac
    if [[ "$PREFIX" == -* ]]; then
        compadd -- $options
    elif [[ "$words[CURRENT-1]" == (run|show|--model|-m) ]]; then
        compadd -- ${{(f)"$(cria list 2>/dev/null | awk 'NR > 1 {{ print $1 }}')"}}
        _files -/
    else
        _files
    fi
}}
_cria "$@"
)sh",
                       names, cases);
}

std::string fish_script(const std::vector<VerbInfo>& verbs) {
    std::string out =
        "# fish completion for cria: put this file as cria.fish into ~/.config/fish/completions\n"
        "function __cria_models\n    cria list 2>/dev/null | awk 'NR > 1 { print $1 }'\nend\n"
        "complete -c cria -n '__fish_seen_subcommand_from run show' -a '(__cria_models)'\n";
    for (const VerbInfo& verb : verbs) {
        out += fmt::format("complete -c cria -n __fish_use_subcommand -f -a {} -d '{}'\n", verb.page.name,
                           quoted(verb.page.summary, "\\'"));
        for (const OptionInfo& option : verb.options) {
            for (const std::string& name : option.names) {
                if (!name.starts_with("--")) continue;
                out += fmt::format("complete -c cria -n '__fish_seen_subcommand_from {}' -l {} -d '{}'\n",
                                   verb.page.name, name.substr(2), quoted(option.help, "\\'"));
            }
        }
    }
    return out;
}

class CompletionVerb final : public Verb {
public:
    explicit CompletionVerb(const std::vector<VerbInfo>& verbs) : verbs_(verbs) {}

    Page page() const override {
        return {.name = "completion",
                .summary = "print a completion script for bash, zsh or fish",
                .description = "Prints a script that lets the shell complete verbs, options and models.",
                .examples =
                    "  source <(cria completion bash)\n"
                    "  cria completion zsh > ~/.zfunc/_cria\n"
                    "  cria completion fish > ~/.config/fish/completions/cria.fish\n"};
    }

    void add_options(Options& options) override {
        options.positional("SHELL", shell_, "bash, zsh or fish", Need::required);
    }

    Result<int> run(Cli& cli) override {
        if (shell_ == "bash")
            cli.console.out(bash_script(verbs_));
        else if (shell_ == "zsh")
            cli.console.out(zsh_script(verbs_));
        else if (shell_ == "fish")
            cli.console.out(fish_script(verbs_));
        else
            return fail(ErrorKind::invalid_input, "there is no completion for '{}'; choose bash, zsh or fish", shell_);
        return kDone;
    }

private:
    const std::vector<VerbInfo>& verbs_;
    std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> make_completion_verb(const std::vector<VerbInfo>& verbs) {
    return std::make_unique<CompletionVerb>(verbs);
}

}  // namespace cria
