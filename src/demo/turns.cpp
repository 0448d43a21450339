#include "demo/turns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/json.h"
#include "demo/words.h"

namespace cria {
namespace {

Message user(std::string text) { return {.role = Role::user, .content = std::move(text)}; }

// A request as a person in a hurry types it: now and then without the capital and the full stop.
Message request(std::string_view text, Random& random) {
    std::string typed(text);
    if (random.below(5) == 0) {
        if (typed[0] >= 'A' && typed[0] <= 'Z') typed[0] = static_cast<char>(typed[0] - 'A' + 'a');
        if (typed.ends_with('.') || typed.ends_with('?')) typed.pop_back();
    }
    return user(typed);
}

Message assistant(std::string text) { return {.role = Role::assistant, .content = std::move(text)}; }

std::string lines_of(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, "\n")); }

// What the tool's host might call the file: the closing words copy it from the result.
std::string file_name(const Meeting& meeting, Random& random) {
    std::string time = meeting.time;
    std::erase(time, ':');
    switch (random.below(4)) {
        case 0: return fmt::format("event-{}.ics", meeting.date);
        case 1: return fmt::format("follow-up-{}-{}.ics", meeting.date, time);
        default: return fmt::format("{}-{}-follow-up.ics", meeting.date, time);
    }
}

std::string tool_fault(Random& random) {
    static constexpr std::string_view kFaults[] = {"the folder is not writable", "no space left on the disk",
                                                   "the calendar is locked", "permission denied"};
    return std::string(kFaults[random.below(4)]);
}

std::vector<Message> invite_answer(const LanguagePack& pack, const OfficeFacts& facts, Random& random) {
    if (!facts.meeting) return {assistant(std::string(pack.says_no_meeting))};
    const Meeting& meeting = *facts.meeting;
    Message call = assistant("");
    call.tool_calls.push_back(
        {"create_event",
         {{"title", meeting.title}, {"date", meeting.date}, {"time", meeting.time}, {"attendees", meeting.attendees}}});
    if (random.below(20) == 0) {
        const std::string fault = tool_fault(random);
        const Message result{.role = Role::tool,
                             .content = fmt::format(R"({{"status": "failed", "error": "{}"}})", fault)};
        return {call, result, assistant(fill(pack.says_failed, {{"error", fault}}))};
    }
    const std::string file = file_name(meeting, random);
    const Message result{.role = Role::tool, .content = fmt::format(R"({{"status": "created", "file": "{}"}})", file)};
    return {call, result,
            assistant(fill(pack.says_created, {{"title", meeting.title},
                                               {"date", meeting.date},
                                               {"time", meeting.time},
                                               {"names", lines_of(meeting.attendees)},
                                               {"file", file}}))};
}

OfficeTurn item_question(const LanguagePack& pack, OfficeTask task, const OfficeFacts& facts, Random& random) {
    const ActionItem& item = facts.items[random.below(static_cast<std::uint32_t>(facts.items.size()))];
    const Slots slots{{"task", item.task}, {"name", item.owner}};
    const Frames& asked = task == OfficeTask::who   ? pack.ask_who
                          : task == OfficeTask::due ? pack.ask_due
                                                    : pack.ask_owner;
    return {task, request(fill(pick(asked, random), slots), random), {assistant(item_text(pack, item))}};
}

// "2. call the florist by Friday: Ana Petrova (Friday 2026-03-13)"
std::string list_line(const LanguagePack& pack, const OfficeFacts& facts, std::size_t index) {
    return fmt::format("{}. {}", index + 1, item_text(pack, facts.items[index]));
}

// One line of the list; two in five ask for the line after the last. Where a list ends is learnt so.
OfficeTurn line_question(const LanguagePack& pack, const OfficeFacts& facts, Random& random) {
    const auto count = static_cast<std::uint32_t>(facts.items.size());
    const std::size_t index = random.below(5) < 2 ? count : random.below(count);
    const Slots slots{{"number", fmt::format("{}", index + 1)}};
    return {OfficeTask::item,
            request(fill(pick(pack.ask_item, random), slots), random),
            {assistant(index < count ? list_line(pack, facts, index) : fill(pack.says_no_item, slots))}};
}

// About a message that nobody else wrote in the same words.
OfficeTurn author_question(const LanguagePack& pack, const std::vector<ChatLine>& lines, Random& random) {
    while (true) {
        const ChatLine& line = lines[random.below(static_cast<std::uint32_t>(lines.size()))];
        if (std::ranges::count(lines, line.text, &ChatLine::text) > 1) continue;  // the opener is always alone
        return {OfficeTask::wrote,
                request(fill(pick(pack.ask_wrote, random), {{"text", line.text}}), random),
                {assistant(signed_text(line))}};
    }
}

