// What this machine gives a program: its processor, the threads and memory it may use, and how fast it can
// compute and read at best. `cria doctor` prints it; the trainer sets its speed against it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "tensor/thread_pool.h"

namespace cria {

struct Processor {
    std::string name;                                // as the maker says; "unknown" when the system does not tell
    std::vector<std::string_view> instruction_sets;  // found, of those that Cria knows to use

    int online_threads = 1;               // hardware threads of the machine
    int allowed_threads = 1;              // of these, within this process's affinity
    std::optional<double> quota_threads;  // processor time a control group allows, in threads
    int threads = 1;                      // to use: allowed, within the quota rounded up, at least 1

    std::uint64_t memory_bytes = 0;            // of the machine or the control group, whichever is less
    std::uint64_t memory_available_bytes = 0;  // of these, free or freed at need
};

// Never fails: what the system does not tell keeps its default. `root` is "/" except in tests.
Processor describe_processor(Os& os, const Path& root = "/");

// The best rates seen in about a second, with all threads of the pool at work.
struct Roofs {
    double peak_f32_gflops = 0;         // fused multiply-adds from registers; each counts as two operations
    double peak_int8_gops = 0;          // sums of int8 products from registers, counted alike
    std::string_view int8_instruction;  // the one that gave peak_int8_gops
    double peak_bf16_gflops = 0;        // sums of bf16 products in f32; 0 where no kernel's instruction does them
    std::string_view bf16_instruction;  // the one that gave peak_bf16_gflops
    double read_gb_s = 0;               // reading memory beyond every cache
    std::string_view read_pattern;      // the one that gave read_gb_s
};
Roofs measure_roofs(Os& os, ThreadPool& pool);
// Roofs::peak_f32_gflops alone, in about a quarter of a second.
double measure_f32_gflops(Os& os, ThreadPool& pool);

}  // namespace cria
