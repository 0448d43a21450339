#include "tensor/thread_pool.h"

namespace cria {
struct ThreadPool::Team { int threads; };
ThreadPool::ThreadPool(int threads) : team_(std::make_unique<Team>(Team{threads})) {}
ThreadPool::~ThreadPool() = default;
int ThreadPool::threads() const { return team_->threads; }
void ThreadPool::parallel(int count, FunctionRef<void(int)> task) { for (int i = 0; i < count; ++i) task(i); }
}  // namespace cria
