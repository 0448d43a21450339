// The options of a verb. Behind it stands CLI11, which only options.cpp and program.cpp include: it is
// large, and this keeps the build quick.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cria {

// What help and completion know about an option.
struct OptionInfo {
    std::vector<std::string> names;  // "--json", "-m"; of a positional one its name, in capitals
    std::string type;                // of its value: "N", "FILE"; empty for flags and positional ones
    std::string help;
    bool positional = false;
    bool required = false;
    bool repeated = false;
    bool everywhere = false;  // of every verb
};

enum class Need { optional, required };

class Options {
public:
    explicit Options(CLI::App& app) : app_(app) {}

    // `names`: "--json", or "-m,--model".
    void flag(const std::string& names, bool& value, const std::string& help);
    // T: std::string, int, std::int64_t, an optional of a number or a string, or a vector of strings (then the
    // option may be repeated).
    template <class T>
    void value(const std::string& names, T& value, const std::string& type, const std::string& help,
               Need need = Need::optional);
    // The value is one of `choices`.
    void choice(const std::string& names, std::string& value, const std::vector<std::string>& choices,
                const std::string& type, const std::string& help);
    // T: std::string, std::optional<std::string>, or a vector of strings (then it takes all that follow).
    template <class T>
    void positional(const std::string& name, T& value, const std::string& help, Need need = Need::optional);

    // The options added from now on are those of every verb.
    void begin_everywhere() { everywhere_ = true; }
    const std::vector<OptionInfo>& all() const { return all_; }

private:
    void note(const CLI::Option& option, const std::string& type, const std::string& help);

    CLI::App& app_;
    std::vector<OptionInfo> all_;
    bool everywhere_ = false;
};

}  // namespace cria
