#include "base/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace cria {
namespace {

constexpr double kWidth = 860, kHeight = 480;
constexpr double kLeft = 78, kRight = 24, kTop = 48, kBottom = 56;
constexpr double kSmallest = 1e-9;  // on a logarithmic axis
constexpr std::size_t kMaxPoints = 1500;
constexpr std::array kColours{"#1f5fa8", "#d0551b", "#3a8f3a", "#8a4fa3"};
constexpr std::array kPale{"#a9c4e4", "#edbfa5", "#b5d8b5", "#d3bcdd"};

// Where a point is on the picture.
struct Axes {
    bool logarithmic = false;
    double first = 0, last = 1;
    double low = 0, high = 1;  // of y, or of its logarithm to the base of ten

    double scaled(double y) const { return logarithmic ? std::log10(std::max(y, kSmallest)) : y; }
    double x(double value) const { return kLeft + (kWidth - kLeft - kRight) * (value - first) / (last - first); }
    double y(double value) const {
        const double share = (scaled(value) - low) / (high - low);
        return kHeight - kBottom - (kHeight - kTop - kBottom) * std::clamp(share, 0.0, 1.0);
    }
};

Axes axes_for(const Chart& chart) {
    Axes axes{.logarithmic = chart.logarithmic};
    double low = INFINITY, high = -INFINITY, first = INFINITY, last = -INFINITY;
    for (const ChartLine& line : chart.lines) {
        for (const ChartPoint& point : line.points) {
            low = std::min(low, axes.scaled(point.y)), high = std::max(high, axes.scaled(point.y));
            first = std::min(first, point.x), last = std::max(last, point.x);
        }
    }
    if (first > last) return axes;  // nothing to draw
    const double margin = std::max((high - low) * 0.03, chart.logarithmic ? 0.03 : 1e-12);
    axes.low = low - margin, axes.high = std::max(high + margin, axes.low + (chart.logarithmic ? 0.1 : 1e-9));
    axes.first = first, axes.last = std::max(last, first + 1);
    return axes;
}

// 1, 2 or 5 times a power of ten: about `parts` of them in `range`.
double tick_distance(double range, double parts) {
    const double raw = range / parts, power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw) return factor * power;
    return 10 * power;
}

std::vector<double> even_ticks(double low, double high, double parts) {
    std::vector<double> ticks;
    const double distance = tick_distance(high - low, parts);
    for (double at = std::ceil(low / distance); at * distance <= high; ++at) ticks.push_back(at * distance);
    return ticks;
}

// With little room between powers of ten, all of 1 to 9 are marked, then 1, 2 and 5, then powers alone.
std::vector<double> logarithmic_ticks(double low, double high) {
    std::vector<double> ticks;
    for (int power = -9; power <= 9; ++power) {
        for (int digit = 1; digit <= 9; ++digit) {
            if (high - low > 1 && digit != 1 && digit != 2 && digit != 5) continue;
            if (high - low > 4 && digit != 1) continue;
            const double value = digit * std::pow(10.0, power);
            if (std::log10(value) >= low && std::log10(value) <= high) ticks.push_back(value);
        }
    }
    return ticks;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}

std::string label(double x, double y, std::string_view anchor, std::string_view text, std::string_view extra = "") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, extra,
                       escaped(text));
}

std::string grid(const Chart& chart, const Axes& axes) {
    const double bottom = kHeight - kBottom, right = kWidth - kRight;
    std::string text;
    for (const double tick : even_ticks(axes.first, axes.last, 8)) {
        text += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" class=\"grid\"/>\n",
                            axes.x(tick), kTop, bottom);
        text += label(axes.x(tick), bottom + 18, "middle", fmt::format("{:g}", tick));
    }
    for (const double tick :
         axes.logarithmic ? logarithmic_ticks(axes.low, axes.high) : even_ticks(axes.low, axes.high, 6)) {
        text += fmt::format("<line x1=\"{1}\" x2=\"{2}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" class=\"grid\"/>\n",
                            axes.y(tick), kLeft, right);
        text += label(kLeft - 8, axes.y(tick) + 4, "end", fmt::format("{:g}", tick));
    }
    text += fmt::format("<path d=\"M{0},{1} V{2} H{3}\" fill=\"none\" stroke=\"#444\"/>\n", kLeft, kTop, bottom, right);
    text += label((kLeft + right) / 2, kHeight - 14, "middle", chart.x_label);
    return text + label(0, 0, "middle", chart.y_label,
                        fmt::format("transform=\"translate(20 {}) rotate(-90)\"", (kTop + bottom) / 2));
}

// Lines that are named have a colour each; those without a name are the pale twin of the next one that has.
std::string drawn(const ChartLine& line, const Axes& axes, std::size_t colour) {
    const bool faint = line.look == ChartLine::Look::faint;
    std::string text = fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" points=\"",
                                   faint ? kPale[colour] : kColours[colour], faint ? 1 : 2);
    const std::size_t stride = line.points.size() / kMaxPoints + 1;
    for (std::size_t i = 0; i < line.points.size(); ++i)
        if (i % stride == 0 || i + 1 == line.points.size())
            text += fmt::format("{:.1f},{:.1f} ", axes.x(line.points[i].x), axes.y(line.points[i].y));
    text += "\"/>\n";
    if (line.look == ChartLine::Look::dotted)
        for (const ChartPoint& point : line.points)
            text += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", axes.x(point.x),
                                axes.y(point.y), kColours[colour]);
    return text;
}

std::string legend_entry(std::string_view name, std::size_t colour) {
    const double x = kWidth - kRight - 170, y = kTop + 14 + 20 * static_cast<double>(colour);
    return fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" stroke=\"{}\" stroke-width=\"2\"/>\n", x, x + 26,
                       y, y, kColours[colour]) +
           label(x + 34, y + 4, "start", name);
}

}  // namespace

std::string chart_svg(const Chart& chart) {
    const Axes axes = axes_for(chart);
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n<style>.grid{{stroke:#e4e4e4}}</style>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        kWidth, kHeight);
    svg += label(kLeft, 28, "start", chart.title, "font-size=\"16\"");
    svg += grid(chart, axes);
    std::string legend;
    std::size_t colour = 0;
    for (const ChartLine& line : chart.lines) {
        svg += drawn(line, axes, colour);
        if (line.name.empty()) continue;
        legend += legend_entry(line.name, colour);
        colour = (colour + 1) % kColours.size();
    }
    return svg + legend + "</svg>\n";
}

std::vector<ChartPoint> running_mean(const std::vector<ChartPoint>& points, std::size_t reach) {
    std::vector<ChartPoint> means;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::size_t near = std::min({reach, i, points.size() - 1 - i});
        double sum = 0;
        for (std::size_t j = i - near; j <= i + near; ++j) sum += points[j].y;
        means.push_back({points[i].x, sum / static_cast<double>(2 * near + 1)});
    }
    return means;
}

}  // namespace cria
