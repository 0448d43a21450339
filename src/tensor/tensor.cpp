#include "tensor/tensor.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace cria {
namespace {

struct Free {
    void operator()(void* memory) const { std::free(memory); }
};

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const std::int64_t> sizes) : rank_(static_cast<int>(sizes.size())) {
    CRIA_ASSERT(sizes.size() <= kMaxRank);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        CRIA_ASSERT(sizes[i] >= 0);
        sizes_[i] = sizes[i];
    }
}

std::int64_t Shape::elements() const {
    std::int64_t product = 1;
    for (int axis = 0; axis < rank_; ++axis) product *= sizes_[static_cast<std::size_t>(axis)];
    return product;
}

std::int64_t Shape::rows() const { return last() == 0 ? 0 : elements() / last(); }

std::string Shape::text() const {
    std::string text = "[";
    for (int axis = 0; axis < rank_; ++axis)
        text += fmt::format("{}{}", axis == 0 ? "" : ", ", sizes_[static_cast<std::size_t>(axis)]);
    return text + "]";
}

std::shared_ptr<Storage> Storage::allocate(std::size_t bytes) {
    auto storage = allocate_uninitialised(bytes);
    std::memset(storage->data(), 0, bytes);
    return storage;
}

std::shared_ptr<Storage> Storage::allocate_uninitialised(std::size_t bytes) {
    constexpr std::size_t kHugePage = 2u << 20;
    const std::size_t alignment = bytes >= kHugePage ? kHugePage : 64;
    const std::size_t padded = (bytes + alignment - 1) / alignment * alignment;
    void* memory = std::aligned_alloc(alignment, padded == 0 ? alignment : padded);
    if (memory == nullptr) throw std::bad_alloc();
    if (alignment == kHugePage) ::madvise(memory, padded, MADV_HUGEPAGE);
    std::unique_ptr<void, Free> unowned(memory);  // until there is a Storage to own it
    auto storage = std::make_shared<Storage>(static_cast<std::byte*>(memory), bytes, nullptr, true);
    unowned.release();
    return storage;
}

std::shared_ptr<Storage> Storage::wrap(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper) {
    CRIA_ASSERT(keeper != nullptr);
    return std::make_shared<Storage>(const_cast<std::byte*>(bytes.data()), bytes.size(), std::move(keeper), false);
}

Storage::Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> keeper, bool writable)
    : data_(data), bytes_(bytes), keeper_(std::move(keeper)), writable_(writable) {}

Storage::~Storage() {
    if (keeper_ == nullptr) std::free(data_);
}

Tensor Tensor::zeros(DType type, Shape shape) {
    auto storage = Storage::allocate(static_cast<std::size_t>(shape.elements()) * bytes_of(type));
    std::byte* data = storage->data();
    return {type, shape, data, std::move(storage)};
}

Tensor Tensor::reshape(Shape shape) const {
    CRIA_ASSERT(shape.elements() == elements());
    return {type_, shape, data_, storage_};
}

Tensor Tensor::slice_rows(std::int64_t first, std::int64_t count) const {
    CRIA_ASSERT(first >= 0 && count >= 0 && first + count <= rows());
    const std::size_t row_bytes = static_cast<std::size_t>(columns()) * bytes_of(type_);
    return {type_, Shape{count, columns()},
            static_cast<std::byte*>(data_) + static_cast<std::size_t>(first) * row_bytes, storage_};
}

}  // namespace cria
