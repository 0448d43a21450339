// Keys and values that passes have written: a pool of pages, and sequences that are lists of them (Kwon et al. 2023,
// "PagedAttention"). What a sequence needs of memory grows as it is written, and sequences that begin alike can have
// the same pages.
//
// A page holds kPagePositions positions of all layers, [layers][kv_heads][keys, values][kPagePositions, head_dim]: a
// head's positions side by side, so that one query reads them in a row. For head_dims that are multiples of 16 they
// stand in the order of kernels/paired.h, in f32 and bf16, or in eight bits in that of kernels/quads.h; others in f32
// as they are. Eight bits have a scale in f32 for each position, [kPagePositions] of keys and as many of values behind
// the numbers of a head: the largest number is 127.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace cria {

// A block of keys in attention: the sums of a row must not depend on how its sequence lies in memory.
inline constexpr std::int64_t kPagePositions = 128;

using PageId = std::int32_t;

struct KvShape {
    std::int64_t layers, kv_heads, head_dim;
    DType type = DType::f32;  // f32, bf16 or i8

    bool side_by_side() const;         // in the order of the kernels
    std::uint64_t head_bytes() const;  // of one head of one layer of a page
    // A whole number of 64 KiB is made longer: were pages a power of two apart, a head's keys would share few sets of
    // the processor's caches.
    std::uint64_t page_bytes() const;
    // Of a sequence of so many positions.
    std::uint64_t bytes(std::int64_t positions) const;
};

// Pages, and how many hold on to each. One thread at a time; passes read and write only what they were given.
class KvPool {
public:
    KvPool(const KvShape& shape, std::int64_t pages);
    KvPool(const KvPool&) = delete;
    KvPool& operator=(const KvPool&) = delete;
    static bool can_hold(DType type, std::int64_t head_dim);

    const KvShape& shape() const { return shape_; }
    std::int64_t pages() const { return std::ssize(holders_); }
    std::int64_t free_pages() const { return std::ssize(free_); }

    // A page with one holder and any contents that are numbers; none when all are held.
    std::optional<PageId> take();
    void hold(PageId page) { ++holders(page); }
    // The last holder's release frees it.
    void release(PageId page);
    std::int32_t holders_of(PageId page) const { return holders_[static_cast<std::size_t>(page)]; }
    void copy(PageId from, PageId to);
    std::span<std::byte> bytes(PageId page) const;

    // Of one head, [kPagePositions, head_dim]; T is float, BF16 or std::int8_t, as the shape says.
    template <class T>
    T* keys(PageId page, std::int64_t layer, std::int64_t kv_head) const {
        CRIA_ASSERT(layer < shape_.layers && kv_head < shape_.kv_heads && sizeof(T) == bytes_of(shape_.type));
        const auto head = static_cast<std::uint64_t>(layer * shape_.kv_heads + kv_head);
        return reinterpret_cast<T*>(bytes(page).data() + head * shape_.head_bytes());
    }
    template <class T>
    T* values(PageId page, std::int64_t layer, std::int64_t kv_head) const {
        return keys<T>(page, layer, kv_head) + kPagePositions * shape_.head_dim;
    }
    // In eight bits: of the keys' positions, then of the values'.
    float* scales(PageId page, std::int64_t layer, std::int64_t kv_head) const {
        return reinterpret_cast<float*>(keys<std::int8_t>(page, layer, kv_head) + 2 * kPagePositions * shape_.head_dim);
    }

private:
    std::int32_t& holders(PageId page) { return holders_[static_cast<std::size_t>(page)]; }

    KvShape shape_;
    Tensor memory_;                      // of bytes
    std::vector<std::int32_t> holders_;  // by page; 0: free
    std::vector<PageId> free_;           // the next one to take is the last
};

// One sequence. A pass writes the rows of its run and reads all earlier ones. Outlived by its pool; one owner.
class KvCache {
public:
    // The list of its pages has room for all of the pool: no later call needs memory.
    explicit KvCache(std::shared_ptr<KvPool> pool);
    // With a pool of its own that has room for so many positions, all reserved.
    KvCache(const KvShape& shape, std::int64_t positions);
    KvCache(KvCache&& other) noexcept;
    KvCache& operator=(KvCache&& other) noexcept;
    ~KvCache() { drop(); }

    const KvPool& pool() const { return *pool_; }
    DType type() const { return pool_->shape().type; }
    std::int64_t length() const { return length_; }      // positions written
    std::int64_t capacity() const { return capacity_; }  // positions that have pages
    // Takes pages until there is room for so many positions; false, with what it got, when the pool has no more.
    bool reserve(std::int64_t positions);
    // Forgets later positions, or commits those just written. Pages stay.
    void set_length(std::int64_t length);
    // Gives back all pages.
    void drop();
    std::span<const PageId> pages() const { return pages_; }
    // Goes on, behind whole pages only, with somebody's page: holds it too, as the next kPagePositions positions, which
    // must not be written again.
    void append_shared(PageId page);
    // The same with its first `positions`, copied to a page of its own; false when the pool has none.
    bool append_copy(PageId page, std::int64_t positions);
    // The same with a page that the caller held, and now this does.
    void append_owned(PageId page, std::int64_t positions);

    template <class T>
    T* keys(std::int64_t layer, std::int64_t kv_head, std::int64_t page) const {
        return pool_->keys<T>(pages_[static_cast<std::size_t>(page)], layer, kv_head);
    }
    template <class T>
    T* values(std::int64_t layer, std::int64_t kv_head, std::int64_t page) const {
        return pool_->values<T>(pages_[static_cast<std::size_t>(page)], layer, kv_head);
    }
    float* scales(std::int64_t layer, std::int64_t kv_head, std::int64_t page) const {
        return pool_->scales(pages_[static_cast<std::size_t>(page)], layer, kv_head);
    }
    static std::int64_t pages_for(std::int64_t positions) { return (positions + kPagePositions - 1) / kPagePositions; }

private:
    std::shared_ptr<KvPool> pool_;
    std::vector<PageId> pages_;
    std::int64_t capacity_ = 0;
    std::int64_t length_ = 0;
};

}  // namespace cria
