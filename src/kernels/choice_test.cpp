// The choice of a table.
#include "kernels/choice.h"

#include <gtest/gtest.h>

#include "kernels/kernels.h"

namespace cria {
namespace {

std::string_view chosen(std::vector<TableSpeed> speeds) { return quickest(speeds); }

TEST(Choice, IsTheWidestAmongEquals) {
    EXPECT_EQ(chosen({}), "");
    EXPECT_EQ(chosen({{"a", 10, 10}}), "a");
    EXPECT_EQ(chosen({{"a", 10, 10}, {"b", 20, 15}}), "b");
    EXPECT_EQ(chosen({{"a", 20.5, 10.5}, {"b", 20, 10}}), "b") << "noise decides nothing";
}

TEST(Choice, IsTheQuickerWhereItIsClear) {
    EXPECT_EQ(chosen({{"narrow", 10, 5}, {"wide", 20, 10}, {"pairs", 20, 5}}), "wide") << "pairs at half the rate";
    EXPECT_EQ(chosen({{"narrow", 30, 12}, {"wide", 20, 10}}), "narrow") << "a lower clock";
}

TEST(Choice, MeasuresWhatIsThere) {
    const std::vector<TableSpeed> speeds = measure_tables();
    ASSERT_EQ(speeds.size() + 1, available_kernels().size());
    for (std::size_t i = 0; i < speeds.size(); ++i) {
        EXPECT_EQ(speeds[i].name, available_kernels()[i + 1]->name);
        EXPECT_GT(speeds[i].quantised, 0);
        EXPECT_GT(speeds[i].bf16, 0);
    }
    EXPECT_NE(kernels_named(best_kernels().name), nullptr);
}

}  // namespace
}  // namespace cria
