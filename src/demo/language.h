// What one language brings to the office world: words, sentence frames, requests, and canonical answers.
//
// A frame is text with {slots}. Slots of content (a task, a problem) are expanded from word lists in which
// every open class has two disjoint halves: words for training and words that only held-out chats use.
#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace cria {

enum class Language { english, german, french, italian, portuguese, hindi, spanish, thai };
inline constexpr std::array kLanguages{Language::english,    Language::german, Language::french,  Language::italian,
                                       Language::portuguese, Language::hindi,  Language::spanish, Language::thai};

enum class Split { train, held_out };

using Frames = std::vector<std::string_view>;

// The words that may fill {name}. A closed class (verbs, adjectives) leaves held_out empty: both splits use
// `train`. Words may themselves hold slots.
struct WordClass {
    std::string_view name;
    Frames train;
    Frames held_out{};
};

// Names are drawn half from the curated lists, half put together as start + middle + end; which built names
// are held out is decided by a hash of the name (names.h).
struct NameClass {
    Frames train;
    Frames held_out;
    Frames starts;
    Frames middles;
    Frames ends;
};

struct LanguagePack {
    std::string_view code;                     // "en"
    std::string_view english_name;             // "English"
    int tool_tasks = 2;                        // how many requests fit beside a tool's definition
    std::array<std::string_view, 7> weekdays;  // Monday to Sunday, as after "by" and "on"

    NameClass first_names, last_names;
    NameClass inventions;  // {invention}: made-up names of companies and projects

    std::vector<WordClass> words;  // must define project, topic, task, problem, decision

    // What people write in the chat.
    std::string_view subject;  // {project} {topic}: how the chat, the title and the summary name the matter
    std::string_view by_day, by_date, on_day, on_date;  // {day}: "by {day}", "on {day}"
    Frames opener;                                      // {subject}
    Frames problem_said;                                // {problem}
    Frames decision_said;                               // {decision}
    Frames take;                                        // {task} {by}, where the author follows: who takes it
    Frames give;                                        // {task} {by} {first}: the person named last takes it
    Frames accept;                                      // the answer of that person
    Frames meet;                                        // {on} {time} {who}: a meeting is proposed
    std::string_view everybody, only_some;              // {who}: all who write; {names} and the author
    Frames meet_agreed;                                 // the meeting stands as proposed
    Frames meet_object;                                 // {time} {new_time}
    Frames meet_moved;                                  // {on} {new_time} {who}: the same who
    Frames small_talk;                                  // may hold {time}

    // What the user asks.
    std::string_view system;   // {today} {days}: the system message
    Frames intro, intro_ten;   // before the pasted chat; ten: when it has ten messages
    std::string_view members;  // above the names of those who write
    Frames ask_summary, ask_items, ask_invite;
    Frames ask_who;    // {task}
    Frames ask_due;    // {task}
    Frames ask_owner;  // {name}: what this person has to do
    Frames ask_item;   // {number}: a line of the list of tasks
    Frames ask_wrote;  // {text}: a message of the chat
    Frames ask_meeting, ask_people, ask_attendees, ask_problem, ask_decision;
    Frames ask_shorter, ask_formal;  // {text}
    Frames ask_date;                 // {day}: a weekday
    Frames ask_other;                // greetings, and what lies outside the office world

    // Texts to rewrite and what becomes of them.
    Frames wordy;             // {task} {by}
    std::string_view plain;   // {task} {by}
    Frames casual;            // {first} {task} {by}
    std::string_view formal;  // {first} {task} {by}

    // The canonical answers.
    std::string_view title;                          // {subject} {day}: the day as the chat names it
    std::string_view says_topic;                     // {subject}
    std::string_view says_problem, says_decision;    // {problem}, {decision}
    std::string_view says_meeting, says_no_meeting;  // {date} {time}
    std::string_view item_line;                      // {task} {by} {name} {date}: as said in the chat, then the date
    std::string_view says_unknown;                   // the chat does not tell
    std::string_view says_no_item;                   // {number}: the list of tasks ends before it
    std::string_view says_created;                   // {title} {date} {time} {names} {file}
    std::string_view says_failed;                    // {error}
    std::string_view says_other;                     // what this model is and can do
};

const LanguagePack& language_pack(Language language);

// Each in a file of its own.
const LanguagePack& english_pack();
const LanguagePack& german_pack();
const LanguagePack& french_pack();
const LanguagePack& italian_pack();
const LanguagePack& portuguese_pack();
const LanguagePack& hindi_pack();
const LanguagePack& spanish_pack();
const LanguagePack& thai_pack();

}  // namespace cria
