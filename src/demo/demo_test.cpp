// The office world: pure functions of (seed, index), disjoint splits, answers that the prompt contains.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "demo/language.h"
#include "demo/office.h"
#include "demo/showcase.h"
#include "demo/words.h"

namespace cria {
namespace {

OfficeOptions only(Language language, Split split) { return {.split = split, .languages = {{language, 1.0}}}; }

std::string everything(const OfficeSample& sample) {
    std::string text;
    for (const Message& message : sample.messages) {
        text += message.content + "\n";
        for (const ToolCall& call : message.tool_calls) text += call.arguments.dump() + "\n";
    }
    return text;
}

bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

class EveryLanguage : public testing::TestWithParam<Language> {};
INSTANTIATE_TEST_SUITE_P(Office, EveryLanguage, testing::ValuesIn(kLanguages),
                         [](const auto& language) { return std::string(language_pack(language.param).english_name); });

TEST_P(EveryLanguage, SameSeedAndIndexGiveTheSameSample) {
    const OfficeOptions options = only(GetParam(), Split::train);
    for (std::uint64_t i = 0; i < 50; ++i) {
        EXPECT_EQ(everything(make_office_sample(options, 5, i)), everything(make_office_sample(options, 5, i)));
        EXPECT_NE(everything(make_office_sample(options, 5, i)), everything(make_office_sample(options, 6, i)));
    }
    EXPECT_EQ(format_office_chat(make_office_case(options, 5, 3).sample),
              format_office_chat(make_office_case(options, 5, 3).sample));
}

TEST_P(EveryLanguage, WordListsAreDisjoint) {
    const LanguagePack& pack = language_pack(GetParam());
    const auto disjoint = [](const Frames& train, const Frames& held_out, std::string_view name) {
        for (const auto word : held_out) {
            if (holds(word, "{")) continue;
            EXPECT_EQ(std::ranges::count(train, word), 0) << name << ": " << word;
        }
    };
    for (const NameClass* names : {&pack.first_names, &pack.last_names, &pack.inventions}) {
        disjoint(names->train, names->held_out, "names");
    }
    for (const WordClass& words : pack.words) disjoint(words.train, words.held_out, words.name);
}

TEST_P(EveryLanguage, HeldOutNamesAndMattersAreNeverTrained) {
    std::set<std::string> names, projects, matters;
    const auto words_of = [](const std::string& name) {
        const std::size_t space = name.find(' ');
        return std::pair(name.substr(0, space), name.substr(space + 1));
    };
    for (std::uint64_t i = 0; i < 1500; ++i) {
        const OfficeFacts facts = make_office_case(only(GetParam(), Split::train), 1, i).sample.facts;
        for (const std::string& person : facts.people) {
            names.insert(words_of(person).first);
            names.insert(words_of(person).second);
        }
        projects.insert(facts.project);
        matters.insert(facts.subject);
        for (const ActionItem& item : facts.items) matters.insert(item.task);
    }
    for (std::uint64_t i = 0; i < 300; ++i) {
        const OfficeFacts facts = make_office_case(only(GetParam(), Split::held_out), 2, i).sample.facts;
        for (const std::string& person : facts.people) {
            EXPECT_FALSE(names.contains(words_of(person).first)) << person;
            EXPECT_FALSE(names.contains(words_of(person).second)) << person;
        }
        EXPECT_FALSE(projects.contains(facts.project)) << facts.project;
        EXPECT_FALSE(matters.contains(facts.subject)) << facts.subject;
        for (const ActionItem& item : facts.items) EXPECT_FALSE(matters.contains(item.task)) << item.task;
    }
}

// Every part of every answer stands in the chat or the system message, letter by letter.
TEST_P(EveryLanguage, FactsCanBeReadFromThePrompt) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const OfficeSample sample = make_office_case(only(GetParam(), Split::train), 3, i).sample;
        const OfficeFacts& facts = sample.facts;
        const std::string chat = format_office_chat(sample);
        const std::string prompt = sample.messages.at(0).content + chat;
        ASSERT_EQ(sample.chat.size(), 10u);
        EXPECT_EQ(chat.find('{'), chat.npos) << chat;
        EXPECT_TRUE(holds(chat, facts.subject)) << chat;
        EXPECT_TRUE(holds(chat, facts.problem));
        EXPECT_TRUE(holds(chat, facts.decision));
        std::set<std::string> first_names, owners, tasks;
        for (const std::string& person : facts.people) {
            EXPECT_TRUE(first_names.insert(person.substr(0, person.find(' '))).second) << chat;
        }
        for (const ActionItem& item : facts.items) {
            EXPECT_TRUE(holds(chat, item.task) && holds(prompt, item.due) && holds(chat, item.owner)) << chat;
            EXPECT_TRUE(owners.insert(item.owner).second && tasks.insert(item.task).second) << chat;
        }
        if (!facts.meeting) continue;
        EXPECT_TRUE(holds(prompt, facts.meeting->date) && holds(prompt, facts.meeting->day_and_date) &&
                    holds(chat, facts.meeting->time))
            << chat;
        EXPECT_GE(facts.meeting->attendees.size(), 2u);
        for (const std::string& person : facts.meeting->attendees) {
            EXPECT_EQ(std::ranges::count(facts.people, person), 1) << chat;
        }
    }
}

