// Checked arithmetic on sizes that come from outside: a sum or product that overflows, or a difference
// below zero, poisons the value, and value() says so once at the end.
//
//     CheckedSize bytes = CheckedSize(rows) * columns * dtype_bytes;
//     if (!bytes.valid()) return fail(...);
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace cria {

class CheckedSize {
public:
    template <std::integral Integer>
    constexpr CheckedSize(Integer value) {  // NOLINT(google-explicit-constructor): reads as a number
        valid_ = !__builtin_add_overflow(value, Integer{0}, &value_);
    }

    constexpr bool valid() const { return valid_; }
    constexpr std::optional<std::size_t> value() const {
        return valid_ ? std::optional<std::size_t>(value_) : std::nullopt;
    }

    constexpr CheckedSize& operator+=(CheckedSize other) {
        valid_ = valid_ && other.valid_ && !__builtin_add_overflow(value_, other.value_, &value_);
        return *this;
    }
    constexpr CheckedSize& operator-=(CheckedSize other) {
        valid_ = valid_ && other.valid_ && !__builtin_sub_overflow(value_, other.value_, &value_);
        return *this;
    }
    constexpr CheckedSize& operator*=(CheckedSize other) {
        valid_ = valid_ && other.valid_ && !__builtin_mul_overflow(value_, other.value_, &value_);
        return *this;
    }
    friend constexpr CheckedSize operator+(CheckedSize a, CheckedSize b) { return a += b; }
    friend constexpr CheckedSize operator-(CheckedSize a, CheckedSize b) { return a -= b; }
    friend constexpr CheckedSize operator*(CheckedSize a, CheckedSize b) { return a *= b; }

    // Rounds up to a multiple of `alignment` (not zero).
    constexpr CheckedSize align_up(std::size_t alignment) const {
        CheckedSize padded = *this + (alignment - 1);
        padded.value_ -= padded.value_ % alignment;
        return padded;
    }

    // Whether the value is known and at most `limit`.
    constexpr bool fits(std::size_t limit) const { return valid_ && value_ <= limit; }

private:
    std::size_t value_ = 0;
    bool valid_ = true;
};

}  // namespace cria
