#include "demo/chat_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "demo/words.h"

namespace cria {
namespace {

// Training has what is hard to learn more often than people write it.
struct Odds {
    double second_item, third_item, alike, problem, decision, meeting_of_some;
};
Odds odds(Split split, bool hard) {
    if (split != Split::train) return {0.75, 0.4, 0.0, 0.85, 0.85, 0.2};
    return hard ? Odds{0.8, 0.6, 0.3, 0.65, 0.75, 0.4} : Odds{0.85, 0.6, 0.0, 0.85, 0.85, 0.5};
}

// What a message does. A run of messages that belong together is never torn apart.
enum class Say {
    opener,
    problem,
    decision,
    take,
    give,
    accept,
    meet,
    meet_agreed,
    meet_object,
    meet_moved,
    small_talk
};
struct Slot {
    Say say;
    std::size_t item = 0;    // which action item
    std::size_t author = 0;  // index into the cast
};
using Run = std::vector<Slot>;

bool chance(Random& random, double probability) { return random.uniform() < probability; }

std::size_t draw_index(Random& random, std::size_t bound) { return random.below(static_cast<std::uint32_t>(bound)); }

struct Person {
    std::string first, last;
    std::string full() const { return first + " " + last; }
};

std::string unlike(const std::vector<std::string>& used, const NameClass& names, Split split, Random& random) {
    while (true) {
        std::string name = draw_name(names, split, random);
        if (std::ranges::find(used, name) == used.end()) return name;
    }
}

std::vector<Person> draw_cast(const LanguagePack& pack, Split split, Random& random) {
    const std::size_t count = 3 + (chance(random, 0.6) ? 1u : 0u) + (chance(random, 0.3) ? 1u : 0u);
    std::vector<Person> cast;
    std::vector<std::string> used;
    for (std::size_t i = 0; i < count; ++i) {
        Person person{unlike(used, pack.first_names, split, random), ""};
        used.push_back(person.first);
        person.last = unlike(used, pack.last_names, split, random);
        used.push_back(person.last);
        cast.push_back(std::move(person));
    }
    return cast;
}

Run draw_meeting_run(Random& random) {
    if (chance(random, 0.2)) return {{Say::meet}, {Say::meet_object}, {Say::meet_moved}};
    return {{Say::meet}, {Say::meet_agreed}};
}

// Takes one message away: of a task given, of a meeting moved, the decision, or the problem.
void shorten(std::vector<Run>& runs) {
    const auto find = [&](Say say) {
        return std::ranges::find_if(runs, [&](const Run& run) { return run[0].say == say; });
    };
    const auto moved = std::ranges::find_if(runs, [](const Run& run) { return run.size() == 3; });
    if (const auto given = find(Say::give); given != runs.end())
        *given = {{Say::take, given->at(0).item}};
    else if (moved != runs.end())
        *moved = {moved->at(0), {Say::meet_agreed}};
    else if (const auto decision = find(Say::decision); decision != runs.end())
        runs.erase(decision);
    else if (const auto problem = find(Say::problem); problem != runs.end())
        runs.erase(problem);
    else
        CRIA_ASSERT(false && "four messages hold the matter, a task and a meeting");
}

// The runs of a chat of `lines` messages, at least four.
std::vector<Run> draw_runs(const Odds& odds, std::size_t items, bool meeting, std::size_t lines, Random& random) {
    std::vector<Run> runs;
    for (std::size_t i = 0; i < items; ++i) {
        if (chance(random, 0.4))
            runs.push_back({{Say::give, i}, {Say::accept, i}});
        else
            runs.push_back({{Say::take, i}});
    }
    if (meeting) runs.push_back(draw_meeting_run(random));
    if (chance(random, 0.5)) shuffle(runs, random);
    if (chance(random, odds.decision)) runs.insert(runs.begin(), {{Say::decision}});
    if (chance(random, odds.problem)) runs.insert(runs.begin(), {{Say::problem}});
    runs.insert(runs.begin(), {{Say::opener}});

    const auto total = [&] {
        std::size_t sum = 0;
        for (const Run& run : runs) sum += run.size();
        return sum;
    };
    while (total() > lines) shorten(runs);
    while (total() < lines) {
        const std::size_t at = chance(random, 0.1) ? 0 : 1 + draw_index(random, runs.size());
        runs.insert(runs.begin() + static_cast<std::ptrdiff_t>(at), {{Say::small_talk}});
    }
    return runs;
}

// Gives every message its author. owners[i]: who has item i.
class Casting {
public:
    Casting(std::size_t people, const std::vector<std::size_t>& owners, Random& random)
        : people_(people), owners_(owners), random_(random), silent_(people, true) {}

