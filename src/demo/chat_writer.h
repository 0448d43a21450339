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
WrittenChat write_chat(const LanguagePack& pack, Split split, std::size_t lines, Random& random);

// A day as the chat names it, with its preposition, and its date: "by Thursday" and "2026-03-12".
struct SpokenDay {
    std::string said;
    std::string iso;
};
SpokenDay draw_due_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random);
SpokenDay draw_meeting_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random);

}  // namespace cria
