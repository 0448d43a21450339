#include "train/curve.h"

#include "base/chart.h"

namespace cria {
namespace {

constexpr std::size_t kMeanReach = 12;  // steps

}  // namespace

std::string loss_curve_svg(std::span<const StepRecord> records, std::string_view title) {
    std::vector<ChartPoint> training, validation;
    for (const StepRecord& record : records) {
        const auto step = static_cast<double>(record.step);
        training.push_back({step, record.loss});
        if (record.validation_loss) validation.push_back({step, *record.validation_loss});
    }
    Chart chart{.title = std::string(title),
                .x_label = "step",
                .y_label = "loss (nats per token)",
                .logarithmic = true,
                .lines = {{"", training, ChartLine::Look::faint}, {"training", running_mean(training, kMeanReach)}}};
    if (!validation.empty()) chart.lines.push_back({"validation", validation, ChartLine::Look::dotted});
    return chart_svg(chart);
}

}  // namespace cria