    std::vector<Slot> cast(const std::vector<Run>& runs) {
        std::vector<Slot> slots;
        for (const Run& run : runs) {
            for (Slot slot : run) {
                slot.author = author_of(slot, run, slots);
                silent_[slot.author] = false;
                slots.push_back(slot);
            }
        }
        return slots;
    }

private:
    std::size_t author_of(const Slot& slot, const Run& run, const std::vector<Slot>& before) {
        const std::size_t previous = before.empty() ? people_ : before.back().author;
        switch (slot.say) {
            case Say::take:
            case Say::accept: return owners_[slot.item];
            case Say::give: return someone_but(owners_[slot.item], previous);
            case Say::meet_moved: return before[before.size() - (run.size() - 1)].author;
            default: return someone_but(previous, previous);
        }
    }

    // Anybody but these two, with a preference for those who have not spoken yet.
    std::size_t someone_but(std::size_t one, std::size_t other) {
        std::vector<std::size_t> fresh, all;
        for (std::size_t i = 0; i < people_; ++i) {
            if (i == one || i == other) continue;
            all.push_back(i);
            if (silent_[i]) fresh.push_back(i);
        }
        const auto& from = !fresh.empty() && chance(random_, 0.7) ? fresh : all;
        return from[draw_index(random_, from.size())];
    }

    std::size_t people_;
    const std::vector<std::size_t>& owners_;
    Random& random_;
    std::vector<bool> silent_;
};

std::string draw_time(Random& random) {
    static constexpr int kMinutes[] = {0, 0, 0, 30, 30, 15, 45};
    return fmt::format("{:02}:{:02}", 8 + random.below(10), kMinutes[random.below(7)]);
}

SpokenDay draw_day(const LanguagePack& pack, std::chrono::sys_days today, std::string_view day_frame,
                   std::string_view date_frame, Random& random) {
    if (chance(random, 0.2)) {
        std::chrono::sys_days day = today + std::chrono::days(5 + random.below(24));
        while (std::chrono::weekday(day).iso_encoding() > 5) day += std::chrono::days(1);
        const std::string iso = iso_date(day);
        return {fill(date_frame, {{"day", iso}}), iso, iso};
    }
    const auto days = calendar_from(pack, today);
    const CalendarDay& day = days[1 + draw_index(random, days.size() - 1)];
    return {fill(day_frame, {{"day", day.weekday}}), day.weekday, day.iso};
}

// As people write in chats: the last sentence without its full stop. The author's name then follows the last word.
std::string without_full_stop(std::string text) {
    for (const std::string_view stop : {".", "।"})
        if (text.ends_with(stop)) text.resize(text.size() - stop.size());
    return text;
}

// Turns cast slots into lines and facts.
class Writer {
public:
    Writer(const LanguagePack& pack, Split split, bool hard, Random& random, std::chrono::sys_days today)
        : pack_(pack),
          split_(split),
          random_(random),
          today_(today),
          odds_(odds(split, hard)),
          people_(draw_cast(pack, split, random)) {}

