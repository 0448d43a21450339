// One event as an iCalendar file (RFC 5545; parameter values as in RFC 6868).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cria {

struct CalendarEvent {
    std::string title;
    std::chrono::local_seconds start;  // floating: the local time of whoever opens the file
    std::chrono::minutes duration{60};
    std::vector<std::string> attendees{};  // names, or e-mail addresses
};

// "2026-03-12" and "14:00". The error says which of the two is wrong and what was wanted.
Result<std::chrono::local_seconds> parse_local_time(std::string_view date, std::string_view time);

// Lines end with CR LF and are folded at 75 octets, never inside a UTF-8 sequence.
std::string icalendar_text(const CalendarEvent& event, std::string_view uid, std::chrono::sys_seconds stamp);

}  // namespace cria
