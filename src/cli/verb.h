// A verb of the command line: its page of help, its options, and what it does. One file each.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/cli.h"
#include "cli/options.h"

namespace cria {

struct Page {
    std::string name;
    std::string summary;      // a phrase
    std::string description;  // paragraphs, wrapped when shown
    std::string examples;     // shown as they are
    std::string alias{};
};

class Verb {
public:
    virtual ~Verb() = default;
    virtual Page page() const = 0;
    virtual void add_options(Options& options) = 0;
    // Whether these include --threads, which is added to those of all other verbs.
    virtual bool has_threads_option() const { return false; }
    // Called once, after the command line was read. The exit code of a run that found no error.
    virtual Result<int> run(Cli& cli) = 0;
};

std::unique_ptr<Verb> make_run_verb();
std::unique_ptr<Verb> make_demo_verb();
std::unique_ptr<Verb> make_list_verb();
std::unique_ptr<Verb> make_show_verb();
std::unique_ptr<Verb> make_ps_verb();
std::unique_ptr<Verb> make_pull_verb();
std::unique_ptr<Verb> make_verify_verb();
std::unique_ptr<Verb> make_cp_verb();
std::unique_ptr<Verb> make_rm_verb();
std::unique_ptr<Verb> make_train_verb();
std::unique_ptr<Verb> make_eval_verb();
std::unique_ptr<Verb> make_tokenize_verb();
std::unique_ptr<Verb> make_detokenize_verb();
std::unique_ptr<Verb> make_render_verb();
std::unique_ptr<Verb> make_logits_verb();
std::unique_ptr<Verb> make_loss_verb();
std::unique_ptr<Verb> make_perplexity_verb();
std::unique_ptr<Verb> make_compare_verb();
std::unique_ptr<Verb> make_bench_verb();
std::unique_ptr<Verb> make_convert_verb();
std::unique_ptr<Verb> make_init_verb();
std::unique_ptr<Verb> make_quantize_verb();
std::unique_ptr<Verb> make_doctor_verb();
std::unique_ptr<Verb> make_version_verb();

// A verb as help and completion see it.
struct VerbInfo {
    Page page;
    std::vector<OptionInfo> options;
};
// Verbs about the command line itself; `verbs` is complete when they run.
std::unique_ptr<Verb> make_completion_verb(const std::vector<VerbInfo>& verbs);
std::unique_ptr<Verb> make_help_verb(const std::vector<VerbInfo>& verbs);

}  // namespace cria
