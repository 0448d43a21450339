// FlatBuffers (the project's page "FlatBuffer Internals"): tables of numbered fields, read where they lie.
//
// Everything is little-endian and found by offsets. A buffer begins with the u32 offset of its root table. A table
// begins with an i32, the distance back to its vtable: u16 bytes of the vtable, u16 bytes of the table, then for each
// field the u16 place of its value from the table's start (0: the field is absent). Tables, vectors and strings within
// a table stand elsewhere, as a u32 offset from the place of that offset; a vector begins with its u32 length. Each of
// these numbers is checked against the buffer when it is used; nothing is followed that was not asked for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "base/assert.h"
#include "base/result.h"

namespace cria {

// A little-endian number within `bytes`, which must hold it.
template <class T>
T flat_number(std::span<const std::byte> bytes, std::size_t at) {
    static_assert(std::endian::native == std::endian::little);
    CRIA_ASSERT(at <= bytes.size() && sizeof(T) <= bytes.size() - at);
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

class FlatTable;

// The elements of a vector: numbers of one width, or tables. Views of the buffer.
class FlatVector {
public:
    std::size_t size() const { return bytes_.size() / width_; }
    std::span<const std::byte> bytes() const { return bytes_; }
    // Element i < size(), of a vector that was asked for with this width.
    template <class T>
    T number(std::size_t i) const {
        CRIA_ASSERT(sizeof(T) == width_);
        return flat_number<T>(bytes_, i * width_);
    }
    // Errors: corrupt (no table lies there).
    Result<FlatTable> table(std::size_t i) const;

private:
    friend class FlatTable;

    std::span<const std::byte> buffer_, bytes_;
    std::size_t width_ = 1;
    std::string_view who_;
};

class FlatTable {
public:
    // The table that `buffer` begins with. Buffer and `who`, which begins the message of each error, must outlive all
    // that is read. Errors, of all functions here: corrupt.
    static Result<FlatTable> root(std::span<const std::byte> buffer, std::string_view who);

    // A field's number, or `otherwise` where it is absent.
    template <class T>
    Result<T> number(int field, T otherwise = {}) const {
        const std::size_t at = CRIA_TRY(place(field, sizeof(T)));
        return at == 0 ? otherwise : flat_number<T>(buffer_, at);
    }
    Result<std::optional<FlatTable>> find(int field) const;  // nothing where it is absent
    Result<FlatTable> table(int field) const;                // an error where it is absent
    Result<std::string_view> text(int field) const;          // "" where it is absent
    // A vector of numbers of `width` bytes, or of tables (width 4); empty where it is absent.
    Result<FlatVector> vector(int field, std::size_t width) const;

private:
    friend class FlatVector;

    static Result<FlatTable> at(std::span<const std::byte> buffer, std::size_t at, std::string_view who);
    static Result<std::size_t> follow(std::span<const std::byte> buffer, std::size_t at, std::string_view who);
    // Where a field's value of `width` bytes stands; 0 where it is absent.
    Result<std::size_t> place(int field, std::size_t width) const;

    std::span<const std::byte> buffer_;
    std::size_t at_ = 0, bytes_ = 0, vtable_ = 0, vtable_bytes_ = 0;
    std::string_view who_;
};

}  // namespace cria
