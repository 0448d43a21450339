#include "cli/cli.h"

#include "kernels/processor.h"

namespace cria {

int Cli::thread_count() const { return threads > 0 ? threads : describe_processor(os).threads; }

Result<Compute> Cli::compute() {
    const Kernels* table = kernels.empty() ? &best_kernels() : kernels_named(kernels);
    if (table == nullptr) {
        std::vector<std::string_view> names;
        for (const Kernels* one : available_kernels()) names.push_back(one->name);
        return fail(ErrorKind::invalid_input, "--kernels {}: this processor and this build have {}", kernels,
                    fmt::join(names, ", "));
    }
    if (!pool_) pool_ = std::make_unique<ThreadPool>(thread_count());
    return Compute{*pool_, *table};
}

}  // namespace cria