TEST_P(EveryLanguage, ConversationsAreWellFormedAndSmall) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
        const OfficeSample sample = make_office_sample(only(GetParam(), Split::train), 4, i);
        const std::string text = everything(sample);
        EXPECT_LT(text.size(), 9000u);
        bool after_call = false;
        for (const Message& message : sample.messages) {
            EXPECT_EQ(message.role == Role::tool, after_call);
            EXPECT_TRUE(!message.content.empty() || !message.tool_calls.empty());
            EXPECT_EQ(message.content.find("  "), message.content.npos) << message.content;
            EXPECT_TRUE(message.role == Role::tool || !holds(message.content, "{")) << message.content;
            after_call = !message.tool_calls.empty();
            EXPECT_TRUE(!after_call || !sample.tools.empty());
        }
        EXPECT_EQ(sample.messages.back().role, Role::assistant);
    }
}

TEST(Office, SystemMessageNamesEveryWorkingDayOnce) {
    EXPECT_EQ(office_system_message(Language::english, "2026-03-09"),
              "Today is Monday 2026-03-09. Next days: Tuesday 2026-03-10, Wednesday 2026-03-11, "
              "Thursday 2026-03-12, Friday 2026-03-13.");
    EXPECT_EQ(office_system_message(Language::english, "2026-03-14"),
              "Today is Saturday 2026-03-14. Next days: Monday 2026-03-16, Tuesday 2026-03-17, "
              "Wednesday 2026-03-18, Thursday 2026-03-19.");
}

TEST(Office, TrainingBeginsWithShortSamples) {
    const OfficeOptions options{.short_samples = 300};
    for (std::uint64_t i = 0; i < 300; ++i) {
        const OfficeSample sample = make_office_sample(options, 9, i);
        EXPECT_LE(sample.chat.size(), 5u);
        EXPECT_TRUE(sample.tools.empty());
    }
    std::size_t longest = 0, tools = 0;
    for (std::uint64_t i = 300; i < 600; ++i) {
        const OfficeSample sample = make_office_sample(options, 9, i);
        longest = std::max(longest, sample.chat.size());
        tools += sample.tools.size();
    }
    EXPECT_EQ(longest, 10u);
    EXPECT_GT(tools, 30u);
}

// The showcase is a chat of the world: its facts are in it, its names are held out, its answers canonical.
TEST(Office, ShowcaseIsAHeldOutChat) {
    const OfficeSample sample = office_showcase_chat();
    const LanguagePack& pack = language_pack(Language::english);
    const std::string chat = format_office_chat(sample);
    ASSERT_EQ(sample.chat.size(), 10u);
    for (const std::string_view fact : {sample.facts.subject, sample.facts.problem, sample.facts.decision}) {
        EXPECT_TRUE(holds(chat, fact)) << fact;
    }
    for (const ActionItem& item : sample.facts.items) {
        EXPECT_TRUE(holds(chat, item.task) && holds(sample.messages[0].content, item.due));
    }
    for (const std::string& person : sample.facts.people) {
        const std::size_t space = person.find(' ');
        EXPECT_EQ(split_of_name(pack.first_names, person.substr(0, space)), Split::held_out) << person;
        EXPECT_EQ(split_of_name(pack.last_names, person.substr(space + 1)), Split::held_out) << person;
    }
    EXPECT_EQ(split_of_name(pack.inventions, sample.facts.project), Split::held_out);
    EXPECT_EQ(sample.facts.meeting->title,
              fill(pack.title, {{"subject", sample.facts.subject}, {"day", sample.facts.meeting->day}}));

    const auto conversations = office_showcase();
    ASSERT_EQ(conversations.size(), 3u);
    EXPECT_EQ(conversations[0].turns[1].answer[0].content,
              "1. finish the donor checklist by Wednesday: Freya Nakamura (Wednesday 2026-03-11)\n"
              "2. send the catering dossier to the publisher by Friday: Kwame Delgado (Friday 2026-03-13)");
    EXPECT_TRUE(holds(conversations[1].turns[0].answer.back().content, "2026-03-12 at 15:30"));
}

TEST(Office, LanguagesFollowTheirWeights) {
    const OfficeOptions options{.languages = {{Language::english, 3.0}, {Language::thai, 1.0}}};
    int english = 0;
    for (std::uint64_t i = 0; i < 2000; ++i) english += make_office_sample(options, 9, i).language == Language::english;
    EXPECT_NEAR(english, 1500, 100);  // five standard deviations of a binomial (19.4 each)
}

}  // namespace
}  // namespace cria
