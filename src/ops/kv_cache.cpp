#include "ops/kv_cache.h"

#include <cstring>
#include <utility>

#include "kernels/paired.h"

namespace cria {

static_assert(kPagePositions % kPairedLanes == 0);

bool KvShape::side_by_side() const { return head_dim % kPairedLanes == 0; }

std::uint64_t KvShape::head_bytes() const {
    const std::uint64_t scale = type == DType::i8 ? sizeof(float) : 0;
    return 2 * kPagePositions * (bytes_of(type) * static_cast<std::uint64_t>(head_dim) + scale);
}

std::uint64_t KvShape::page_bytes() const {
    constexpr std::uint64_t kBlock = 64 * 1024, kShift = 16 * 1024;
    const std::uint64_t held = head_bytes() * static_cast<std::uint64_t>(layers * kv_heads);
    return held % kBlock == 0 ? held + kShift : held;
}

std::uint64_t KvShape::bytes(std::int64_t positions) const {
    return page_bytes() * static_cast<std::uint64_t>(KvCache::pages_for(positions));
}

KvPool::KvPool(const KvShape& shape, std::int64_t pages)
    : shape_(shape),
      memory_(Tensor::zeros(DType::i8, {pages, static_cast<std::int64_t>(shape.page_bytes())})),
      holders_(static_cast<std::size_t>(pages), 0) {
    CRIA_ASSERT(can_hold(shape.type, shape.head_dim));
    free_.reserve(holders_.size());
    for (std::int64_t page = pages; page > 0; --page) free_.push_back(static_cast<PageId>(page - 1));
}

bool KvPool::can_hold(DType type, std::int64_t head_dim) {
    const bool known = type == DType::f32 || type == DType::bf16 || type == DType::i8;
    return known && (type == DType::f32 || KvShape{1, 1, head_dim, type}.side_by_side());
}

std::optional<PageId> KvPool::take() {
    if (free_.empty()) return {};
    const PageId page = free_.back();
    free_.pop_back();
    holders(page) = 1;
    return page;
}

void KvPool::release(PageId page) {
    CRIA_ASSERT(holders(page) > 0);
    if (--holders(page) == 0) free_.push_back(page);
}

std::span<std::byte> KvPool::bytes(PageId page) const {
    const auto size = static_cast<std::size_t>(shape_.page_bytes());
    return {static_cast<std::byte*>(memory_.raw()) + static_cast<std::size_t>(page) * size, size};
}

void KvPool::copy(PageId from, PageId to) {
    std::memcpy(bytes(to).data(), bytes(from).data(), static_cast<std::size_t>(shape_.page_bytes()));
}

KvCache::KvCache(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {
    pages_.reserve(static_cast<std::size_t>(pool_->pages()));
}

KvCache::KvCache(const KvShape& shape, std::int64_t positions)
    : KvCache(std::make_shared<KvPool>(shape, pages_for(positions))) {
    reserve(positions);
}

KvCache::KvCache(KvCache&& other) noexcept
    : pool_(std::move(other.pool_)),
      pages_(std::exchange(other.pages_, {})),
      capacity_(std::exchange(other.capacity_, 0)),
      length_(std::exchange(other.length_, 0)) {}

KvCache& KvCache::operator=(KvCache&& other) noexcept {
    if (this == &other) return *this;
    drop();
    pool_ = std::move(other.pool_);
    pages_ = std::exchange(other.pages_, {});
    capacity_ = std::exchange(other.capacity_, 0);
    length_ = std::exchange(other.length_, 0);
    return *this;
}

bool KvCache::reserve(std::int64_t positions) {
    while (capacity_ < positions) {
        const auto page = pool_->take();
        if (!page) return false;
        pages_.push_back(*page);
        capacity_ += kPagePositions;
    }
    return true;
}

void KvCache::set_length(std::int64_t length) {
    CRIA_ASSERT(length >= 0 && length <= capacity_);
    length_ = length;
}

void KvCache::drop() {
    for (const PageId page : pages_) pool_->release(page);
    pages_.clear();
    capacity_ = length_ = 0;
}

void KvCache::append_shared(PageId page) {
    pool_->hold(page);
    append_owned(page, kPagePositions);
}

void KvCache::append_owned(PageId page, std::int64_t positions) {
    CRIA_ASSERT(length_ == capacity_ && positions <= kPagePositions);
    pages_.push_back(page);
    capacity_ += kPagePositions;
    length_ += positions;
}

bool KvCache::append_copy(PageId page, std::int64_t positions) {
    CRIA_ASSERT(length_ == capacity_ && positions <= kPagePositions);
    if (!reserve(length_ + positions)) return false;
    pool_->copy(page, pages_.back());
    length_ += positions;
    return true;
}

}  // namespace cria
