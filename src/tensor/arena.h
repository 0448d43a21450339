// Memory for the activations of one pass: allocation is a pointer increment, everything is forgotten at
// once. After the first passes have shown how much is needed, a pass allocates nothing from the system.
#pragma once

#include <cstddef>
#include <vector>

#include "tensor/tensor.h"

namespace cria {

// One owner, one thread.
class Arena {
public:
    Arena() = default;
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // What allocate(bytes) takes.
    static constexpr std::size_t padded(std::size_t bytes) {
        return (bytes + kAlignment - 1) / kAlignment * kAlignment;
    }
    // Makes room for `bytes` at once, before anything is allocated.
    void reserve(std::size_t bytes);

    // Uninitialised memory, 64-byte aligned, valid until reset() or rewind() to before it.
    void* allocate(std::size_t bytes);
    Tensor tensor(DType type, Shape shape);

    // A place to go back to: everything allocated since becomes free.
    struct Mark {
        std::size_t block = 0;
        std::size_t offset = 0;
    };
    Mark mark() const { return {block_, offset_}; }
    void rewind(Mark mark);

    // Forgets all; several blocks are joined into one large enough for what was ever needed at once.
    void reset();
    std::size_t capacity_bytes() const;
    // The most bytes that were ever in use at once.
    std::size_t needed_bytes() const { return needed_; }

private:
    static constexpr std::size_t kAlignment = 64;

    std::vector<std::shared_ptr<Storage>> blocks_;
    std::size_t block_ = 0;   // the block being filled
    std::size_t offset_ = 0;  // bytes used in it
    std::size_t needed_ = 0;  // the most bytes in use at once, with the unused ends of blocks
};

}  // namespace cria
