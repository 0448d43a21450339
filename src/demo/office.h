// The office world: made-up chats of ten messages, what is true about them, and conversations about them.
//
// Everything is a pure function of (seed, index), so that any sample can be made again anywhere. Names,
// projects, topics and the things that tasks are about come from disjoint sets in the two splits
// (docs/demo.md). All functions may be called from several threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chat/message.h"
#include "demo/language.h"

namespace cria {

struct ChatLine {
    std::string author;  // full name
    std::string time;    // "09:14"
    std::string text;
};

struct ActionItem {
    std::string owner;  // full name
    std::string task;   // as said in the chat
    std::string by;     // when, as said in the chat: "by Friday"
    std::string due;    // "Friday 2026-03-13"; the ISO date alone where the chat gives it so
    friend bool operator==(const ActionItem&, const ActionItem&) = default;
};

struct Meeting {
    std::string title;
    std::string day;                     // as the chat names it: "Thursday" or the ISO date
    std::string date;                    // ISO
    std::string day_and_date;            // as answers write it, like ActionItem::due
    std::string time;                    // "14:00"
    std::vector<std::string> attendees;  // full names, in the order of the chat, or as the chat lists them
};

// What is true about a chat; each of these can be read from the chat and the system message alone.
struct OfficeFacts {
    std::vector<std::string> people;  // full names, in order of their first message; first names differ
    std::string project;
    std::string subject;            // project and topic as the chat names them
    std::string problem;            // empty: none was mentioned
    std::string decision;           // empty: none was made
    std::vector<ActionItem> items;  // in order of the chat; at most one a person
    std::optional<Meeting> meeting;
};

enum class OfficeTask {
    summary,
    action_items,
    invite,
    who,
    due,
    owner,
    item,
    wrote,
    meeting,
    attendees,
    people,
    problem,
    decision,
    shorter,
    formal,
    date,
    other
};
inline constexpr int kOfficeTasks = 17;
std::string_view task_name(OfficeTask task);

// One request and the right answer: one assistant message, or for an invitation a call, the tool's result
// and the closing words.
struct OfficeTurn {
    OfficeTask task;
    Message user;
    std::vector<Message> answer;
};

struct OfficeSample {
    Language language = Language::english;
    Split split = Split::train;
    std::string today;           // ISO
    std::vector<ChatLine> chat;  // four to ten lines; empty where no request is about a chat
    OfficeFacts facts;
    std::vector<Message> messages;      // the whole conversation, system message first
    std::vector<ToolDefinition> tools;  // what render_chat gets
};

struct OfficeOptions {
    Split split = Split::train;
    // The first samples of training are short (rewriting, looking up a date, or a chat of four or five messages, no
    // tools): a model learns to copy over short distances first, and much sooner than over a whole chat.
    std::uint64_t short_samples = 0;
    bool hard = false;  // training asks more often what a model gets wrong, about chats that make it so
    std::vector<std::pair<Language, double>> languages{{Language::english, 1.0}};  // weights, any positive scale
};

// A training conversation: one to six requests about one chat.
OfficeSample make_office_sample(const OfficeOptions& options, std::uint64_t seed, std::uint64_t index);

// A chat of ten messages with every request, each as the first and only one of its conversation. For
// evaluation.
struct OfficeCase {
    OfficeSample sample;            // messages: system only
    std::vector<OfficeTurn> turns;  // each user message holds the pasted chat
};
OfficeCase make_office_case(const OfficeOptions& options, std::uint64_t seed, std::uint64_t index);

// The chat as people paste it: "Members:" and the people, a line each; an empty line; then the messages, a line each:
// "Works for me — Ana Petrova, 09:14". The name follows the words: docs/decisions/0004-demo-model.md.
std::string format_office_chat(const OfficeSample& sample);
// "Today is Monday 2026-03-09. ...": what the model needs to turn weekdays into dates. `today` is ISO.
std::string office_system_message(Language language, std::string_view today);
// The tool that the demo knows: create_event(title, date, time, attendees).
ToolDefinition create_event_tool();

}  // namespace cria
