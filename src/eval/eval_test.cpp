// Scoring: the right answers score 1 in every language, damaged ones less, and errors come through.
#include <gtest/gtest.h>

#include "chat/tool_call.h"
#include "eval/office.h"

namespace cria {
namespace {

std::string gold_text(const OfficeTurn& turn) {
    const Message& answer = turn.answer.at(0);
    return answer.tool_calls.empty() ? answer.content : format_pythonic_calls(answer.tool_calls);
}

OfficeCase held_out(Language language, std::uint64_t index) {
    return make_office_case({.split = Split::held_out, .languages = {{language, 1.0}}}, 11, index);
}

// The first case after `index` whose chat has a meeting, and its turn for `task`.
std::pair<OfficeSample, OfficeTurn> find_turn(OfficeTask task, bool meeting = true) {
    for (std::uint64_t i = 0;; ++i) {
        const OfficeCase chat = held_out(Language::english, i);
        if (chat.sample.facts.meeting.has_value() != meeting || chat.sample.facts.items.size() < 2) continue;
        return {chat.sample, chat.turns.at(static_cast<std::size_t>(task))};
    }
}

OfficeScores score(const OfficeSample& sample, const OfficeTurn& turn, std::string_view output) {
    OfficeScores scores;
    score_office_answer(sample, turn, output, scores);
    return scores;
}

std::string with(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << text << " lacks " << from;
    return at == text.npos ? text : text.replace(at, from.size(), to);
}

TEST(OfficeEval, RightAnswersScoreOneInEveryLanguage) {
    for (const Language language : kLanguages) {
        OfficeScores scores;
        for (std::uint64_t i = 0; i < 100; ++i) {
            const OfficeCase chat = held_out(language, i);
            ASSERT_EQ(chat.turns.size(), static_cast<std::size_t>(kOfficeTasks));
            for (const OfficeTurn& turn : chat.turns) {
                score_office_answer(chat.sample, turn, gold_text(turn) + "\n", scores);
            }
        }
        EXPECT_EQ(scores.tool_call_exact.value(), 1.0);
        EXPECT_EQ(scores.action_items_f1(), 1.0);
        EXPECT_EQ(scores.no_meeting.value(), 1.0);
        for (const Rate* rate : {&scores.summary_facts, &scores.summary_exact, &scores.answers_exact,
                                 &scores.rewrites_exact, &scores.outside_exact}) {
            EXPECT_GE(rate->total, 100);
            EXPECT_EQ(rate->right, rate->total) << language_pack(language).code;
        }
    }
}

TEST(OfficeEval, DamagedCallsAreWrong) {
    const auto [sample, turn] = find_turn(OfficeTask::invite);
    const std::string gold = gold_text(turn);
    const Meeting& meeting = *sample.facts.meeting;
    EXPECT_EQ(score(sample, turn, gold).tool_call_exact.right, 1);
    EXPECT_EQ(score(sample, turn, with(gold, meeting.time, "03:33")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, with(gold, meeting.date, "2031-01-01")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, with(gold, meeting.title, meeting.title + "s")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, with(gold, meeting.attendees[0], "Nobody Else")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, with(gold, "time=", "when=")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, with(gold, "create_event", "delete_event")).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, gold.substr(0, gold.size() / 2)).tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, "").tool_call_exact.right, 0);
    EXPECT_EQ(score(sample, turn, "").tool_call_exact.total, 1);
}

TEST(OfficeEval, AttendeesMayStandInAnyOrder) {
    const auto [sample, turn] = find_turn(OfficeTask::invite);
    ToolCall call = turn.answer.at(0).tool_calls.at(0);
    auto& attendees = call.arguments["attendees"];
    std::reverse(attendees.begin(), attendees.end());
    EXPECT_EQ(score(sample, turn, format_pythonic_calls({&call, 1})).tool_call_exact.right, 1);
}

