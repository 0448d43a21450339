// Sixteen-bit floats: every pattern, and the roundings between neighbours.
#include <bit>

#include "kernels/kernels_testing.h"

namespace cria {
namespace {

CRIA_EACH_TABLE(ConvertTest);

// All 65,536 patterns, and three more so that the last vector is a part.
template <class T>
std::vector<T> patterns() {
    std::vector<T> all;
    for (std::uint32_t bits = 0; bits < 0x10003u; ++bits) all.push_back({static_cast<std::uint16_t>(bits)});
    return all;
}

bool same(float a, float b) {
    return std::isnan(a) ? std::isnan(b) : std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

template <class T>
void check_widen(void (*widen)(const T*, std::int64_t, float*)) {
    const std::vector<T> all = patterns<T>();
    std::vector<float> wide(all.size() + 1, 5.0f);
    widen(all.data(), static_cast<std::int64_t>(all.size()), wide.data());
    for (std::size_t i = 0; i < all.size(); ++i) ASSERT_TRUE(same(wide[i], to_f32(all[i]))) << std::hex << i;
    EXPECT_EQ(wide.back(), 5.0f);
}

// Each value of the narrow type, the middle to its neighbour above, and the floats beside that middle.
template <class T>
void check_narrow(void (*narrow)(const float*, std::int64_t, T*), T (*plain)(float)) {
    std::vector<float> values;
    for (const T h : patterns<T>()) {
        const float value = to_f32(h);
        const float next = to_f32(T{static_cast<std::uint16_t>(h.bits + 1)});
        const auto middle = static_cast<float>((double{value} + next) / 2);
        for (const float v : {value, middle, std::nextafter(middle, value), std::nextafter(middle, next)})
            values.push_back(v);
    }
    values.push_back(1e30f);
    std::vector<T> got(values.size() + 1, T{77});
    narrow(values.data(), static_cast<std::int64_t>(values.size()), got.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) {
            ASSERT_TRUE(std::isnan(to_f32(got[i])));
        } else {
            ASSERT_EQ(got[i].bits, plain(values[i]).bits) << values[i];
        }
    }
    EXPECT_EQ(got.back().bits, 77);
}

TEST_P(ConvertTest, WidensEveryPattern) {
    check_widen(k().bf16_to_f32);
    check_widen(k().f16_to_f32);
}
TEST_P(ConvertTest, FindsBf16Numbers) {
    std::vector<F16> numbers(37, to_f16(1.0f));
    for (const F16 h : patterns<F16>()) {
        if (!std::isfinite(to_f32(h))) continue;
        const bool is_one = to_f32(to_bf16(to_f32(h))) == to_f32(h);
        for (const std::size_t place : {std::size_t{0}, std::size_t{18}, std::size_t{36}}) {
            numbers[place] = h;
            ASSERT_EQ(k().are_bf16(numbers.data(), 37), is_one) << to_f32(h) << " at " << place;
            numbers[place] = to_f16(1.0f);
        }
    }
}
TEST_P(ConvertTest, RoundsToNearestEven) {
    check_narrow<BF16>(k().f32_to_bf16, to_bf16);
    check_narrow<F16>(k().f32_to_f16, to_f16);
}

}  // namespace
}  // namespace cria
