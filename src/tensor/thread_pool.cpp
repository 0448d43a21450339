// The gate: one 32-bit word [epoch : 16 | open : 1 | inside : 15] says whether a job may be joined and how
// many workers are in it. A worker joins by one compare-and-swap and then claims tasks from a counter. The
// caller works too, closes the gate when no task is left, and waits for those inside alone: a worker that
// sleeps or lacks a core delays nobody. Since nobody is inside between two jobs, the job's fields need no lock.
#include "tensor/thread_pool.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

#include "base/assert.h"

namespace cria {
namespace {

using Word = std::atomic<std::uint32_t>;
static_assert(sizeof(Word) == sizeof(std::uint32_t) && Word::is_always_lock_free);

constexpr std::uint32_t kOpen = 1u << 15;
constexpr std::uint32_t kInside = kOpen - 1;
constexpr std::uint32_t kEpochStep = 1u << 16;
constexpr int kMaxThreads = 1024;
// Longer than the serial stretches between the loops of a forward pass, far shorter than a time slice.
constexpr auto kSpin = std::chrono::microseconds(50);

// Sleeps unless `word` no longer holds `value`; may return early.
void sleep_while(Word& word, std::uint32_t value) {
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}
void wake(Word& word, int sleepers) {
    ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, sleepers, nullptr, nullptr, 0);
}

void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// True as soon as `ready()`, false after kSpin.
template <class Ready>
bool spin_until(Ready ready) {
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
        for (int i = 0; i < 32; ++i) {
            if (ready()) return true;
            relax();
        }
    } while (std::chrono::steady_clock::now() < end);
    return ready();
}

}  // namespace

struct ThreadPool::Team {
    // Written by the caller, read by those inside the gate.
    const FunctionRef<void(int)>* task = nullptr;
    int count = 0;

    alignas(64) std::atomic<int> next = 0;
    alignas(64) Word gate = 0;
    std::atomic<int> sleepers = 0;  // workers in, or about to enter, sleep_while(gate)
    std::atomic<bool> stopping = false;
    alignas(64) Word emptied = 0;  // changes when the last worker leaves a closed gate
    std::atomic<bool> caller_sleeps = false;
    std::vector<std::thread> workers;

    // A task that throws ends the program: there is nobody to hand the exception to.
    void work() noexcept {
        for (int i = next.fetch_add(1, std::memory_order_relaxed); i < count;
             i = next.fetch_add(1, std::memory_order_relaxed))
            (*task)(i);
    }

    void leave() {
        const std::uint32_t before = gate.fetch_sub(1, std::memory_order_acq_rel);
        if ((before & kOpen) != 0 || (before & kInside) != 1) return;
        emptied.fetch_add(1);
        if (caller_sleeps.load()) wake(emptied, 1);
    }

    // Waits for an open gate of an epoch other than `seen` and enters it. False when the pool ends.
    bool enter(std::uint32_t& seen) {
        for (;;) {
            std::uint32_t now = 0;
            const auto joinable = [&] {
                now = gate.load();
                return stopping.load() || ((now & kOpen) != 0 && now / kEpochStep != seen);
            };
            if (!spin_until(joinable)) {
                sleepers.fetch_add(1);
                if (!joinable()) sleep_while(gate, now);
                sleepers.fetch_sub(1);
                continue;
            }
            if (stopping.load()) return false;
            if (!gate.compare_exchange_strong(now, now + 1, std::memory_order_acq_rel)) continue;
            seen = now / kEpochStep;
            return true;
        }
    }

    void serve() {
        std::uint32_t seen = 0;
        while (enter(seen)) {
            work();
            leave();
        }
    }

    void open() {
        const std::uint32_t old = gate.load(std::memory_order_relaxed);
        CRIA_ASSERT((old & (kOpen | kInside)) == 0);  // one caller, not from within a task
        gate.store((old + kEpochStep) | kOpen);
        if (sleepers.load() > 0) wake(gate, std::min<int>(count - 1, kMaxThreads));
    }

    void close() {
        const auto empty = [this] { return (gate.load(std::memory_order_acquire) & kInside) == 0; };
        gate.fetch_and(~kOpen, std::memory_order_acq_rel);
        if (empty() || spin_until(empty)) return;
        caller_sleeps.store(true);
        for (;;) {
            const std::uint32_t seen = emptied.load();
            if (empty()) break;
            sleep_while(emptied, seen);
        }
        caller_sleeps.store(false);
    }
};

ThreadPool::ThreadPool(int threads) : team_(std::make_unique<Team>()) {
    CRIA_ASSERT(threads >= 1);
    threads = std::min(threads, kMaxThreads);
    team_->workers.reserve(static_cast<std::size_t>(threads - 1));
    try {
        for (int i = 1; i < threads; ++i) team_->workers.emplace_back([team = team_.get()] { team->serve(); });
    } catch (const std::system_error&) {
        // The system grants no more threads: a smaller team gives the same results.
    }
}

ThreadPool::~ThreadPool() {
    team_->stopping.store(true);
    team_->gate.fetch_add(kEpochStep);  // a worker about to sleep sees another value
    wake(team_->gate, kMaxThreads);
    for (std::thread& worker : team_->workers) worker.join();
}

int ThreadPool::threads() const { return static_cast<int>(team_->workers.size()) + 1; }

void ThreadPool::parallel(int count, FunctionRef<void(int)> task) {
    if (count <= 0) return;
    Team& team = *team_;
    team.task = &task;
    team.count = count;
    team.next.store(0, std::memory_order_relaxed);
    if (count == 1 || team.workers.empty()) return team.work();
    team.open();
    team.work();
    team.close();
}

}  // namespace cria
