#include "cli/cli.h"

#include "cli/kernel_choice.h"
#include "kernels/processor.h"

namespace cria {

int Cli::thread_count() const { return threads > 0 ? threads : describe_processor(os).threads; }

Result<Compute> Cli::compute() {
    if (!kernels_) kernels_ = CRIA_TRY(choose_kernels(*this, kernels)).kernels;
    if (!pool_) pool_ = std::make_unique<ThreadPool>(thread_count());
    return Compute{*pool_, *kernels_};
}

}  // namespace cria
