// A tensor: a type, a shape of up to four dimensions, and row-major contiguous bytes.
//
// A Tensor is a cheap handle. The bytes belong to a shared Storage (weights, gradients, a mapped file) or,
// when the storage is null, to an Arena that outlives the handle (activations of one pass).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>

#include "base/assert.h"
#include "tensor/dtype.h"

namespace cria {

class Shape {
public:
    static constexpr int kMaxRank = 4;

    Shape() = default;
    Shape(std::initializer_list<std::int64_t> sizes);
    explicit Shape(std::span<const std::int64_t> sizes);

    int rank() const { return rank_; }
    std::int64_t operator[](int axis) const {
        CRIA_ASSERT(axis >= 0 && axis < rank_);
        return sizes_[static_cast<std::size_t>(axis)];
    }
    std::int64_t last() const { return (*this)[rank_ - 1]; }
    std::int64_t elements() const;  // 1 for rank 0
    std::int64_t rows() const;      // elements / last
    std::string text() const;       // "[512, 2048]"
    friend bool operator==(const Shape&, const Shape&) = default;

private:
    std::array<std::int64_t, kMaxRank> sizes_{};
    int rank_ = 0;
};

// Bytes with an owner: 64-byte aligned memory of our own, or somebody else's kept alive by `keeper`.
class Storage {
public:
    // Zeroed memory, 64-byte aligned (2 MiB aligned with huge pages advised when large).
    static std::shared_ptr<Storage> allocate(std::size_t bytes);
    // The same without zeroing: pages that are never touched cost nothing.
    static std::shared_ptr<Storage> allocate_uninitialised(std::size_t bytes);
    // Foreign read-only bytes, e.g. of a mapped file.
    static std::shared_ptr<Storage> wrap(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper);

    Storage(std::byte* data, std::size_t bytes, std::shared_ptr<const void> keeper, bool writable);
    Storage(const Storage&) = delete;
    Storage& operator=(const Storage&) = delete;
    ~Storage();

    std::byte* data() const { return data_; }
    std::size_t bytes() const { return bytes_; }
    bool writable() const { return writable_; }

private:
    std::byte* data_;
    std::size_t bytes_;
    std::shared_ptr<const void> keeper_;  // null: data_ is ours to free
    bool writable_;
};

class Tensor {
public:
    Tensor() = default;
    // Over memory that the caller keeps alive (an arena).
    Tensor(DType type, Shape shape, void* data) : type_(type), shape_(shape), data_(data) {}
    Tensor(DType type, Shape shape, void* data, std::shared_ptr<Storage> storage)
        : type_(type), shape_(shape), data_(data), storage_(std::move(storage)) {}
    // Zeroed memory of its own.
    static Tensor zeros(DType type, Shape shape);

    bool empty() const { return data_ == nullptr; }
    DType dtype() const { return type_; }
    const Shape& shape() const { return shape_; }
    std::int64_t elements() const { return shape_.elements(); }
    std::int64_t rows() const { return shape_.rows(); }
    std::int64_t columns() const { return shape_.last(); }
    std::size_t bytes() const { return static_cast<std::size_t>(elements()) * bytes_of(type_); }
    void* raw() const { return data_; }
    const std::shared_ptr<Storage>& storage() const { return storage_; }

    // The elements; T must be the C++ type of dtype().
    template <class T>
    T* data() const {
        CRIA_ASSERT(bytes_of(type_) == sizeof(T));
        return static_cast<T*>(data_);
    }
    float* f32() const {
        CRIA_ASSERT(type_ == DType::f32);
        return static_cast<float*>(data_);
    }
    std::span<float> f32_span() const { return {f32(), static_cast<std::size_t>(elements())}; }

    // The same bytes under another shape with as many elements.
    Tensor reshape(Shape shape) const;
    // Rows [first, first + count) of the flattened [rows, columns] view.
    Tensor slice_rows(std::int64_t first, std::int64_t count) const;

private:
    DType type_ = DType::f32;
    Shape shape_;
    void* data_ = nullptr;
    std::shared_ptr<Storage> storage_;
};

}  // namespace cria
