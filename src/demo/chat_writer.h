// Writes one office chat and what is true about it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/random.h"
#include "demo/language.h"
#include "demo/office.h"

namespace cria {

struct CalendarDay {
    std::string weekday;  // in the language, as it stands after "by" and "on"
    std::string iso;
    std::string both() const { return weekday + " " + iso; }  // "Friday 2026-03-13"
};

std::string iso_date(std::chrono::sys_days day);
// `today` and the four working days after it: every weekday's name occurs once.
std::vector<CalendarDay> calendar_from(const LanguagePack& pack, std::chrono::sys_days today);

struct WrittenChat {
    std::chrono::sys_days today;
    std::vector<ChatLine> lines;
    OfficeFacts facts;
};
// `lines`: how many messages, at least four.
// `hard`: more often what a model gets wrong: many tasks, tasks that begin alike, chats without a problem or a
// decision, meetings of a few.
WrittenChat write_chat(const LanguagePack& pack, Split split, bool hard, std::size_t lines, Random& random);

// A day as the chat names it, by its weekday or by its date.
struct SpokenDay {
    std::string said;  // with its preposition: "by Thursday"
    std::string day;   // "Thursday"
    std::string iso;
    // As answers write it: "Thursday 2026-03-12", or the date alone where the chat gives no weekday. Whoever writes
    // the weekday first has the next thing to copy before it: the date stands behind it in the system message.
    std::string day_and_date() const { return day == iso ? iso : day + " " + iso; }
};
SpokenDay draw_due_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random);
SpokenDay draw_meeting_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random);

}  // namespace cria
