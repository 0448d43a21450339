#include "cli/kernel_choice.h"

#include "base/json.h"
#include "cli/cli.h"
#include "kernels/processor.h"

namespace cria {
namespace {

constexpr std::int64_t kMostBytes = 1 << 16;

std::vector<std::string_view> available_names() {
    std::vector<std::string_view> names;
    for (const Kernels* one : available_kernels()) names.push_back(one->name);
    return names;
}

// What a choice was made for.
std::string machine_of(Os& os) {
    const Processor processor = describe_processor(os);
    return fmt::format("cria {}, {}: {}", kVersion, processor.name, fmt::join(available_names(), " "));
}

KernelChoice choice_of(const OrderedJson& kept) {
    KernelChoice choice{kernels_named(kept.at("kernels").get<std::string>()),
                        "the quickest when they were measured at the first start",
                        {}};
    for (const auto& [name, speed] : kept.at("speeds").items())
        if (const Kernels* table = kernels_named(name))
            choice.speeds.push_back({table->name, speed.at(0).get<double>(), speed.at(1).get<double>()});
    return choice;
}

// Null where there is no file, or one of something else.
KernelChoice kept_choice(Os& os, const Path& file, const std::string& machine) {
    const auto text = read_text(os, file, kMostBytes);
    if (!text) return {};
    const OrderedJson kept = OrderedJson::parse(*text, nullptr, false);
    try {
        if (kept.at("of").get<std::string>() == machine) return choice_of(kept);
    } catch (const OrderedJson::exception&) {
        // Not what is written here: as good as none.
    }
    return {};
}

OrderedJson measured(const std::string& machine) {
    const std::vector<TableSpeed> speeds = measure_tables();
    OrderedJson json{{"of", machine}, {"kernels", quickest(speeds)}, {"speeds", OrderedJson::object()}};
    for (const TableSpeed& speed : speeds) json["speeds"][std::string(speed.name)] = {speed.quantised, speed.bf16};
    return json;
}

}  // namespace

Result<KernelChoice> choose_kernels(Os& os, const Environment& environment, const std::string& name) {
    if (!name.empty()) {
        if (const Kernels* table = kernels_named(name)) return KernelChoice{table, "asked for with --kernels", {}};
        return fail(ErrorKind::invalid_input, "--kernels {}: this processor and this build have {}", name,
                    fmt::join(available_names(), ", "));
    }
    if (available_kernels().size() == 1)
        return KernelChoice{available_kernels().front(),
                            "no table of this binary for a vector instruction set runs on this processor",
                            {}};
    const std::string machine = machine_of(os);
    const auto folder = cache_folder(environment);
    if (folder) {
        KernelChoice kept = kept_choice(os, *folder / "kernels.json", machine);
        if (kept.kernels != nullptr) return kept;
    }
    const OrderedJson found = measured(machine);
    // Where it cannot be kept, the next start measures again.
    if (folder && os.make_folders(*folder))
        (void)write_atomically(os, *folder / "kernels.json", json_text(found, 2) + "\n");
    return choice_of(found);
}

}  // namespace cria
