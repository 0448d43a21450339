// The rules of the house that a machine can check on a file's text.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cria::house {

// `path` is relative to the root of the repository, with forward slashes.
struct SourceFile {
    std::string path;
    std::string text;
};

// One sentence, "path:line: what is wrong and what is wanted", for each rule broken.
using Findings = std::vector<std::string>;

// The text with comments, and the contents of string and character literals, blanked; lines stay where they are.
std::string code_only(std::string_view text);

Findings check_includes(const SourceFile& file);   // a room includes only lower floors, or along an arrow
Findings check_calls(const SourceFile& file);      // environment, files, clocks, throw, abort: only in their places
Findings check_layout(const SourceFile& file);     // file length, columns, tabs, `#pragma once`
Findings check_functions(const SourceFile& file);  // function length
Findings check_words(const SourceFile& file);      // unfinished work, paths of one machine, unknown hosts
Findings check_cycles(const std::vector<SourceFile>& files);  // headers that include each other

// All of the above that apply to a file of its kind.
Findings check_file(const SourceFile& file);

}  // namespace cria::house
