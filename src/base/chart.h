// Line charts as SVG: what people would rather see than read.
#pragma once

#include <string>
#include <vector>

namespace cria {

struct ChartPoint {
    double x = 0, y = 0;
};

struct ChartLine {
    enum class Look { faint, plain, dotted };  // thin and pale; strong; strong with a dot on every point
    std::string name;                          // in the legend; empty: not there
    std::vector<ChartPoint> points;            // by rising x
    Look look = Look::plain;
};

struct Chart {
    std::string title, x_label, y_label;
    bool logarithmic = false;  // the y axis; values below 1e-9 are drawn there
    std::vector<ChartLine> lines;
};

// A whole document of 860 by 480. Lines of more than 1,500 points are thinned.
std::string chart_svg(const Chart& chart);

// The mean of the points around each, as many before as after, `reach` at most.
std::vector<ChartPoint> running_mean(const std::vector<ChartPoint>& points, std::size_t reach);

}  // namespace cria