OfficeTurn rewrite(const LanguagePack& pack, Split split, OfficeTask task, const WrittenChat& chat, Random& random) {
    const std::string what = expand(pack, "task", split, random);
    const std::string by = draw_due_day(pack, chat.today, random).said;
    const std::string first = draw_name(pack.first_names, split, random);
    const Slots slots{{"task", what}, {"by", by}, {"first", first}};
    const bool shorter = task == OfficeTask::shorter;
    const std::string text = fill(pick(shorter ? pack.wordy : pack.casual, random), slots);
    return {task,
            user(fill(pick(shorter ? pack.ask_shorter : pack.ask_formal, random), {{"text", text}})),
            {assistant(fill(shorter ? pack.plain : pack.formal, slots))}};
}

OfficeTurn date_question(const LanguagePack& pack, const WrittenChat& chat, Random& random) {
    const auto days = calendar_from(pack, chat.today);
    const CalendarDay& day = days[random.below(static_cast<std::uint32_t>(days.size()))];
    return {OfficeTask::date,
            request(fill(pick(pack.ask_date, random), {{"day", day.weekday}}), random),
            {assistant(day.both())}};
}

std::string meeting_text(const LanguagePack& pack, const OfficeFacts& facts) {
    if (!facts.meeting) return std::string(pack.says_no_meeting);
    return fill(pack.says_meeting, {{"date", facts.meeting->day_and_date}, {"time", facts.meeting->time}});
}

std::string attendees_text(const LanguagePack& pack, const OfficeFacts& facts) {
    return facts.meeting ? lines_of(facts.meeting->attendees) : std::string(pack.says_no_meeting);
}

std::string fact_text(const LanguagePack& pack, std::string_view frame, std::string_view fact) {
    if (fact.empty()) return std::string(pack.says_unknown);
    return fill(frame, {{"problem", fact}, {"decision", fact}});
}

}  // namespace

std::string item_text(const LanguagePack& pack, const ActionItem& item) {
    return fill(pack.item_line, {{"name", item.owner}, {"task", item.task}, {"by", item.by}, {"date", item.due}});
}

std::string signed_text(const ChatLine& line) { return line.text + " — " + line.author; }

std::string summary_text(const LanguagePack& pack, const OfficeFacts& facts) {
    std::vector<std::string> lines{fill(pack.says_topic, {{"subject", facts.subject}})};
    if (!facts.problem.empty()) lines.push_back(fact_text(pack, pack.says_problem, facts.problem));
    if (!facts.decision.empty()) lines.push_back(fact_text(pack, pack.says_decision, facts.decision));
    if (!facts.items.empty()) lines.push_back(items_text(pack, facts));
    lines.push_back(meeting_text(pack, facts));
    return lines_of(lines);
}

std::string items_text(const LanguagePack& pack, const OfficeFacts& facts) {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < facts.items.size(); ++i) lines.push_back(list_line(pack, facts, i));
    return lines_of(lines);
}

OfficeTurn make_turn(const LanguagePack& pack, Split split, OfficeTask task, const WrittenChat& chat, Random& random) {
    const OfficeFacts& facts = chat.facts;
    const auto plain = [&](const Frames& requests, std::string answer) {
        return OfficeTurn{task, request(pick(requests, random), random), {assistant(std::move(answer))}};
    };
    switch (task) {
        case OfficeTask::summary: return plain(pack.ask_summary, summary_text(pack, facts));
        case OfficeTask::action_items: return plain(pack.ask_items, items_text(pack, facts));
        case OfficeTask::invite:
            return {task, request(pick(pack.ask_invite, random), random), invite_answer(pack, facts, random)};
        case OfficeTask::meeting: return plain(pack.ask_meeting, meeting_text(pack, facts));
        case OfficeTask::attendees: return plain(pack.ask_attendees, attendees_text(pack, facts));
        case OfficeTask::people: return plain(pack.ask_people, lines_of(facts.people));
        case OfficeTask::problem: return plain(pack.ask_problem, fact_text(pack, pack.says_problem, facts.problem));
        case OfficeTask::decision: return plain(pack.ask_decision, fact_text(pack, pack.says_decision, facts.decision));
        case OfficeTask::who:
        case OfficeTask::due:
        case OfficeTask::owner: return item_question(pack, task, facts, random);
        case OfficeTask::item: return line_question(pack, facts, random);
        case OfficeTask::wrote: return author_question(pack, chat.lines, random);
        case OfficeTask::shorter:
        case OfficeTask::formal: return rewrite(pack, split, task, chat, random);
        case OfficeTask::date: return date_question(pack, chat, random);
        case OfficeTask::other: return plain(pack.ask_other, std::string(pack.says_other));
    }
    CRIA_ASSERT(false && "every task is handled above");
    return {};
}

}  // namespace cria
