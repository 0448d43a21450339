#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "tensor/arena.h"

namespace cria {
namespace {

TEST(DType, NamesAndSizes) {
    for (const DType type : {DType::f32, DType::bf16, DType::f16, DType::i8, DType::i32})
        EXPECT_EQ(dtype_named(name_of(type)), type);
    EXPECT_EQ(dtype_named("bfloat16"), DType::bf16);
    EXPECT_EQ(dtype_named("f64"), std::nullopt);
    EXPECT_EQ(bytes_of(DType::f32), 4u);
    EXPECT_EQ(bytes_of(DType::bf16), 2u);
    EXPECT_EQ(bytes_of(DType::i8), 1u);
}

// The value that the bits of a binary16 say, from the definition of the format.
double value_of_f16(std::uint16_t bits) {
    const int exponent = (bits >> 10) & 0x1f;
    const int fraction = bits & 0x3ff;
    const double size = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
    return (bits & 0x8000) != 0 ? -size : size;
}

TEST(DType, EveryF16) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto pattern = static_cast<std::uint16_t>(bits);
        const float value = to_f32(F16{pattern});
        if ((bits & 0x7c00) != 0x7c00) {
            ASSERT_EQ(value, value_of_f16(pattern)) << std::hex << bits;
            ASSERT_EQ(std::signbit(value), (bits & 0x8000) != 0);
            ASSERT_EQ(to_f16(value).bits, pattern);
        } else if ((bits & 0x3ff) == 0) {
            ASSERT_TRUE(std::isinf(value));
            ASSERT_EQ(to_f16(value).bits, pattern);
        } else {
            ASSERT_TRUE(std::isnan(value));
            ASSERT_TRUE(std::isnan(to_f32(to_f16(value))));
        }
    }
}

// Rounding by search: the nearer of the two neighbours, the even one in the middle.
TEST(DType, F16RoundsToNearestEven) {
    for (std::uint16_t low = 0; low < 0x7bff; ++low) {
        const auto high = static_cast<std::uint16_t>(low + 1);
        const double middle = (value_of_f16(low) + value_of_f16(high)) / 2;
        const auto at = static_cast<float>(middle);
        ASSERT_EQ(to_f16(at).bits, (low & 1) == 0 ? low : high);
        ASSERT_EQ(to_f16(std::nextafter(at, 0.0f)).bits, low);
        ASSERT_EQ(to_f16(std::nextafter(at, 1e9f)).bits, high);
    }
    EXPECT_EQ(to_f16(65519.0f).bits, 0x7bff);
    EXPECT_EQ(to_f16(65520.0f).bits, 0x7c00);
    EXPECT_EQ(to_f16(-1e30f).bits, 0xfc00);
}

TEST(DType, EveryBf16) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto pattern = static_cast<std::uint16_t>(bits);
        const float value = to_f32(BF16{pattern});
        if (std::isnan(value)) {
            ASSERT_TRUE(std::isnan(to_f32(to_bf16(value))));
        } else {
            ASSERT_EQ(to_bf16(value).bits, pattern);
        }
    }
    EXPECT_EQ(to_bf16(1.0f + 0x1p-8f).bits, 0x3f80);            // a tie goes to the even neighbour below
    EXPECT_EQ(to_bf16(1.0f + 3 * 0x1p-8f).bits, 0x3f82);        // and here above
    EXPECT_EQ(to_bf16(1.0f + 0x1p-8f + 0x1p-23f).bits, 0x3f81);
    EXPECT_TRUE(std::isinf(to_f32(to_bf16(std::numeric_limits<float>::max()))));
}

TEST(Shape, CountsAndSays) {
    const Shape shape{2, 3, 4};
    EXPECT_EQ(shape.rank(), 3);
    EXPECT_EQ(shape.elements(), 24);
    EXPECT_EQ(shape.rows(), 6);
    EXPECT_EQ(shape.last(), 4);
    EXPECT_EQ(shape.text(), "[2, 3, 4]");
    EXPECT_EQ(Shape{}.elements(), 1);
    EXPECT_EQ((Shape{5, 0}).elements(), 0);
    EXPECT_EQ((Shape{5, 0}).rows(), 0);
    EXPECT_NE(shape, (Shape{2, 3, 5}));
}

