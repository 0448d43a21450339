// A fixed team of threads for fork-join loops.
//
// parallel() hands out tasks 0..count-1 and returns when all are done; the caller works too. Between two
// calls that follow closely the workers spin for some microseconds (a forward pass has hundreds of
// barriers a second), then sleep in the kernel: an idle pool uses no processor time.
// Tasks must not depend on which thread runs them: results are then the same for any number of threads.
#pragma once

#include <memory>

#include "base/function_ref.h"

namespace cria {

class ThreadPool {
public:
    // `threads` in all, the caller included; at least 1.
    explicit ThreadPool(int threads);
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;
    ~ThreadPool();

    int threads() const;

    // Runs task(i) for i in [0, count). One caller at a time; not from within a task.
    void parallel(int count, FunctionRef<void(int task)> task);

private:
    struct Team;
    std::unique_ptr<Team> team_;
};

}  // namespace cria
