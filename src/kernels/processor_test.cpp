#include "kernels/processor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string_view>

#include "base/os_fault.h"
#include "kernels/cpu/features.h"
#include "kernels/kernels.h"

namespace cria {
namespace {

// A folder that looks like the root of a machine.
class ProcessorTest : public ::testing::Test {
protected:
    ProcessorTest() : root_(Path(::testing::TempDir()) / ("cria_processor_" + std::to_string(::getpid()))) {
        put("proc/cpuinfo", "processor\t: 0\nmodel name\t: Test Processor 9\nflags\t\t: fpu\n");
        put("proc/meminfo", "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n");
    }
    ~ProcessorTest() override { (void)real_os().remove(root_); }

    void put(const Path& path, std::string_view text) {
        ASSERT_TRUE(real_os().make_folders((root_ / path).parent_path()));
        ASSERT_TRUE(write_atomically(real_os(), root_ / path, text));
    }
    Processor describe() { return describe_processor(real_os(), root_); }

    Path root_;
};

TEST_F(ProcessorTest, WithoutGroups) {
    const Processor p = describe();
    EXPECT_EQ(p.name, "Test Processor 9");
    EXPECT_FALSE(p.quota_threads.has_value());
    EXPECT_GE(p.threads, 1);
    EXPECT_EQ(p.threads, p.allowed_threads);
    EXPECT_EQ(p.memory_bytes, 16000000ull * 1024);
    EXPECT_EQ(p.memory_available_bytes, 8000000ull * 1024);
}

TEST_F(ProcessorTest, Version2TakesTheLeastOfTheEnclosingGroups) {
    put("proc/self/cgroup", "0::/outer/inner\n");
    put("sys/fs/cgroup/outer/cpu.max", "50000 100000\n");
    put("sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/outer/inner/memory.max", "1000000000\n");
    put("sys/fs/cgroup/outer/inner/memory.current", "600000000\n");
    put("sys/fs/cgroup/outer/inner/memory.stat", "anon 7\ninactive_file 200000000\n");
    put("sys/fs/cgroup/outer/memory.max", "max\n");
    const Processor p = describe();
    EXPECT_EQ(p.quota_threads, 0.5);
    EXPECT_EQ(p.threads, 1);
    EXPECT_EQ(p.memory_bytes, 1000000000u);
    EXPECT_EQ(p.memory_available_bytes, 600000000u);
}

TEST_F(ProcessorTest, Version1InsideAContainer) {
    // The path is the host's; inside, the group is mounted as the root.
    put("proc/self/cgroup", "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "150000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "500000000\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "900000000\n");
    const Processor p = describe();
    EXPECT_EQ(p.quota_threads, 1.5);
    EXPECT_EQ(p.threads, std::min(2, p.allowed_threads));
    EXPECT_EQ(p.memory_bytes, 500000000u);
    EXPECT_EQ(p.memory_available_bytes, 0u);
}

TEST_F(ProcessorTest, OddFilesAreAsIfAbsent) {
    put("proc/cpuinfo", "model name");
    put("proc/self/cgroup", "0:\n::\n0::/a/../../..\nx");
    put("sys/fs/cgroup/cpu.max", "-5 100000");
    put("sys/fs/cgroup/memory.max", "99999999999999999999999");
    const Processor p = describe();
    EXPECT_EQ(p.name, "unknown");
    EXPECT_FALSE(p.quota_threads.has_value());
    EXPECT_EQ(p.memory_bytes, 16000000ull * 1024);
}

TEST_F(ProcessorTest, SurvivesFailingReads) {
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/cpu.max", "100000 100000");
    for (std::uint64_t call = 1; call < 30; ++call) {
        FaultyOs faulty(real_os(), {.fail_at_call = call, .fail_ever_after = call % 2 == 0});
        EXPECT_GE(describe_processor(faulty, root_).threads, 1);
    }
}

TEST(Roofs, ArePlausible) {
    ThreadPool pool(1);
    const Roofs roofs = measure_roofs(real_os(), pool);
    std::printf("%.1f GFLOP/s f32, %.1f Gop/s int8 (%s), %.1f GB/s (%s), one thread\n", roofs.peak_f32_gflops,
                roofs.peak_int8_gops, std::string(roofs.int8_instruction).c_str(), roofs.read_gb_s,
                std::string(roofs.read_pattern).c_str());
    EXPECT_GT(roofs.peak_f32_gflops, 0.01);
    EXPECT_LT(roofs.peak_f32_gflops, 1e4);
    EXPECT_EQ(roofs.peak_bf16_gflops > 0, has_instructions("avx512_bf16"));
    EXPECT_GT(roofs.read_gb_s, 0.01);
    EXPECT_LT(roofs.read_gb_s, 1e4);
}

}  // namespace
}  // namespace cria