TEST(Tensor, IsZeroedAndAligned) {
    for (const std::int64_t columns : {1, 17, 600000}) {
        const Tensor t = Tensor::zeros(DType::f32, {1, columns});
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.raw()) % 64, 0u);
        for (const float v : t.f32_span()) ASSERT_EQ(v, 0.0f);
    }
    EXPECT_TRUE(Tensor().empty());
}

TEST(Tensor, ViewsShareBytes) {
    const Tensor t = Tensor::zeros(DType::f32, {4, 6});
    for (std::int64_t i = 0; i < 24; ++i) t.f32()[i] = static_cast<float>(i);
    const Tensor middle = t.slice_rows(1, 2);
    EXPECT_EQ(middle.shape(), (Shape{2, 6}));
    EXPECT_EQ(middle.f32()[0], 6.0f);
    middle.f32()[0] = -1.0f;
    EXPECT_EQ(t.f32()[6], -1.0f);
    const Tensor other = t.reshape({3, 8});
    EXPECT_EQ(other.raw(), t.raw());
    EXPECT_EQ(other.slice_rows(3, 0).elements(), 0);
}

TEST(Tensor, BytesLiveAsLongAsAView) {
    auto bytes = std::make_shared<std::vector<std::byte>>(64);
    std::weak_ptr<std::vector<std::byte>> watched = bytes;
    Tensor view;
    {
        auto storage = Storage::wrap(*bytes, bytes);
        EXPECT_FALSE(storage->writable());
        std::byte* data = storage->data();
        view = Tensor(DType::i8, {8, 8}, data, std::move(storage)).slice_rows(2, 1);
    }
    bytes.reset();
    EXPECT_FALSE(watched.expired());
    view = Tensor();
    EXPECT_TRUE(watched.expired());
}

TEST(Arena, GivesAlignedMemoryThatDoesNotOverlap) {
    Arena arena;
    std::vector<Tensor> tensors;
    for (int i = 0; i < 200; ++i) {
        tensors.push_back(arena.tensor(DType::f32, {1, 1 + i * 97}));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensors.back().raw()) % 64, 0u);
        for (float& v : tensors.back().f32_span()) v = static_cast<float>(i);
    }
    for (int i = 0; i < 200; ++i)
        for (const float v : tensors[static_cast<std::size_t>(i)].f32_span()) ASSERT_EQ(v, static_cast<float>(i));
}

TEST(Arena, AfterTheFirstPassAllocatesNothing) {
    Arena arena;
    const auto pass = [&arena] {
        for (int i = 1; i < 40; ++i) arena.allocate(static_cast<std::size_t>(i) * 100000);
    };
    pass();
    arena.reset();
    const std::size_t capacity = arena.capacity_bytes();
    void* first = arena.allocate(1);
    arena.reset();
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(arena.mark().offset, 0u);
        pass();
        EXPECT_EQ(arena.capacity_bytes(), capacity);
        arena.reset();
    }
    EXPECT_EQ(arena.allocate(1), first);
}

TEST(Arena, RewindsAcrossBlocks) {
    Arena arena;
    arena.allocate(100);
    const Arena::Mark mark = arena.mark();
    void* next = arena.allocate(64);
    arena.allocate(50u << 20);
    arena.allocate(90u << 20);
    const std::size_t capacity = arena.capacity_bytes();
    arena.rewind(mark);
    EXPECT_EQ(arena.allocate(64), next);
    arena.allocate(50u << 20);
    arena.allocate(90u << 20);
    EXPECT_EQ(arena.capacity_bytes(), capacity);
}

}  // namespace
}  // namespace cria
