// The office suite: how well a model answers about held-out chats (docs/demo.md).
//
// Scoring is pure: from the chat's facts, the request and what the model wrote. The model itself comes in
// as a callback, so the suite knows nothing of engines.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/json.h"
#include "base/result.h"
#include "chat/message.h"
#include "demo/office.h"

namespace cria {

struct Rate {
    std::int64_t right = 0;
    std::int64_t total = 0;
    void count(bool is_right) { right += is_right ? 1 : 0, ++total; }
    double value() const { return total == 0 ? 0.0 : static_cast<double>(right) / static_cast<double>(total); }
};

struct OfficeScores {
    Rate tool_call_exact;  // chats with a meeting: one call, every argument right (attendees in any order)
    Rate no_meeting;       // chats without one: the model says so and calls nothing
    Rate item_precision;   // (owner, task, due) triples that the model listed: how many are right
    Rate item_recall;      // triples of the chat: how many the model listed
    Rate summary_facts;    // topic, problem, decision, each task with owner and date, the meeting
    Rate summary_exact;    // the whole summary, letter by letter
    Rate answers_exact;    // who, due, owner, meeting, people, problem, decision: letter by letter
    Rate rewrites_exact;   // shorter, formal: letter by letter
    Rate outside_exact;    // greetings and questions from outside the office world
    std::int64_t chats = 0;

    double action_items_f1() const;  // over all triples together (micro average)
};

// Counts one answer. `output` is the text that the model wrote, without control tokens.
void score_office_answer(const OfficeSample& sample, const OfficeTurn& turn, std::string_view output,
                         OfficeScores& scores);

struct EvalPrompt {
    Language language;
    OfficeTask task;
    std::vector<Message> messages;
    std::vector<ToolDefinition> tools;  // only with invitations
    Message wanted;                     // the right answer
};
EvalPrompt make_eval_prompt(const OfficeSample& sample, const OfficeTurn& turn);

struct OfficeSuiteOptions {
    std::vector<std::pair<Language, int>> chats{
        // the first language gives the totals
        {Language::english, 500},   {Language::german, 50}, {Language::french, 50},  {Language::italian, 50},
        {Language::portuguese, 50}, {Language::hindi, 50},  {Language::spanish, 50}, {Language::thai, 50}};
    std::uint64_t seed = 20260101;
    bool headline_only = false;  // summaries, action items and invitations only
};

struct LanguageScores {
    Language language;
    OfficeScores scores;
};

// Asks every request of every chat as the first of its conversation. `generate` gets the prompts of a chat and returns
// the model's text for each; its first error ends the suite. `progress` gets (prompts done, prompts in all).
using GenerateAll = FunctionRef<Result<std::vector<std::string>>(std::span<const EvalPrompt>)>;
Result<std::vector<LanguageScores>> run_office_suite(GenerateAll generate, const OfficeSuiteOptions& options,
                                                     FunctionRef<void(std::int64_t, std::int64_t)> progress);

// One object: the first language's figures on top ("language" says which), and "languages" with all.
OrderedJson office_scores_json(const std::vector<LanguageScores>& scores);

}  // namespace cria
