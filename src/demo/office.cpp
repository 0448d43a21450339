#include "demo/office.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>

#include "base/assert.h"
#include "base/random.h"
#include "demo/chat_writer.h"
#include "demo/turns.h"
#include "demo/words.h"

namespace cria {
namespace {

constexpr std::array kTaskNames{"summary",  "action_items", "invite",  "who",       "due",    "owner",
                                "item",     "wrote",        "meeting", "attendees", "people", "problem",
                                "decision", "shorter",      "formal",  "date",      "other"};
static_assert(kTaskNames.size() == kOfficeTasks);

// What a person pastes. Training also knows shorter chats: more questions to learn from in as many tokens.
constexpr std::size_t kFullChat = 10;

// Each sample has two streams of its own, so that the chat does not depend on what is asked about it.
enum class Stream : std::uint64_t { chat, requests };
Random stream(std::uint64_t seed, std::uint64_t index, Stream which) {
    return Random(seed, index * 2 + static_cast<std::uint64_t>(which));
}

Language draw_language(const OfficeOptions& options, Random& random) {
    double total = 0;
    for (const auto& [language, weight] : options.languages) total += weight;
    double left = random.uniform() * total;
    for (const auto& [language, weight] : options.languages) {
        left -= weight;
        if (left < 0) return language;
    }
    return options.languages.back().first;
}

bool is_short(const OfficeOptions& options, std::uint64_t index) {
    return options.split == Split::train && index < options.short_samples;
}

std::chrono::sys_days parse_date(std::string_view iso) {
    int year = 0;
    unsigned month = 0, day = 0;
    CRIA_ASSERT(iso.size() == 10);
    std::from_chars(iso.data(), iso.data() + 4, year);
    std::from_chars(iso.data() + 5, iso.data() + 7, month);
    std::from_chars(iso.data() + 8, iso.data() + 10, day);
    return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day));
}

bool needs_chat(OfficeTask task) {
    return task != OfficeTask::shorter && task != OfficeTask::formal && task != OfficeTask::date &&
           task != OfficeTask::other;
}

// The first message about the chat: the chat, and the request before or after it.
std::string with_chat(const OfficeSample& sample, std::string_view request, Random& random) {
    const LanguagePack& pack = language_pack(sample.language);
    const std::string pasted = format_office_chat(sample);
    if (random.below(4) == 0) return fmt::format("{}\n\n{}", request, pasted);
    const Frames& intro = sample.chat.size() == kFullChat && random.below(2) == 0 ? pack.intro_ten : pack.intro;
    return fmt::format("{}\n\n{}\n\n{}", pick(intro, random), pasted, request);
}

// Requests that need no chat, alone.
std::vector<OfficeTask> draw_lone_tasks(Random& random) {
    static constexpr std::array kLone{OfficeTask::shorter, OfficeTask::formal, OfficeTask::date};
    if (random.below(5) == 0) return {OfficeTask::other};
    std::vector<OfficeTask> tasks(2 + random.below(3));
    for (OfficeTask& task : tasks) task = kLone[random.below(kLone.size())];
    return tasks;
}

// Requests about one chat, in random order. A chat is long and a short answer is not: many short ones, each about a
// single fact, teach most for a token; whose words and whose tasks are what is hardest to find. A tool's definition is
// long: with one, fewer requests fit into the context.
std::vector<OfficeTask> draw_chat_tasks(const LanguagePack& pack, bool tools, bool hard, Random& random) {
    static constexpr std::array kSmall{
        OfficeTask::who,       OfficeTask::who,       OfficeTask::who,     OfficeTask::due,
        OfficeTask::owner,     OfficeTask::owner,     OfficeTask::wrote,   OfficeTask::wrote,
        OfficeTask::attendees, OfficeTask::attendees, OfficeTask::people,  OfficeTask::meeting,
        OfficeTask::problem,   OfficeTask::decision,  OfficeTask::shorter, OfficeTask::formal};
    static constexpr std::array kHard{
        OfficeTask::item,    OfficeTask::item,      OfficeTask::item,      OfficeTask::item,    OfficeTask::item,
        OfficeTask::who,     OfficeTask::due,       OfficeTask::owner,     OfficeTask::owner,   OfficeTask::wrote,
        OfficeTask::wrote,   OfficeTask::attendees, OfficeTask::attendees, OfficeTask::people,  OfficeTask::people,
        OfficeTask::meeting, OfficeTask::problem,   OfficeTask::problem,   OfficeTask::decision};
    const std::span<const OfficeTask> small = hard ? std::span<const OfficeTask>(kHard) : kSmall;
    std::vector<OfficeTask> tasks;
    if (random.below(100) < 45) tasks.push_back(OfficeTask::summary);
    if (random.below(100) < (tools ? 50 : hard ? 80 : 65)) tasks.push_back(OfficeTask::action_items);
    const bool roomy = !tools && pack.tool_tasks > 1;
    for (std::uint32_t count = roomy ? 5 + random.below(5) : 2 + random.below(2); count > 0; --count) {
        tasks.push_back(small[random.below(static_cast<std::uint32_t>(small.size()))]);
    }
    shuffle(tasks, random);
    if (tools) {
        tasks.resize(std::min(tasks.size(), static_cast<std::size_t>(pack.tool_tasks - 1)));
        tasks.push_back(OfficeTask::invite);
        shuffle(tasks, random);
    }
    return tasks;
}

