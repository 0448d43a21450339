#include "demo/showcase.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "demo/turns.h"
#include "demo/words.h"

namespace cria {
namespace {

constexpr std::string_view kIngrid = "Ingrid Thornton", kKwame = "Kwame Delgado", kFreya = "Freya Nakamura";

OfficeFacts facts() {
    OfficeFacts facts;
    facts.people = {std::string(kIngrid), std::string(kKwame), std::string(kFreya)};
    facts.project = "Heron";
    facts.subject = "Heron festival partnership";
    facts.problem = "the donor checklist is not ready";
    facts.decision = "postpone the museum brochure";
    facts.items = {
        {std::string(kFreya), "finish the donor checklist", "by Wednesday", "Wednesday 2026-03-11"},
        {std::string(kKwame), "send the catering dossier to the publisher", "by Friday", "Friday 2026-03-13"}};
    facts.meeting = Meeting{.title = "Follow-up: Heron festival partnership, Thursday",
                            .day = "Thursday",
                            .date = "2026-03-12",
                            .day_and_date = "Thursday 2026-03-12",
                            .time = "15:30",
                            .attendees = facts.people};
    return facts;
}

std::vector<ChatLine> lines() {
    const std::string ingrid(kIngrid), kwame(kKwame), freya(kFreya);
    return {
        {ingrid, "09:12", "Let us talk about the Heron festival partnership"},
        {kwame, "09:14", "Unfortunately the donor checklist is not ready"},
        {freya, "09:15", "I will finish the donor checklist by Wednesday"},
        {kwame, "09:18", "Great work, thank you"},
        {ingrid, "09:21", "So the decision is to postpone the museum brochure"},
        {ingrid, "09:25", "Could you send the catering dossier to the publisher by Friday, Kwame?"},
        {kwame, "09:26", "Sure, no problem"},
        {ingrid, "09:31", "Let us meet on Thursday at 14:00, all of us"},
        {freya, "09:33", "At 14:00 I have a call. How about 15:30?"},
        {ingrid, "09:34", "Fine, let us make it on Thursday at 15:30, all of us"},
    };
}

OfficeTurn turn(OfficeTask task, std::string request, std::string answer) {
    return {task,
            {.role = Role::user, .content = std::move(request)},
            {{.role = Role::assistant, .content = std::move(answer)}}};
}

std::string below_chat(std::string_view request) {
    return fmt::format("Here are the last ten messages of our chat:\n\n{}\n\n{}",
                       format_office_chat(office_showcase_chat()), request);
}

OfficeTurn invitation(const Meeting& meeting) {
    const std::string file = "2026-03-12-1530-follow-up.ics";
    Message call{.role = Role::assistant, .content = ""};
    call.tool_calls.push_back(
        {"create_event",
         {{"title", meeting.title}, {"date", meeting.date}, {"time", meeting.time}, {"attendees", meeting.attendees}}});
    const std::string names = fmt::format("{}", fmt::join(meeting.attendees, "\n"));
    return {OfficeTask::invite,
            {.role = Role::user, .content = below_chat("Invite people to the follow-up meeting.")},
            {call,
             {.role = Role::tool, .content = fmt::format(R"({{"status": "created", "file": "{}"}})", file)},
             {.role = Role::assistant,
              .content = fill(english_pack().says_created, {{"title", meeting.title},
                                                            {"date", meeting.date},
                                                            {"time", meeting.time},
                                                            {"names", names},
                                                            {"file", file}})}}};
}

}  // namespace

OfficeSample office_showcase_chat() {
    OfficeSample sample;
    sample.language = Language::english;
    sample.split = Split::held_out;
    sample.today = "2026-03-09";
    sample.chat = lines();
    sample.facts = facts();
    sample.messages = {{.role = Role::system, .content = office_system_message(Language::english, sample.today)}};
    sample.tools = {create_event_tool()};
    return sample;
}

std::vector<ShowcaseConversation> office_showcase() {
    const OfficeSample sample = office_showcase_chat();
    const LanguagePack& pack = english_pack();
    const OfficeFacts& facts = sample.facts;
    ShowcaseConversation about{sample.messages, {}, {}};
    about.turns = {
        turn(OfficeTask::summary, below_chat("Summarise the chat."), summary_text(pack, facts)),
        turn(OfficeTask::action_items, "List the action items.", items_text(pack, facts)),
        turn(OfficeTask::who, "Who will finish the donor checklist?", item_text(pack, facts.items[0])),
        turn(OfficeTask::meeting, "When is the meeting?",
             fill(pack.says_meeting, {{"date", facts.meeting->day_and_date}, {"time", facts.meeting->time}})),
    };
    ShowcaseConversation invite{sample.messages, sample.tools, {invitation(*facts.meeting)}};
    ShowcaseConversation rewrite{sample.messages, {}, {}};
    rewrite.turns = {
        turn(OfficeTask::shorter,
             "Make this shorter: \"Sorry for the long silence, it was a busy week, but the good news is that I will "
             "finish the donor checklist by Wednesday.\"",
             "I will finish the donor checklist by Wednesday."),
        turn(OfficeTask::formal,
             "Make this more formal: \"hey Ingrid, gonna send the catering dossier to the publisher by Friday, ok?\"",
             "Dear Ingrid,\nI would like to inform you that I will send the catering dossier to the publisher by "
             "Friday.\nKind regards"),
    };
    return {about, invite, rewrite};
}

}  // namespace cria
