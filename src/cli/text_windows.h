// What the verbs that run models over a text share: its options, its windows, and the progress through them.
#pragma once

#include <functional>
#include <string>

#include "base/chart.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "eval/text.h"

namespace cria {

struct TextOptions {
    std::string file;
    std::int64_t context = 512;
    std::string svg;  // empty: no picture
};
void add_text_options(Options& options, TextOptions& text);
// The file's windows; text that is not UTF-8 is taken byte by byte, as cria tokenize does.
Result<TextWindows> read_windows(Cli& cli, const TextOptions& text, const Tokenizer& tokenizer);

// Where a picture was asked for, writes it there.
Status write_picture(Cli& cli, const TextOptions& text, const Chart& chart);

// Shows how many windows are done, with the time left; stops at Ctrl-C.
class WindowCounter {
public:
    WindowCounter(Cli& cli, const TextWindows& windows);
    const std::function<bool(std::int64_t)>& report() const { return report_; }
    void end() { progress_.end(); }

private:
    Progress progress_;
    std::function<bool(std::int64_t)> report_;
};

}  // namespace cria
