#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

namespace cria {

void Options::note(const CLI::Option& option, const std::string& type, const std::string& help) {
    OptionInfo info{.names = {},
                    .type = type,
                    .help = help,
                    .positional = option.get_positional(),
                    .required = option.get_required(),
                    .repeated = option.get_expected_max() > 1,
                    .everywhere = everywhere_};
    for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
    if (info.positional) info.names = {option.get_name(true)};
    all_.push_back(std::move(info));
}

void Options::flag(const std::string& names, bool& value, const std::string& help) {
    note(*app_.add_flag(names, value, help), "", help);
}

template <class T>
void Options::value(const std::string& names, T& value, const std::string& type, const std::string& help, Need need) {
    CLI::Option* option = app_.add_option(names, value, help);
    option->required(need == Need::required);
    if constexpr (std::is_same_v<T, std::vector<std::string>>) option->take_all()->allow_extra_args(false);
    note(*option, type, help);
}

void Options::choice(const std::string& names, std::string& value, const std::vector<std::string>& choices,
                     const std::string& type, const std::string& help) {
    note(*app_.add_option(names, value, help)->check(CLI::IsMember(choices)), type, help);
}

template <class T>
void Options::positional(const std::string& name, T& value, const std::string& help, Need need) {
    note(*app_.add_option(name, value, help)->required(need == Need::required), "", help);
}

using Text = std::string;
using Texts = std::vector<std::string>;
template void Options::value(const Text&, Text&, const Text&, const Text&, Need);
template void Options::value(const Text&, int&, const Text&, const Text&, Need);
template void Options::value(const Text&, std::int64_t&, const Text&, const Text&, Need);
template void Options::value(const Text&, std::optional<float>&, const Text&, const Text&, Need);
template void Options::value(const Text&, std::optional<std::int32_t>&, const Text&, const Text&, Need);
template void Options::value(const Text&, std::optional<std::uint64_t>&, const Text&, const Text&, Need);
template void Options::value(const Text&, std::optional<Text>&, const Text&, const Text&, Need);
template void Options::value(const Text&, Texts&, const Text&, const Text&, Need);
template void Options::positional(const Text&, Text&, const Text&, Need);
template void Options::positional(const Text&, std::optional<Text>&, const Text&, Need);
template void Options::positional(const Text&, Texts&, const Text&, Need);

}  // namespace cria