TEST(OfficeEval, CallingWithoutAMeetingIsWrong) {
    const auto [sample, turn] = find_turn(OfficeTask::invite, false);
    const auto [other, call] = find_turn(OfficeTask::invite);
    EXPECT_EQ(score(sample, turn, gold_text(turn)).no_meeting.right, 1);
    EXPECT_EQ(score(sample, turn, gold_text(call)).no_meeting.right, 0);
    EXPECT_EQ(score(sample, turn, gold_text(call)).tool_call_exact.total, 0);
}

TEST(OfficeEval, ItemsCountAsTriples) {
    const auto [sample, turn] = find_turn(OfficeTask::action_items);
    const std::string gold = gold_text(turn);
    const auto n = static_cast<double>(sample.facts.items.size());
    EXPECT_EQ(score(sample, turn, gold).action_items_f1(), 1.0);
    EXPECT_DOUBLE_EQ(score(sample, turn, with(gold, sample.facts.items[0].due, "2031-01-01")).action_items_f1(),
                     (n - 1) / n);
    EXPECT_DOUBLE_EQ(score(sample, turn, gold + "\nNobody Else: do it (2031-01-01)").action_items_f1(),
                     2 * n / (2 * n + 1));
    // A triple listed twice is right once.
    EXPECT_LT(score(sample, turn, gold + "\n" + gold).action_items_f1(), 0.7);
    EXPECT_EQ(score(sample, turn, "").action_items_f1(), 0.0);
    for (const char* odd : {": (", "()", ":  ()", " (: )", "\n\n", ": )", "a: b (c"}) {
        EXPECT_EQ(score(sample, turn, odd).action_items_f1(), 0.0) << odd;
    }
}

TEST(OfficeEval, EveryFactOfASummaryCounts) {
    const auto [sample, turn] = find_turn(OfficeTask::summary);
    const std::string gold = gold_text(turn);
    const OfficeScores right = score(sample, turn, gold);
    EXPECT_EQ(right.summary_facts.value(), 1.0);
    const OfficeScores wrong = score(sample, turn, with(gold, sample.facts.meeting->time, "03:33"));
    EXPECT_EQ(wrong.summary_facts.right, right.summary_facts.right - 1);
    EXPECT_EQ(wrong.summary_exact.right, 0);
    // The right task with another person's name is no fact.
    const OfficeScores owner = score(sample, turn, with(gold, sample.facts.items[0].owner, "Nobody Else"));
    EXPECT_EQ(owner.summary_facts.right, right.summary_facts.right - 1);
}

TEST(OfficeEval, SuiteAsksHeldOutChatsAndReports) {
    const OfficeSuiteOptions options{.chats = {{Language::english, 3}, {Language::thai, 2}}};
    std::int64_t prompts = 0, last = 0;
    const auto result = run_office_suite(
        [&](std::span<const EvalPrompt> all) -> Result<std::vector<std::string>> {
            prompts += std::ssize(all);
            for (const EvalPrompt& prompt : all) {
                EXPECT_EQ(prompt.messages.size(), 2u);
                EXPECT_EQ(prompt.tools.empty(), prompt.task != OfficeTask::invite);
            }
            return std::vector<std::string>(all.size(), "no");
        },
        options, [&](std::int64_t done, std::int64_t total) { EXPECT_LE(last = done, total); });
    ASSERT_TRUE(result);
    EXPECT_EQ(prompts, 5 * kOfficeTasks);
    EXPECT_EQ(last, prompts);
    const OrderedJson json = office_scores_json(*result);
    EXPECT_EQ(json["language"], "en");
    EXPECT_EQ(json["tool_call_exact"], 0.0);
    EXPECT_EQ(json["languages"]["th"]["chats"], 2);
    EXPECT_TRUE(json["languages"]["en"].contains("summary_facts"));
}

TEST(OfficeEval, ErrorsOfTheModelEndTheSuite) {
    const auto result = run_office_suite(
        [](std::span<const EvalPrompt>) -> Result<std::vector<std::string>> {
            return fail(ErrorKind::cancelled, "stopped");
        },
        {}, [](std::int64_t, std::int64_t) {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "stopped");
}

}  // namespace
}  // namespace cria
