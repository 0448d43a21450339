// cria doctor

#include "base/json.h"
#include "cli/program.h"
#include "cli/verb.h"
#include "kernels/processor.h"

namespace cria {
namespace {

class DoctorVerb final : public Verb {
public:
    Page page() const override {
        return {.name = "doctor",
                .summary = "show the processor, threads and memory, and what will be used and why",
                .description =
                    "Looks at the machine: processor, instruction sets, the threads that this process may use "
                    "(affinity and the quota of its control group), and memory. Then measures what the chosen "
                    "kernels reach: the roofs that speeds are to be compared with.",
                .examples = "  cria doctor\n  cria doctor --json\n  cria doctor --kernels scalar --threads 1\n"};
    }

    void add_options(Options& options) override { options.flag("--json", json_, "print one JSON object"); }

    Result<int> run(Cli& cli) override {
        const Processor processor = describe_processor(cli.os);
        const Compute compute = CRIA_TRY(cli.compute());
        const KernelChoice choice = CRIA_TRY(cli.kernel_choice());
        if (cli.console.error_is_terminal()) cli.console.err("measuring for about a second...\r");
        const Roofs roofs = measure_roofs(cli.os, compute.pool);
        cli.console.out(json_ ? as_json(processor, compute, choice, roofs)
                              : as_table(cli.console, processor, compute, choice, roofs));
        return kDone;
    }

private:
    static std::string as_json(const Processor& p, const Compute& compute, const KernelChoice& choice,
                               const Roofs& roofs) {
        const OrderedJson quota = p.quota_threads ? OrderedJson(*p.quota_threads) : OrderedJson(nullptr);
        OrderedJson speeds = OrderedJson::object();
        for (const TableSpeed& speed : choice.speeds)
            speeds[std::string(speed.name)] = {{"q4_0_gops", speed.quantised}, {"bf16_gflops", speed.bf16}};
        const OrderedJson object{{"processor", p.name},
                                 {"instruction_sets", p.instruction_sets},
                                 {"kernels", compute.kernels.name},
                                 {"reason", choice.reason},
                                 {"kernel_speeds", speeds},
                                 {"threads",
                                  {{"used", compute.pool.threads()},
                                   {"online", p.online_threads},
                                   {"allowed", p.allowed_threads},
                                   {"quota", quota}}},
                                 {"memory", {{"total", p.memory_bytes}, {"available", p.memory_available_bytes}}},
                                 {"peak_f32_gflops", roofs.peak_f32_gflops},
                                 {"peak_int8_gops", roofs.peak_int8_gops},
                                 {"int8_instruction", roofs.int8_instruction},
                                 {"peak_bf16_gflops", roofs.peak_bf16_gflops},
                                 {"bf16_instruction", roofs.bf16_instruction},
                                 {"read_gb_s", roofs.read_gb_s},
                                 {"read_pattern", roofs.read_pattern}};
        return json_text(object, 2) + "\n";
    }

    static std::string as_table(const Console& console, const Processor& p, const Compute& compute,
                                const KernelChoice& choice, const Roofs& roofs) {
        std::string out;
        const auto heading = [&](std::string_view text) { out += console.styled(text, Style::bold) + "\n"; };
        const auto line = [&](std::string_view name, const std::string& value) {
            out += fmt::format("  {:<18}{}\n", name, value);
        };
        heading("Processor");
        line("name", p.name);
        line("found", fmt::format("{}", fmt::join(p.instruction_sets, ", ")));
        line("kernels", fmt::format("{}: {}", compute.kernels.name, choice.reason));
        for (const TableSpeed& speed : choice.speeds)
            line("", fmt::format("{:<12} {:>5.0f} GOP/s in Q4_0, {:>4.0f} in bf16, one thread", speed.name,
                                 speed.quantised, speed.bf16));
        heading("Threads");
        line("used", fmt::format("{}{}", compute.pool.threads(),
                                 compute.pool.threads() != p.threads ? " (asked for with --threads)" : ""));
        line("of the machine",
             fmt::format("{}, of which this process may use {}", p.online_threads, p.allowed_threads));
        line("quota", p.quota_threads ? fmt::format("{:.2f} (control group)", *p.quota_threads) : "none");
        heading("Memory");
        line("available", fmt::format("{} of {}", human_bytes(p.memory_available_bytes), human_bytes(p.memory_bytes)));
        heading(fmt::format("Roofs, measured with {} thread(s)", compute.pool.threads()));
        line("f32", fmt::format("{:.1f} GFLOP/s", roofs.peak_f32_gflops));
        line("int8", fmt::format("{:.1f} GOP/s ({})", roofs.peak_int8_gops, roofs.int8_instruction));
        line("bf16", roofs.peak_bf16_gflops > 0
                         ? fmt::format("{:.1f} GFLOP/s ({})", roofs.peak_bf16_gflops, roofs.bf16_instruction)
                         : "no instruction; multiplied in f32");
        line("memory", fmt::format("{:.1f} GB/s ({})", roofs.read_gb_s, roofs.read_pattern));
        return out;
    }

    bool json_ = false;
};

}  // namespace

std::unique_ptr<Verb> make_doctor_verb() { return std::make_unique<DoctorVerb>(); }

}  // namespace cria
