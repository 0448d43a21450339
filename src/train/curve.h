// The loss curve of a run as an SVG picture.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "train/run_log.h"

namespace cria {

// Training loss (faint: every step; strong: its running mean) and validation loss over steps, on a
// logarithmic loss axis. A whole SVG document.
std::string loss_curve_svg(std::span<const StepRecord> records, std::string_view title);

}  // namespace cria
