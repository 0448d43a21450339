#include "train/curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace cria {
namespace {

constexpr double kWidth = 860, kHeight = 480;
constexpr double kLeft = 70, kRight = 24, kTop = 48, kBottom = 56;
constexpr double kSmallestLoss = 1e-6;
constexpr std::size_t kMaxPoints = 1500;
constexpr std::size_t kMeanReach = 12;  // steps

struct Point {
    double step;
    double loss;
};

// Where a step and a loss are on the picture.
struct Axes {
    double last_step = 1;
    double low = 0, high = 1;  // log10 of the loss
    double x(double step) const { return kLeft + (kWidth - kLeft - kRight) * step / last_step; }
    double y(double loss) const {
        const double share = (std::log10(std::max(loss, kSmallestLoss)) - low) / (high - low);
        return kHeight - kBottom - (kHeight - kTop - kBottom) * std::clamp(share, 0.0, 1.0);
    }
};

Axes axes_for(std::span<const StepRecord> records) {
    Axes axes;
    if (records.empty()) return axes;
    double low = INFINITY, high = kSmallestLoss;
    for (const StepRecord& record : records) {
        for (const double loss : {record.loss, record.validation_loss.value_or(record.loss)}) {
            low = std::min(low, std::max(loss, kSmallestLoss));
            high = std::max(high, loss);
        }
    }
    axes.last_step = static_cast<double>(std::max<std::int64_t>(1, records.back().step));
    axes.low = std::log10(low) - 0.03;
    axes.high = std::max(std::log10(high) + 0.03, axes.low + 0.1);
    return axes;
}

// 1, 2 or 5 times a power of ten: about `parts` of them up to `last`.
double tick_distance(double last, double parts) {
    const double raw = std::max(1.0, last / parts), power = std::pow(10.0, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (factor * power >= raw) return factor * power;
    return 10 * power;
}

std::string polyline(const Axes& axes, std::span<const Point> points, std::string_view style) {
    std::string text = fmt::format("<polyline fill=\"none\" {} points=\"", style);
    const std::size_t stride = points.size() / kMaxPoints + 1;
    for (std::size_t i = 0; i < points.size(); ++i)
        if (i % stride == 0 || i + 1 == points.size())
            text += fmt::format("{:.1f},{:.1f} ", axes.x(points[i].step), axes.y(points[i].loss));
    return text + "\"/>\n";
}

std::string label(double x, double y, std::string_view anchor, std::string_view text, std::string_view extra = "") {
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" {}>{}</text>\n", x, y, anchor, extra, text);
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '&') out += "&amp;";
        else out += c;
    }
    return out;
}

std::string grid(const Axes& axes) {
    const double bottom = kHeight - kBottom, right = kWidth - kRight;
    std::string text;
    const double distance = tick_distance(axes.last_step, 8);
    for (double step = 0; step <= axes.last_step; step += distance) {
        text += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\" class=\"grid\"/>\n", axes.x(step),
                            kTop, bottom);
        text += label(axes.x(step), bottom + 18, "middle", fmt::format("{:g}", step));
    }
    // With little room between powers of ten, all of 1..9 are marked, else 1, 2 and 5.
    const bool wide = axes.high - axes.low > 1;
    for (int power = -6; power <= 3; ++power) {
        for (int digit = 1; digit <= 9; ++digit) {
            if (wide && digit != 1 && digit != 2 && digit != 5) continue;
            const double loss = digit * std::pow(10.0, power);
            if (std::log10(loss) < axes.low || std::log10(loss) > axes.high) continue;
            text += fmt::format("<line x1=\"{1}\" x2=\"{2}\" y1=\"{0:.1f}\" y2=\"{0:.1f}\" class=\"grid\"/>\n",
                                axes.y(loss), kLeft, right);
            text += label(kLeft - 8, axes.y(loss) + 4, "end", fmt::format("{:g}", loss));
        }
    }
    text += fmt::format("<path d=\"M{0},{1} V{2} H{3}\" fill=\"none\" stroke=\"#444\"/>\n", kLeft, kTop, bottom, right);
    text += label((kLeft + right) / 2, kHeight - 14, "middle", "step");
    return text + label(0, 0, "middle", "loss (nats per token)",
                        fmt::format("transform=\"translate(20 {}) rotate(-90)\"", (kTop + bottom) / 2));
}

// Mean of the points around each, as many before as after.
std::vector<Point> running_mean(std::span<const Point> points) {
    std::vector<Point> out;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::size_t reach = std::min({kMeanReach, i, points.size() - 1 - i});
        double sum = 0;
        for (const Point& point : points.subspan(i - reach, 2 * reach + 1)) sum += point.loss;
        out.push_back({points[i].step, sum / static_cast<double>(2 * reach + 1)});
    }
    return out;
}

std::string legend(bool validation) {
    const double x = kWidth - kRight - 150;
    std::string text = fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" class=\"mean\"/>\n", x, x + 26, kTop + 14, kTop + 14);
    text += label(x + 34, kTop + 18, "start", "training");
    if (!validation) return text;
    text += fmt::format("<line x1=\"{}\" x2=\"{}\" y1=\"{}\" y2=\"{}\" class=\"held\"/>\n", x, x + 26, kTop + 34, kTop + 34);
    return text + label(x + 34, kTop + 38, "start", "validation");
}

}  // namespace

std::string loss_curve_svg(std::span<const StepRecord> records, std::string_view title) {
    const Axes axes = axes_for(records);
    std::vector<Point> training, validation;
    for (const StepRecord& record : records) {
        const auto step = static_cast<double>(record.step);
        training.push_back({step, record.loss});
        if (record.validation_loss) validation.push_back({step, *record.validation_loss});
    }
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n"
        "<style>.grid{{stroke:#e4e4e4}}.mean{{stroke:#1f5fa8;stroke-width:2}}.held{{stroke:#d0551b;stroke-width:2}}</style>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n",
        kWidth, kHeight);
    svg += label(kLeft, 28, "start", escaped(title), "font-size=\"16\"");
    svg += grid(axes);
    svg += polyline(axes, training, "stroke=\"#a9c4e4\" stroke-width=\"1\"");
    svg += polyline(axes, running_mean(training), "class=\"mean\"");
    svg += polyline(axes, validation, "class=\"held\"");
    for (const Point& point : validation)
        svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"#d0551b\"/>\n", axes.x(point.step), axes.y(point.loss));
    return svg + legend(!validation.empty()) + "</svg>\n";
}

}  // namespace cria
