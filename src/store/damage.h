// For tests of readers: copies of a good file, damaged in every way that a table can say.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/os.h"

namespace cria {

// Sanitizers keep what was freed for a while: there is nothing to be learnt from the memory of a process then.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kMemoryIsPlain = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kMemoryIsPlain = false;
#else
inline constexpr bool kMemoryIsPlain = true;
#endif
#else
inline constexpr bool kMemoryIsPlain = true;
#endif

// Numbers at which sizes, counts, types and offsets overflow, wrap around, or point past the end.
inline constexpr std::uint64_t kExtremes[] = {0,
                                              1,
                                              2,
                                              0x7f,
                                              0x80,
                                              0xff,
                                              0x7fff,
                                              0xffff,
                                              0x7fffffff,
                                              0x80000000,
                                              0xffffffff,
                                              0x100000000,
                                              std::uint64_t{1} << 61,
                                              std::uint64_t{1} << 62,
                                              INT64_MAX,
                                              std::uint64_t{1} << 63,
                                              ~std::uint64_t{7},
                                              ~std::uint64_t{0}};

// Calls check(bytes, what) with: `whole` cut off at every byte; every bit of its first `header` bytes flipped; each
// extreme number of 1, 2, 4 and 8 bytes at every place there; every two neighbouring words there exchanged; garbage at
// the end. Each call must take at most 50 ms, and all together at most 64 MB of memory that was not there before.
template <class Check>
void for_each_damage(const std::string& whole, std::size_t header, Check&& check) {
    const auto resident_kib = [] {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_maxrss;
    };
    const long before = resident_kib();
    const auto timed = [&](const std::string& bytes, const std::string& what) {
        const auto seconds = [&] {
            const auto start = real_os().monotonic();
            check(bytes, what);
            return real_os().monotonic() - start;
        };
        constexpr std::chrono::milliseconds kLongest(50);
        if (seconds() < kLongest) return;
        EXPECT_LT(std::min(seconds(), seconds()), kLongest) << what;  // what else runs here may have taken the time
    };
    for (std::size_t size = 0; size < whole.size(); ++size)
        timed(whole.substr(0, size), "cut off at " + std::to_string(size));
    for (std::size_t bit = 0; bit < 8 * header; ++bit) {
        std::string bytes = whole;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        timed(bytes, "bit " + std::to_string(bit) + " flipped");
    }
    for (const std::size_t width : {1u, 2u, 4u, 8u})
        for (std::size_t at = 0; at + width <= header; ++at)
            for (const std::uint64_t number : kExtremes) {
                if (width < 8 && number >> (8 * width) != 0) break;
                std::string bytes = whole;
                std::memcpy(bytes.data() + at, &number, width);  // little-endian, as the formats are
                timed(bytes,
                      std::to_string(number) + " in " + std::to_string(width) + " bytes at " + std::to_string(at));
            }
    for (std::size_t at = 0; at + 16 <= header; ++at) {
        std::string bytes = whole;
        std::swap_ranges(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + 8),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + 8));
        timed(bytes, "words exchanged at " + std::to_string(at));
    }
    for (std::size_t extra = 1; extra <= 64; ++extra)
        timed(whole + std::string(extra, static_cast<char>(extra * 37)), std::to_string(extra) + " bytes more");
    if (kMemoryIsPlain) {
        EXPECT_LT(resident_kib() - before, 64 << 10);
    }
}

}  // namespace cria
