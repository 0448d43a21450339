// What is drawn of rates.
#include "engine/benchmark_chart.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(BenchChart, IsOverWhatDiffers) {
    const std::vector<BenchmarkTest> depths{{.prompt = 8}, {.prompt = 8, .depth = 64}},
        sequences{{.generate = 4}, {.generate = 4, .parallel = 2}, {.prompt = 8}},
        prompts{{.prompt = 8}, {.prompt = 16}}, threads{{.prompt = 8}, {.prompt = 8, .threads = 2}};
    EXPECT_EQ(bench_axis(depths), BenchAxis::depth);
    EXPECT_EQ(bench_axis(sequences), BenchAxis::parallel);
    EXPECT_EQ(bench_axis(prompts), BenchAxis::prompt);
    EXPECT_EQ(bench_axis(threads), BenchAxis::threads);
    const std::vector<BenchmarkTest> one{{.prompt = 8}, {.generate = 8}};
    ASSERT_FALSE(bench_axis(one));
    EXPECT_NE(bench_axis(one).error().message.find("--svg draws rates over"), std::string::npos);
}

TEST(BenchChart, HasALineForWhatIsTheSame) {
    const std::vector<BenchRate> rates{{{.prompt = 8, .depth = 64}, 3},
                                       {{.prompt = 8}, 5},
                                       {{.generate = 4}, 2},
                                       {{.generate = 4, .depth = 64}, 1},
                                       {{.generate = 4, .depth = 64, .parallel = 2}, 4}};
    const Chart chart = bench_chart(rates, BenchAxis::depth, "m");
    ASSERT_EQ(chart.lines.size(), 3u);
    EXPECT_EQ(chart.lines[0].name, "pp8");
    ASSERT_EQ(chart.lines[0].points.size(), 2u);
    EXPECT_EQ(chart.lines[0].points[0].x, 0);
    EXPECT_EQ(chart.lines[0].points[0].y, 5);
    EXPECT_EQ(chart.lines[0].points[1].y, 3);
    EXPECT_EQ(chart.lines[1].name, "tg4");
    EXPECT_EQ(chart.lines[2].name, "tg4 x 2");
    EXPECT_NE(chart_svg(chart).find("tokens in the context before"), std::string::npos);
}

TEST(BenchChart, KeepsThreadsApart) {
    const std::vector<BenchRate> rates{{{.prompt = 8}, 3},
                                       {{.prompt = 8, .threads = 2}, 5},
                                       {{.prompt = 8, .depth = 64}, 2},
                                       {{.prompt = 8, .depth = 64, .threads = 2}, 4}};
    const Chart depth = bench_chart(rates, BenchAxis::depth, "m"),
                threads = bench_chart(rates, BenchAxis::threads, "m");
    ASSERT_EQ(depth.lines.size(), 2u);
    EXPECT_EQ(depth.lines[1].name, "pp8, 2 threads");
    ASSERT_EQ(threads.lines.size(), 2u);
    EXPECT_EQ(threads.lines[1].name, "pp8 @ d64");
    EXPECT_EQ(threads.lines[1].points[1].x, 2);
}

}  // namespace
}  // namespace cria
