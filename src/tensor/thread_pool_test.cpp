#include "tensor/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <thread>
#include <vector>

namespace cria {
namespace {

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](timeval t) {
        return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(ThreadPool, RunsEveryTaskOnce) {
    for (const int threads : {1, 2, 3, 8}) {
        ThreadPool pool(threads);
        EXPECT_EQ(pool.threads(), threads);
        for (const int count : {0, 1, 2, 3, 7, 64, 1000}) {
            std::vector<int> runs(static_cast<std::size_t>(count), 0);
            pool.parallel(count, [&](int i) { ++runs[static_cast<std::size_t>(i)]; });
            EXPECT_EQ(runs, std::vector<int>(static_cast<std::size_t>(count), 1));
        }
    }
}

// Many short jobs in a row, with pauses long enough for the workers to fall asleep in between. Under the
// thread sanitizer this also shows that a job's writes are visible to the next one.
TEST(ThreadPool, JobsFollowEachOther) {
    ThreadPool pool(4);
    std::vector<std::uint64_t> values(13, 0);
    constexpr int kJobs = 20000;
    for (int job = 0; job < kJobs; ++job) {
        pool.parallel(13, [&](int i) { values[static_cast<std::size_t>(i)] += static_cast<std::uint64_t>(i) + 1; });
        if (job % 2000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const std::uint64_t sum = std::accumulate(values.begin(), values.end(), std::uint64_t{0});
    EXPECT_EQ(sum, std::uint64_t{kJobs} * 13 * 14 / 2);
}

TEST(ThreadPool, LongTasksAreWaitedFor) {
    ThreadPool pool(3);
    std::vector<int> done(6, 0);
    pool.parallel(6, [&](int i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(3 * i));
        done[static_cast<std::size_t>(i)] = 1;
    });
    EXPECT_EQ(done, std::vector<int>(6, 1));
}

TEST(ThreadPool, StartsAndStopsManyTimes) {
    for (int i = 0; i < 200; ++i) {
        ThreadPool pool(1 + i % 5);
        int runs = 0;
        if (i % 2 == 0) pool.parallel(1, [&](int) { ++runs; });
        EXPECT_EQ(runs, i % 2 == 0 ? 1 : 0);
    }
}

TEST(ThreadPool, IdleUsesNoProcessorTime) {
    ThreadPool pool(4);
    pool.parallel(16, [](int) {});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const double before = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_LT(cpu_seconds() - before, 0.01);
}

}  // namespace
}  // namespace cria
