// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011). The n-th number of a stream is a pure function of (seed, stream, n), so the same
// seed gives the same draw whatever ran before it and on however many threads.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace cria {

// One Philox block: four 32-bit words for a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// A sequence of draws from (seed, stream). Copying copies the position.
class Random {
public:
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

    std::uint32_t next_u32();
    std::uint64_t next_u64();
    double uniform();                          // [0, 1), 53 bits
    std::uint32_t below(std::uint32_t bound);  // [0, bound), unbiased; bound > 0
    double normal();                           // mean 0, variance 1 (Box-Muller)

private:
    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t block_ = 0;
    std::array<std::uint32_t, 4> words_{};
    int used_ = 4;
};

// Puts the values in a random order, each equally likely (Fisher-Yates).
template <class T>
void shuffle(std::vector<T>& values, Random& random) {
    for (std::size_t i = values.size(); i > 1; --i)
        std::swap(values[i - 1], values[random.below(static_cast<std::uint32_t>(i))]);
}

}  // namespace cria
