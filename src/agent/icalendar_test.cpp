#include "agent/icalendar.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

CalendarEvent event(std::string title, std::string_view date = "2026-03-12", std::string_view time = "14:00") {
    return {.title = std::move(title), .start = *parse_local_time(date, time)};
}

std::string text(const CalendarEvent& e) {
    using namespace std::chrono;
    return icalendar_text(e, "1@cria", sys_days{2026y / March / 9} + 8h + 5min);
}

// The inverse of folding, as RFC 5545, 3.1 gives it.
std::string unfold(std::string folded) {
    for (std::size_t at = 0; (at = folded.find("\r\n ", at)) != std::string::npos;) folded.erase(at, 3);
    return folded;
}

TEST(ICalendar, WritesTheWholeFile) {
    CalendarEvent e = event("Budget, review; part\\2");
    e.attendees = {"Ana Petrova", "Jo \"JJ\" Lee", "li@example.org"};
    EXPECT_EQ(text(e),
              "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Cria//create_event//EN\r\nBEGIN:VEVENT\r\n"
              "UID:1@cria\r\nDTSTAMP:20260309T080500Z\r\nDTSTART:20260312T140000\r\nDTEND:20260312T150000\r\n"
              "SUMMARY:Budget\\, review\\; part\\\\2\r\n"
              "ATTENDEE;CN=\"Ana Petrova\";RSVP=TRUE:invalid:nomail\r\n"
              "ATTENDEE;CN=\"Jo ^'JJ^' Lee\";RSVP=TRUE:invalid:nomail\r\n"
              "ATTENDEE;RSVP=TRUE:mailto:li@example.org\r\n"
              "END:VEVENT\r\nEND:VCALENDAR\r\n");
}

TEST(ICalendar, EndsOnTheNextDay) {
    const std::string out = text(event("Late", "2026-12-31", "23:30"));
    EXPECT_NE(out.find("DTSTART:20261231T233000\r\nDTEND:20270101T003000"), std::string::npos) << out;
}

TEST(ICalendar, FoldsWithoutCuttingCharacters) {
    std::string title;
    for (int i = 0; i < 60; ++i) title += i % 3 == 0 ? "ก" : i % 3 == 1 ? "é" : "a😀";
    const std::string out = text(event(title));
    EXPECT_NE(unfold(out).find("SUMMARY:" + title + "\r\n"), std::string::npos);
    for (std::size_t first = 0; first < out.size();) {
        const std::size_t end = out.find("\r\n", first);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - first, 75u);
        EXPECT_NE(static_cast<unsigned char>(out[first]) & 0xc0u, 0x80u) << "a line begins inside a character";
        const std::size_t content = first + (out[first] == ' ' ? 1 : 0);
        EXPECT_NE(static_cast<unsigned char>(out[content]) & 0xc0u, 0x80u);
        first = end + 2;
    }
}

TEST(ICalendar, NothingCanAddALine) {
    CalendarEvent e = event("a\r\nATTENDEE:evil\nb\x01");
    e.attendees = {"x\r\nSUMMARY:evil", "a@b\r\nX:1"};
    const std::string out = text(e);
    EXPECT_NE(out.find("SUMMARY:a\\nATTENDEE:evil\\nb\r\n"), std::string::npos) << out;
    EXPECT_EQ(out.find("\nATTENDEE:evil"), std::string::npos);
    EXPECT_EQ(out.find("\nSUMMARY:evil"), std::string::npos);
    EXPECT_EQ(out.find("\nX:1"), std::string::npos);
}

TEST(ICalendar, DatesAndTimesThatDoNotExistAreNamed) {
    for (const char* date :
         {"", "2026-02-29", "2026-13-01", "2026-1-01", "26-01-01", "2026/01/01", "+026-01-01", "2026-00-10"}) {
        const auto result = parse_local_time(date, "10:00");
        ASSERT_FALSE(result) << date;
        EXPECT_NE(result.error().message.find("date is"), std::string::npos);
    }
    for (const char* time : {"", "24:00", "9:00", "10:60", "10-00", "-1:00", "10:000"}) {
        const auto result = parse_local_time("2026-02-28", time);
        ASSERT_FALSE(result) << time;
        EXPECT_NE(result.error().message.find("time is"), std::string::npos);
    }
    EXPECT_TRUE(parse_local_time("2028-02-29", "00:00"));
}

}  // namespace
}  // namespace cria
