#include "agent/create_event.h"

#include "demo/office.h"

namespace cria {
namespace {

constexpr std::size_t kMaxTitle = 500;  // bytes
constexpr std::size_t kMaxAttendees = 200;
constexpr int kMaxSameDay = 1000;

std::string text_of(const OrderedJson& arguments, const char* key) {
    const auto it = arguments.find(key);
    return it != arguments.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::vector<std::string> names_of(const OrderedJson& arguments) {
    std::vector<std::string> names;
    const auto it = arguments.find("attendees");
    if (it == arguments.end() || !it->is_array()) return names;
    for (const auto& name : *it) {
        if (name.is_string()) names.push_back(name.get<std::string>());
    }
    return names;
}

Result<CalendarEvent> event_from(const OrderedJson& arguments) {
    CalendarEvent event{.title = text_of(arguments, "title"),
                        .start = CRIA_TRY(parse_local_time(text_of(arguments, "date"), text_of(arguments, "time"))),
                        .attendees = names_of(arguments)};
    if (event.title.empty() || event.title.size() > kMaxTitle) {
        return fail(ErrorKind::invalid_input, "title has {} bytes, but must have 1 to {}", event.title.size(),
                    kMaxTitle);
    }
    if (event.attendees.size() > kMaxAttendees) {
        return fail(ErrorKind::invalid_input, "{} attendees were given, but at most {} can be invited",
                    event.attendees.size(), kMaxAttendees);
    }
    return event;
}

}  // namespace

CreateEventTool::CreateEventTool(Os& os, Path folder)
    : os_(os), folder_(std::move(folder)), definition_(create_event_tool()) {}

std::string CreateEventTool::describe(const OrderedJson& arguments) const {
    return fmt::format("write a calendar file for '{}' on {} at {} with {} attendees into {}",
                       text_of(arguments, "title"), text_of(arguments, "date"), text_of(arguments, "time"),
                       names_of(arguments).size(), folder_.string());
}

Result<OrderedJson> CreateEventTool::run(const OrderedJson& arguments) {
    const CalendarEvent event = CRIA_TRY(event_from(arguments));
    CRIA_TRY(os_.make_folders(folder_));
    const Path path = CRIA_TRY(free_path(text_of(arguments, "date")));
    const std::string uid = fmt::format("{:016x}{:016x}@cria", os_.random_seed(), os_.random_seed());
    const auto stamp = std::chrono::floor<std::chrono::seconds>(os_.wall());
    CRIA_TRY(write_atomically(os_, path, icalendar_text(event, uid, stamp)));
    written_.push_back(path);
    return OrderedJson{{"status", "created"}, {"file", path.filename().string()}};
}

// `date` has been checked: digits and dashes only, so that the name cannot lead out of the folder.
Result<Path> CreateEventTool::free_path(std::string_view date) const {
    for (int number = 1; number < kMaxSameDay; ++number) {
        Path path =
            folder_ / (number == 1 ? fmt::format("event-{}.ics", date) : fmt::format("event-{}-{}.ics", date, number));
        const auto info = os_.info(path);
        if (!info && info.error().kind == ErrorKind::not_found) return path;
        if (!info) return std::unexpected(info.error());
    }
    return fail(ErrorKind::invalid_input, "{} already holds {} events on {}; choose another folder", folder_.string(),
                kMaxSameDay - 1, date);
}

}  // namespace cria
