// FlatBuffers made by hand, byte by byte, and such as lie.
#include "store/flatbuffer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cria {
namespace {

// A root table with the fields 0 (u32 7), 2 (text "hi"), 3 (u16 1, 2, 3) and 4 (a table beyond the end); field 1 is
// absent.
std::vector<std::byte> good() {
    const std::vector<unsigned char> bytes{
        20,  0,   0,   0,   0,   0,  // the root table stands at 20
        14,  0,   20,  0,   4,   0,   0, 0, 8, 0, 12, 0,
        16,  0,                                           // 6: the bytes of this list, those of the table, five places
        14,  0,   0,   0,   7,   0,   0, 0,               // 20: the list lies 14 bytes back; field 0
        12,  0,   0,   0,   16,  0,   0, 0,               // 28: to 40; 32: to 48
        236, 255, 255, 255,                               // 36: beyond the end
        2,   0,   0,   0,   'h', 'i', 0, 0,               // 40
        3,   0,   0,   0,   1,   0,   2, 0, 3, 0, 0,  0,  // 48
    };
    std::vector<std::byte> whole(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) whole[i] = std::byte{bytes[i]};
    return whole;
}

TEST(Flatbuffer, FieldsAreReadWhereTheyLie) {
    const auto bytes = good();
    const auto table = FlatTable::root(bytes, "f");
    ASSERT_TRUE(table) << table.error().message;
    EXPECT_EQ(*table->number<std::uint32_t>(0), 7u);
    EXPECT_EQ(*table->number<std::uint32_t>(1, 5), 5u);
    EXPECT_EQ(*table->number<std::uint32_t>(77, 6), 6u);
    EXPECT_EQ(*table->text(2), "hi");
    EXPECT_EQ(*table->text(1), "");
    const auto numbers = table->vector(3, 2);
    ASSERT_TRUE(numbers) << numbers.error().message;
    ASSERT_EQ(numbers->size(), 3u);
    EXPECT_EQ(numbers->number<std::uint16_t>(2), 3);
    EXPECT_EQ(table->vector(1, 4)->size(), 0u);
    EXPECT_FALSE(*table->find(1));
    EXPECT_EQ(table->table(1).error().message, "f: the table at byte 20 lacks field 1");
}

TEST(Flatbuffer, OffsetsBeyondTheEndAreNamed) {
    const auto bytes = good();
    const auto table = FlatTable::root(bytes, "f");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->find(4).error().kind, ErrorKind::corrupt);
    EXPECT_NE(table->find(4).error().message.find("at byte 36 leads"), std::string::npos);
    EXPECT_FALSE(table->vector(3, 8));  // three of eight bytes do not fit
    EXPECT_FALSE(table->vector(2, 1u << 31));
    EXPECT_FALSE(table->number<std::uint64_t>(4));  // the table ends within
}

TEST(Flatbuffer, NoByteIsTrusted) {
    const auto look = [](const std::vector<std::byte>& bytes) {
        const auto table = FlatTable::root(bytes, "f");
        if (!table) return;
        for (int field = 0; field < 6; ++field) {
            static_cast<void>(table->number<std::uint64_t>(field));
            static_cast<void>(table->text(field));
            const auto inner = table->find(field);
            if (inner && *inner) static_cast<void>((*inner)->text(0));
            const auto tables = table->vector(field, 4);
            for (std::size_t i = 0; tables && i < tables->size(); ++i) static_cast<void>(tables->table(i));
        }
    };
    const auto whole = good();
    for (std::size_t size = 0; size <= whole.size(); ++size)
        look({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (int value = 0; value < 256; ++value) {
            auto bytes = whole;
            bytes[at] = static_cast<std::byte>(value);
            look(bytes);
        }
}

}  // namespace
}  // namespace cria
