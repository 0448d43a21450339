#include "agent/icalendar.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>

namespace cria {
namespace {

using namespace std::chrono;

constexpr std::size_t kFoldOctets = 75;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool continues_sequence(char c) { return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u; }

// RFC 5545, 3.3.11.
std::string escape_text(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else if (c == '\\' || c == ';' || c == ',') {
            out += {'\\', c};
        } else if (!is_control(c)) {
            out += c;
        }
    }
    return out;
}

// RFC 6868: what a quoted parameter value may not hold.
std::string escape_parameter(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '^') {
            out += "^^";
        } else if (c == '"') {
            out += "^'";
        } else if (c == '\n') {
            out += "^n";
        } else if (!is_control(c)) {
            out += c;
        }
    }
    return out;
}

// RFC 5545, 3.1.
void append_line(std::string& out, std::string_view line) {
    std::size_t limit = kFoldOctets;
    while (line.size() > limit) {
        std::size_t cut = limit;
        while (cut > 1 && continues_sequence(line[cut])) --cut;
        out.append(line.substr(0, cut)).append("\r\n ");
        line.remove_prefix(cut);
        limit = kFoldOctets - 1;  // the leading space counts
    }
    out.append(line).append("\r\n");
}

bool is_address(std::string_view attendee) {
    return attendee.find('@') != std::string_view::npos &&
           attendee.find_first_of(" <>\"\t\r\n") == std::string_view::npos;
}

// People are known by name only; a calendar address must be a URI, and this one says that there is none.
std::string attendee_line(std::string_view attendee) {
    if (is_address(attendee)) return fmt::format("ATTENDEE;RSVP=TRUE:mailto:{}", escape_parameter(attendee));
    return fmt::format("ATTENDEE;CN=\"{}\";RSVP=TRUE:invalid:nomail", escape_parameter(attendee));
}

template <class Time>
std::string basic_form(Time time) {
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count());
}

// The number in text[first, first + count), digits only.
std::optional<unsigned> digits(std::string_view text, std::size_t first, std::size_t count) {
    if (text.size() < first + count) return std::nullopt;
    unsigned value = 0;
    const char* end = text.data() + first + count;
    const auto [stop, error] = std::from_chars(text.data() + first, end, value);
    return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<local_days> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto y = digits(text, 0, 4), m = digits(text, 5, 2), d = digits(text, 8, 2);
    if (!y || !m || !d) return std::nullopt;
    const year_month_day date{year{static_cast<int>(*y)}, month{*m}, day{*d}};
    return date.ok() ? std::optional(local_days{date}) : std::nullopt;
}

std::optional<minutes> parse_time(std::string_view text) {
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const auto h = digits(text, 0, 2), m = digits(text, 3, 2);
    if (!h || !m || *h > 23 || *m > 59) return std::nullopt;
    return hours{*h} + minutes{*m};
}

}  // namespace

Result<local_seconds> parse_local_time(std::string_view date, std::string_view time) {
    const auto day = parse_date(date);
    if (!day) return fail(ErrorKind::invalid_input, "date is '{}', but must be a day as in 2026-03-12", date);
    const auto clock = parse_time(time);
    if (!clock) return fail(ErrorKind::invalid_input, "time is '{}', but must be from 00:00 to 23:59", time);
    return local_seconds{*day} + *clock;
}

std::string icalendar_text(const CalendarEvent& event, std::string_view uid, sys_seconds stamp) {
    std::string out;
    append_line(out, "BEGIN:VCALENDAR");
    append_line(out, "VERSION:2.0");
    append_line(out, "PRODID:-//Cria//create_event//EN");
    append_line(out, "BEGIN:VEVENT");
    append_line(out, fmt::format("UID:{}", escape_text(uid)));
    append_line(out, fmt::format("DTSTAMP:{}Z", basic_form(stamp)));
    append_line(out, fmt::format("DTSTART:{}", basic_form(event.start)));
    append_line(out, fmt::format("DTEND:{}", basic_form(event.start + event.duration)));
    append_line(out, fmt::format("SUMMARY:{}", escape_text(event.title)));
    for (const std::string& attendee : event.attendees) append_line(out, attendee_line(attendee));
    append_line(out, "END:VEVENT");
    append_line(out, "END:VCALENDAR");
    return out;
}

}  // namespace cria