    WrittenChat write(std::size_t lines) {
        std::size_t items = 1 + (chance(random_, odds_.second_item) ? 1u : 0u);
        items += chance(random_, odds_.third_item) ? 1u : 0u;
        items = std::min(items, (lines - 2) / 2);
        std::vector<std::size_t> owners(people_.size());
        for (std::size_t i = 0; i < owners.size(); ++i) owners[i] = i;
        shuffle(owners, random_);
        draw_content(items, owners);
        const auto runs = draw_runs(odds_, items, chance(random_, 0.9), lines, random_);
        slots_ = Casting(people_.size(), owners, random_).cast(runs);
        note_people();

        WrittenChat chat{.today = today_, .lines = {}, .facts = {}};
        unsigned minute = 8 * 60 + random_.below(7 * 60);
        for (const Slot& slot : slots_) {
            chat.lines.push_back({people_[slot.author].full(), fmt::format("{:02}:{:02}", minute / 60, minute % 60),
                                  without_full_stop(text_of(slot))});
            minute += 1 + random_.below(11);
        }
        chat.facts = std::move(facts_);
        return chat;
    }

private:
    void draw_content(std::size_t items, const std::vector<std::size_t>& owners) {
        facts_.project = expand(pack_, "project", split_, random_);
        facts_.subject =
            fill(pack_.subject, {{"project", facts_.project}, {"topic", expand(pack_, "topic", split_, random_)}});
        while (facts_.items.size() < items) {
            std::string task = draw_task();
            if (std::ranges::find(facts_.items, task, &ActionItem::task) != facts_.items.end()) continue;
            SpokenDay due = draw_due_day(pack_, today_, random_);
            const std::string owner = people_[owners[facts_.items.size()]].full();
            facts_.items.push_back({owner, std::move(task), due.said, due.day_and_date()});
        }
        meeting_day_ = draw_meeting_day(pack_, today_, random_);
        do {
            time_ = draw_time(random_), new_time_ = draw_time(random_);
        } while (time_ == new_time_);
    }

    // Now and then one that begins with the word of the first, if a few tries find it.
    std::string draw_task() {
        std::string task = expand(pack_, "task", split_, random_);
        if (facts_.items.empty() || odds_.alike == 0 || !chance(random_, odds_.alike)) return task;
        const auto first_word = [](std::string_view text) { return text.substr(0, text.find(' ')); };
        for (int tries = 0; tries < 12 && first_word(task) != first_word(facts_.items[0].task); ++tries)
            task = expand(pack_, "task", split_, random_);
        return task;
    }

    // The people in order of appearance, and the items in order of mention.
    void note_people() {
        std::vector<ActionItem> in_order;
        for (const Slot& slot : slots_) {
            const std::string name = people_[slot.author].full();
            if (std::ranges::find(facts_.people, name) == facts_.people.end()) facts_.people.push_back(name);
            if (slot.say == Say::take || slot.say == Say::give) in_order.push_back(facts_.items[slot.item]);
        }
        ordered_items_ = facts_.items;
        facts_.items = std::move(in_order);
    }

    std::string text_of(const Slot& slot) {
        switch (slot.say) {
            case Say::opener: return fill(pick(pack_.opener, random_), {{"subject", facts_.subject}});
            case Say::problem:
                facts_.problem = expand(pack_, "problem", split_, random_);
                return fill(pick(pack_.problem_said, random_), {{"problem", facts_.problem}});
            case Say::decision:
                facts_.decision = expand(pack_, "decision", split_, random_);
                return fill(pick(pack_.decision_said, random_), {{"decision", facts_.decision}});
            case Say::take: return task_text(pack_.take, slot);
            case Say::give: return task_text(pack_.give, slot);
            case Say::accept: return std::string(pick(pack_.accept, random_));
            case Say::small_talk: return small_talk();
            default: return meeting_text(slot);
        }
    }

    std::string task_text(const Frames& frames, const Slot& slot) {
        const ActionItem& item = ordered_items_[slot.item];
        const auto owner = std::ranges::find(people_, item.owner, &Person::full);
        return fill(pick(frames, random_), {{"first", owner->first}, {"task", item.task}, {"by", item.by}});
    }

    // Never the same twice in a chat, and with times that are not the meeting's.
    std::string small_talk() {
        std::string_view frame;
        do {
            frame = pick(pack_.small_talk, random_);
        } while (std::ranges::count(small_talk_, frame) > 0);
        small_talk_.push_back(frame);
        std::string time;
        do {
            time = draw_time(random_);
        } while (time == time_ || time == new_time_);
        return fill(frame, {{"time", time}});
    }

