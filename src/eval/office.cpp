#include "eval/office.h"

#include <algorithm>

#include "base/strings.h"
#include "chat/tool_call.h"
#include "demo/turns.h"

namespace cria {
namespace {

bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (const auto line = trimmed(text.substr(0, end)); !line.empty()) lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// What follows "2. "; empty where the line is no entry of a list.
std::string_view list_entry(std::string_view line) {
    const std::size_t digits = line.find_first_not_of("0123456789");
    const bool numbered = digits != line.npos && digits > 0 && line.substr(digits).starts_with(". ");
    return numbered ? line.substr(digits + 2) : std::string_view();
}

// A line is right when task, owner and both forms of the date are: the language writes them in one way only.
void score_items(const OfficeSample& sample, std::string_view output, OfficeScores& scores) {
    std::vector<std::string> missing;
    for (const ActionItem& item : sample.facts.items)
        missing.push_back(item_text(language_pack(sample.language), item));
    for (const std::string_view line : lines_of(output)) {
        const auto found = std::ranges::find(missing, list_entry(line));
        scores.item_precision.count(found != missing.end());
        if (found != missing.end()) missing.erase(found);
    }
    const std::size_t listed = sample.facts.items.size() - missing.size();
    for (std::size_t i = 0; i < sample.facts.items.size(); ++i) scores.item_recall.count(i < listed);
}

// Whether one line of the text holds all the parts.
bool line_holds(const std::vector<std::string_view>& lines, std::initializer_list<std::string_view> parts) {
    return std::ranges::any_of(lines, [&](std::string_view line) {
        return std::ranges::all_of(parts, [&](std::string_view part) { return holds(line, part); });
    });
}

void score_summary(const OfficeSample& sample, const OfficeTurn& turn, std::string_view output, OfficeScores& scores) {
    const OfficeFacts& facts = sample.facts;
    const auto lines = lines_of(output);
    scores.summary_facts.count(line_holds(lines, {facts.subject}));
    if (!facts.problem.empty()) scores.summary_facts.count(line_holds(lines, {facts.problem}));
    if (!facts.decision.empty()) scores.summary_facts.count(line_holds(lines, {facts.decision}));
    for (const ActionItem& item : facts.items) {
        scores.summary_facts.count(line_holds(lines, {item.owner, item.task, item.due}));
    }
    if (facts.meeting) {
        scores.summary_facts.count(line_holds(lines, {facts.meeting->day_and_date, facts.meeting->time}));
    } else {
        scores.summary_facts.count(line_holds(lines, {language_pack(sample.language).says_no_meeting}));
    }
    scores.summary_exact.count(trimmed(output) == turn.answer.at(0).content);
}

bool same_call(ToolCall wanted, ToolCall given, const ToolDefinition& tool) {
    if (!check_arguments(given, tool)) return false;
    for (ToolCall* call : {&wanted, &given}) {
        auto& attendees = call->arguments["attendees"];
        std::sort(attendees.begin(), attendees.end());
    }
    return Json(wanted.arguments) == Json(given.arguments);
}

void score_invitation(const OfficeTurn& turn, std::string_view output, OfficeScores& scores) {
    const ToolDefinition tool = create_event_tool();
    const ParsedAnswer answer = parse_answer(trimmed(output), false, {&tool, 1});
    const Message& wanted = turn.answer.at(0);
    if (wanted.tool_calls.empty()) {
        scores.no_meeting.count(answer.calls.empty() && trimmed(answer.text) == wanted.content);
    } else {
        scores.tool_call_exact.count(answer.calls.size() == 1 && answer.text.empty() &&
                                     same_call(wanted.tool_calls[0], answer.calls[0], tool));
    }
}

bool is_headline(OfficeTask task) {
    return task == OfficeTask::summary || task == OfficeTask::action_items || task == OfficeTask::invite;
}

OrderedJson to_json(const OfficeScores& scores) {
    return {{"tool_call_exact", scores.tool_call_exact.value()},
            {"action_items_f1", scores.action_items_f1()},
            {"summary_facts", scores.summary_facts.value()},
            {"summary_exact", scores.summary_exact.value()},
            {"answers_exact", scores.answers_exact.value()},
            {"rewrites_exact", scores.rewrites_exact.value()},
            {"no_meeting", scores.no_meeting.value()},
            {"outside_exact", scores.outside_exact.value()},
            {"chats", scores.chats}};
}

}  // namespace

double OfficeScores::action_items_f1() const {
    const std::int64_t both = item_precision.total + item_recall.total;
    return both == 0 ? 0.0 : static_cast<double>(item_precision.right + item_recall.right) / static_cast<double>(both);
}

void score_office_answer(const OfficeSample& sample, const OfficeTurn& turn, std::string_view output,
                         OfficeScores& scores) {
    switch (turn.task) {
        case OfficeTask::summary: return score_summary(sample, turn, output, scores);
        case OfficeTask::action_items: return score_items(sample, output, scores);
        case OfficeTask::invite: return score_invitation(turn, output, scores);
        default: break;
    }
    const bool exact = trimmed(output) == turn.answer.at(0).content;
    if (turn.task == OfficeTask::shorter || turn.task == OfficeTask::formal)
        scores.rewrites_exact.count(exact);
    else if (turn.task == OfficeTask::other)
        scores.outside_exact.count(exact);
    else
        scores.answers_exact.count(exact);
}

EvalPrompt make_eval_prompt(const OfficeSample& sample, const OfficeTurn& turn) {
    EvalPrompt prompt{.language = sample.language,
                      .task = turn.task,
                      .messages = sample.messages,
                      .tools = {},
                      .wanted = turn.answer.at(0)};
    prompt.messages.push_back(turn.user);
    if (turn.task == OfficeTask::invite) prompt.tools = sample.tools;
    return prompt;
}

Result<std::vector<LanguageScores>> run_office_suite(GenerateAll generate, const OfficeSuiteOptions& options,
                                                     FunctionRef<void(std::int64_t, std::int64_t)> progress) {
    std::int64_t total = 0, done = 0;
    const int tasks = options.headline_only ? 3 : kOfficeTasks;
    for (const auto& [language, chats] : options.chats) total += std::int64_t{chats} * tasks;

    std::vector<LanguageScores> all;
    for (const auto& [language, chats] : options.chats) {
        const OfficeOptions world{.split = Split::held_out, .languages = {{language, 1.0}}};
        OfficeScores scores;
        for (int i = 0; i < chats; ++i) {
            const OfficeCase chat = make_office_case(world, options.seed, static_cast<std::uint64_t>(i));
            std::vector<OfficeTurn> turns = chat.turns;
            if (options.headline_only)
                std::erase_if(turns, [](const OfficeTurn& turn) { return !is_headline(turn.task); });
            std::vector<EvalPrompt> prompts;
            for (const OfficeTurn& turn : turns) prompts.push_back(make_eval_prompt(chat.sample, turn));
            const std::vector<std::string> answers = CRIA_TRY(generate(prompts));
            for (std::size_t t = 0; t < turns.size(); ++t)
                score_office_answer(chat.sample, turns[t], answers[t], scores);
            progress(done += std::ssize(turns), total);
            ++scores.chats;
        }
        all.push_back({language, scores});
    }
    return all;
}

OrderedJson office_scores_json(const std::vector<LanguageScores>& scores) {
    OrderedJson json = OrderedJson::object();
    if (scores.empty()) return json;
    json["language"] = language_pack(scores[0].language).code;
    json.update(to_json(scores[0].scores));
    for (const auto& [language, figures] : scores)
        json["languages"][std::string(language_pack(language).code)] = to_json(figures);
    return json;
}

}  // namespace cria
