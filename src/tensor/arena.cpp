#include "tensor/arena.h"

#include <algorithm>

namespace cria {
namespace {
constexpr std::size_t kFirstBlockBytes = 1u << 20;
}  // namespace

void* Arena::allocate(std::size_t bytes) {
    const std::size_t taken = padded(bytes);
    while (block_ < blocks_.size() && offset_ + taken > blocks_[block_]->bytes()) {
        ++block_;
        offset_ = 0;
    }
    if (block_ == blocks_.size())
        blocks_.push_back(Storage::allocate_uninitialised(std::max({taken, kFirstBlockBytes, capacity_bytes()})));
    void* memory = blocks_[block_]->data() + offset_;
    offset_ += taken;
    std::size_t before = 0;
    for (std::size_t i = 0; i < block_; ++i) before += blocks_[i]->bytes();
    needed_ = std::max(needed_, before + offset_);
    return memory;
}

void Arena::reserve(std::size_t bytes) {
    CRIA_ASSERT(block_ == 0 && offset_ == 0);
    if (capacity_bytes() >= bytes) return;
    blocks_.clear();
    blocks_.push_back(Storage::allocate_uninitialised(bytes));
}

Tensor Arena::tensor(DType type, Shape shape) {
    return {type, shape, allocate(static_cast<std::size_t>(shape.elements()) * bytes_of(type))};
}

void Arena::rewind(Mark mark) {
    block_ = mark.block;
    offset_ = mark.offset;
}

void Arena::reset() {
    if (blocks_.size() > 1) {
        blocks_.clear();
        blocks_.push_back(Storage::allocate_uninitialised(needed_));
    }
    block_ = 0;
    offset_ = 0;
}

std::size_t Arena::capacity_bytes() const {
    std::size_t total = 0;
    for (const auto& block : blocks_) total += block->bytes();
    return total;
}

}  // namespace cria