    std::string meeting_text(const Slot& slot) {
        if (slot.say == Say::meet) propose(slot);
        const Slots slots{{"on", meeting_day_.said}, {"time", time_}, {"new_time", new_time_}, {"who", invited_}};
        switch (slot.say) {
            case Say::meet: return fill(pick(pack_.meet, random_), slots);
            case Say::meet_agreed: return std::string(pick(pack_.meet_agreed, random_));
            case Say::meet_object: return fill(pick(pack_.meet_object, random_), slots);
            default:
                CRIA_ASSERT(slot.say == Say::meet_moved && facts_.meeting);
                facts_.meeting->time = new_time_;
                return fill(pick(pack_.meet_moved, random_), slots);
        }
    }

    Meeting meeting_with(std::vector<std::string> attendees) const {
        const std::string title = fill(pack_.title, {{"subject", facts_.subject}, {"day", meeting_day_.day}});
        return {title, meeting_day_.day, meeting_day_.iso, meeting_day_.day_and_date(), time_, std::move(attendees)};
    }

    void propose(const Slot& slot) {
        if (chance(random_, odds_.meeting_of_some)) return propose_some(slot);
        facts_.meeting = meeting_with(facts_.people);
        invited_ = pack_.everybody;
    }

    // Whoever answers next and perhaps one more by their first names, and the author.
    void propose_some(const Slot& slot) {
        const std::size_t answers = (&slot + 1)->author;  // a proposal is never the last message
        std::vector<std::size_t> named{answers};
        const std::size_t another = draw_index(random_, people_.size());
        const bool speaks = std::ranges::count(facts_.people, people_[another].full()) > 0;
        if (speaks && another != slot.author && another != answers) named.push_back(another);
        shuffle(named, random_);
        facts_.meeting = meeting_with({});
        std::string names;
        for (const std::size_t person : named) {
            names += (names.empty() ? "" : ", ") + people_[person].first;
            facts_.meeting->attendees.push_back(people_[person].full());
        }
        facts_.meeting->attendees.push_back(people_[slot.author].full());
        invited_ = fill(pack_.only_some, {{"names", names}});
    }

    const LanguagePack& pack_;
    Split split_;
    Random& random_;
    std::chrono::sys_days today_;
    Odds odds_;
    std::vector<Person> people_;
    std::vector<Slot> slots_;
    std::vector<ActionItem> ordered_items_;  // by number, as slots refer to them
    Frames small_talk_;                      // used already
    SpokenDay meeting_day_;
    std::string time_, new_time_;
    std::string invited_;  // as the chat says it: "all of us"
    OfficeFacts facts_;
};

std::chrono::sys_days draw_today(Random& random) {
    const std::chrono::sys_days first = std::chrono::year(2024) / 1 / 1;
    while (true) {
        const std::chrono::sys_days day = first + std::chrono::days(random.below(6 * 365));
        if (std::chrono::weekday(day).iso_encoding() <= 5) return day;
    }
}

}  // namespace

std::string iso_date(std::chrono::sys_days day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::vector<CalendarDay> calendar_from(const LanguagePack& pack, std::chrono::sys_days today) {
    std::vector<CalendarDay> days;
    for (std::chrono::sys_days day = today; days.size() < 5; day += std::chrono::days(1)) {
        const unsigned number = std::chrono::weekday(day).iso_encoding();
        if (number > 5 && day != today) continue;
        days.push_back({std::string(pack.weekdays[number - 1]), iso_date(day)});
    }
    return days;
}

SpokenDay draw_due_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random) {
    return draw_day(pack, today, pack.by_day, pack.by_date, random);
}

SpokenDay draw_meeting_day(const LanguagePack& pack, std::chrono::sys_days today, Random& random) {
    return draw_day(pack, today, pack.on_day, pack.on_date, random);
}

WrittenChat write_chat(const LanguagePack& pack, Split split, bool hard, std::size_t lines, Random& random) {
    return Writer(pack, split, hard, random, draw_today(random)).write(lines);
}

}  // namespace cria
