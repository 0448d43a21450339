#include "cli/cli.h"

#include "kernels/processor.h"

namespace cria {

int Cli::thread_count() const { return threads > 0 ? threads : describe_processor(os).threads; }

Result<Compute> Cli::compute() {
    const KernelChoice choice = CRIA_TRY(kernel_choice());
    if (!pool_) pool_ = std::make_unique<ThreadPool>(thread_count());
    return Compute{*pool_, *choice.kernels};
}

Result<KernelChoice> Cli::kernel_choice() {
    if (!kernel_choice_) kernel_choice_ = CRIA_TRY(choose_kernels(os, environment, kernels));
    return *kernel_choice_;
}

}  // namespace cria
