#include "store/npy.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace cria {
namespace {

// The bytes as NumPy's own writer makes them for the same array, but for the padding of the header.
TEST(Npy, HasNumPysForm) {
    TempFolder folder;
    Tensor tensor = Tensor::zeros(DType::f32, {2, 3});
    for (int i = 0; i < 6; ++i) tensor.f32()[i] = static_cast<float>(i) - 0.5f;
    ASSERT_TRUE(write_npy(real_os(), folder / "x.npy", tensor));
    const std::string bytes = *read_text(real_os(), folder / "x.npy", 1 << 20);
    ASSERT_EQ(bytes.size(), 128u + 24u);
    EXPECT_EQ(bytes.substr(0, 10), std::string("\x93NUMPY\x01\x00\x76\x00", 10));
    EXPECT_TRUE(bytes.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   "));
    EXPECT_EQ(bytes[127], '\n');
    EXPECT_EQ(bytes.substr(128, 8), std::string("\x00\x00\x00\xbf\x00\x00\x00\x3f", 8));
}

TEST(Npy, ShapesOfEveryRank) {
    TempFolder folder;
    const auto shape_in_file = [&](const Shape& shape) {
        EXPECT_TRUE(write_npy(real_os(), folder / "x.npy", Tensor::zeros(DType::f32, shape)));
        const std::string bytes = *read_text(real_os(), folder / "x.npy", 1 << 20);
        EXPECT_EQ(bytes.size(), 128 + 4 * static_cast<std::size_t>(shape.elements()));
        const auto start = bytes.find("'shape': ") + 9;
        return bytes.substr(start, bytes.find(')') + 1 - start);
    };
    EXPECT_EQ(shape_in_file(Shape{}), "()");
    EXPECT_EQ(shape_in_file({7}), "(7,)");
    EXPECT_EQ(shape_in_file({0, 5}), "(0, 5)");
    EXPECT_EQ(shape_in_file({1, 3, 2, 4}), "(1, 3, 2, 4)");
}

}  // namespace
}  // namespace cria
