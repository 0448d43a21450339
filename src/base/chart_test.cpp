// Charts are whole documents, whatever they are given.
#include "base/chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace cria {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

Chart chart_of(std::vector<ChartPoint> points, bool logarithmic) {
    return {.title = "a < b & c",
            .x_label = "x",
            .y_label = "y",
            .logarithmic = logarithmic,
            .lines = {{"line", std::move(points)}}};
}

TEST(Chart, DrawsLinesLegendAndEscapes) {
    Chart chart = chart_of({{0, 1}, {1, 4}, {2, 2}}, false);
    chart.lines.push_back({"", {{0, 1}, {2, 3}}, ChartLine::Look::faint});
    chart.lines.push_back({"dots", {{0, 2}, {2, 2}}, ChartLine::Look::dotted});
    const std::string svg = chart_svg(chart);
    EXPECT_TRUE(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    EXPECT_EQ(count(svg, "<polyline"), 3u);
    EXPECT_EQ(count(svg, "<circle"), 2u);
    EXPECT_EQ(count(svg, "a &lt; b &amp; c"), 1u);
    EXPECT_EQ(count(svg, ">line<") + count(svg, ">dots<"), 2u);
}

// Empty lines, one point, equal values, zeros on a logarithmic axis: coordinates stay numbers within the picture.
TEST(Chart, DegenerateValuesStayOnThePicture) {
    for (const bool logarithmic : {false, true}) {
        for (const auto& points :
             {std::vector<ChartPoint>{}, {{5, 3}}, {{0, 2}, {1, 2}}, {{0, 0}, {1, 1e-12}, {2, 1}}}) {
            const std::string svg = chart_svg(chart_of(points, logarithmic));
            EXPECT_EQ(count(svg, "nan") + count(svg, "inf"), 0u) << svg;
            EXPECT_TRUE(svg.ends_with("</svg>\n"));
        }
    }
}

TEST(Chart, LongLinesAreThinned) {
    std::vector<ChartPoint> points;
    for (int i = 0; i < 100'000; ++i) points.push_back({static_cast<double>(i), std::sin(i)});
    EXPECT_LT(chart_svg(chart_of(points, false)).size(), 40'000u);
}

TEST(Chart, RunningMeanIsSymmetric) {
    const std::vector<ChartPoint> points{{0, 1}, {1, 2}, {2, 6}, {3, 3}};
    const auto means = running_mean(points, 1);
    EXPECT_DOUBLE_EQ(means[0].y, 1);
    EXPECT_DOUBLE_EQ(means[1].y, 3);
    EXPECT_DOUBLE_EQ(means[2].y, 11.0 / 3);
    EXPECT_DOUBLE_EQ(means[3].y, 3);
}

}  // namespace
}  // namespace cria
