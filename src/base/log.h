// Messages for the person who runs the program, on standard error. Libraries below the services log nothing.
#pragma once

#include <string_view>

namespace cria {

enum class LogLevel { debug, info, warning, error, off };

void set_log_level(LogLevel level);
void log(LogLevel level, std::string_view message);

}  // namespace cria