// Whether the conversation has told this already: what can be copied from an earlier answer teaches no reading.
bool repeats(const std::vector<OfficeTurn>& asked, const OfficeTurn& turn) {
    return std::ranges::any_of(asked, [&](const OfficeTurn& earlier) {
        if (turn.task == OfficeTask::item &&
            (earlier.task == OfficeTask::summary || earlier.task == OfficeTask::action_items))
            return true;
        const bool same_answer = earlier.answer[0].content == turn.answer[0].content;
        return earlier.task == turn.task &&
               (turn.task == OfficeTask::wrote ? earlier.user.content == turn.user.content
                                               : same_answer && turn.task != OfficeTask::invite);
    });
}

// The sample without any request, and the chat that both kinds of conversation are about.
OfficeSample begin_sample(const OfficeOptions& options, std::uint64_t seed, std::uint64_t index, bool full,
                          WrittenChat& chat) {
    CRIA_ASSERT(!options.languages.empty());
    Random random = stream(seed, index, Stream::chat);
    OfficeSample sample;
    sample.language = draw_language(options, random);
    sample.split = options.split;
    std::size_t lines = full || random.below(10) < 6 ? kFullChat : 4 + random.below(6);
    if (!full && is_short(options, index)) lines = 4 + lines % 2;
    chat = write_chat(language_pack(sample.language), options.split, options.hard, lines, random);
    sample.today = iso_date(chat.today);
    sample.messages = {{.role = Role::system, .content = office_system_message(sample.language, sample.today)}};
    return sample;
}

void add_chat(OfficeSample& sample, const WrittenChat& chat) {
    sample.chat = chat.lines;
    sample.facts = chat.facts;
}

}  // namespace

std::string_view task_name(OfficeTask task) { return kTaskNames[static_cast<std::size_t>(task)]; }

OfficeSample make_office_sample(const OfficeOptions& options, std::uint64_t seed, std::uint64_t index) {
    WrittenChat chat;
    OfficeSample sample = begin_sample(options, seed, index, false, chat);
    const LanguagePack& pack = language_pack(sample.language);
    Random random = stream(seed, index, Stream::requests);
    const bool brief = is_short(options, index);
    const std::uint32_t kind = random.below(100);
    const bool with_a_chat = kind >= (brief ? 50u : 15u), tools = !brief && kind >= 65;
    if (with_a_chat) add_chat(sample, chat);
    if (tools) sample.tools = {create_event_tool()};
    bool pasted = !with_a_chat;
    std::vector<OfficeTurn> asked;
    for (const OfficeTask task :
         with_a_chat ? draw_chat_tasks(pack, tools, options.hard, random) : draw_lone_tasks(random)) {
        OfficeTurn turn = make_turn(pack, sample.split, task, chat, random);
        if (repeats(asked, turn)) continue;
        asked.push_back(turn);
        if (!pasted && needs_chat(task)) {
            turn.user.content = with_chat(sample, turn.user.content, random);
            pasted = true;
        }
        sample.messages.push_back(std::move(turn.user));
        std::ranges::move(turn.answer, std::back_inserter(sample.messages));
    }
    return sample;
}

OfficeCase make_office_case(const OfficeOptions& options, std::uint64_t seed, std::uint64_t index) {
    WrittenChat chat;
    OfficeCase result{begin_sample(options, seed, index, true, chat), {}};
    const LanguagePack& pack = language_pack(result.sample.language);
    Random random = stream(seed, index, Stream::requests);
    add_chat(result.sample, chat);
    result.sample.tools = {create_event_tool()};
    for (int number = 0; number < kOfficeTasks; ++number) {
        const auto task = static_cast<OfficeTask>(number);
        OfficeTurn turn = make_turn(pack, result.sample.split, task, chat, random);
        if (needs_chat(task)) {
            turn.user.content = with_chat(result.sample, turn.user.content, random);
        }
        result.turns.push_back(std::move(turn));
    }
    return result;
}

std::string format_office_chat(const OfficeSample& sample) {
    std::string text =
        fmt::format("{}\n{}\n", language_pack(sample.language).members, fmt::join(sample.facts.people, "\n"));
    for (const ChatLine& line : sample.chat) text += "\n" + signed_text(line) + ", " + line.time;
    return text;
}

std::string office_system_message(Language language, std::string_view today) {
    const LanguagePack& pack = language_pack(language);
    std::string first, rest;
    for (const CalendarDay& day : calendar_from(pack, parse_date(today))) {
        if (first.empty())
            first = day.both();
        else
            rest += (rest.empty() ? "" : ", ") + day.both();
    }
    return fill(pack.system, {{"today", first}, {"days", rest}});
}

ToolDefinition create_event_tool() {
    const OrderedJson text{{"type", "string"}};
    OrderedJson properties;
    for (const char* name : {"title", "date", "time"}) properties[name] = text;
    properties["attendees"] = {{"type", "array"}, {"items", text}};
    return {"create_event",
            "Create a calendar event and invite people to it",
            {{"type", "object"},
             {"properties", std::move(properties)},
             {"required", {"title", "date", "time", "attendees"}}}};
}

}  // namespace cria
