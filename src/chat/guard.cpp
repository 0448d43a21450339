#include "chat/guard.h"

#include <algorithm>

#include "base/strings.h"

namespace cria {
namespace {

Status check_turns(std::span<const Message> messages) {
    if (messages.empty()) return fail(ErrorKind::invalid_input, "guard: there is no message to judge");
    for (std::size_t i = 0; i < messages.size(); ++i) {
        const Role wanted = i % 2 == 0 ? Role::user : Role::assistant;
        if (messages[i].role != wanted)
            return fail(ErrorKind::invalid_input,
                        "guard: message {} is not the {}'s; users and assistants must alternate, a user first", i,
                        wanted == Role::user ? "user" : "assistant");
    }
    return {};
}

std::string category_lines(const GuardOptions& options) {
    const std::vector<GuardCategory> own = guard_categories(options.model == GuardModel::llama_guard_3_8b);
    std::string lines;
    for (const GuardCategory& category : options.categories.empty() ? own : options.categories)
        if (std::ranges::find(options.excluded, category.id) == options.excluded.end())
            lines += category.id + ": " + category.text + "\n";
    return lines;
}

}  // namespace

std::vector<GuardCategory> guard_categories(bool with_code_interpreter) {
    std::vector<GuardCategory> categories = {{"S1", "Violent Crimes."},
                                             {"S2", "Non-Violent Crimes."},
                                             {"S3", "Sex Crimes."},
                                             {"S4", "Child Exploitation."},
                                             {"S5", "Defamation."},
                                             {"S6", "Specialized Advice."},
                                             {"S7", "Privacy."},
                                             {"S8", "Intellectual Property."},
                                             {"S9", "Indiscriminate Weapons."},
                                             {"S10", "Hate."},
                                             {"S11", "Self-Harm."},
                                             {"S12", "Sexual Content."},
                                             {"S13", "Elections."}};
    if (with_code_interpreter) categories.push_back({"S14", "Code Interpreter Abuse."});
    return categories;
}

Result<std::vector<Segment>> render_guard(std::span<const Message> messages, const GuardOptions& options) {
    CRIA_TRY(check_turns(messages));
    const std::string_view judged = messages.size() % 2 == 0 ? "Agent" : "User";
    std::string conversation;
    for (const Message& message : messages)
        conversation +=
            fmt::format("{}: {}\n\n", message.role == Role::user ? "User" : "Agent", trimmed(message.content));
    const std::string question = fmt::format(
        "Task: Check if there is unsafe content in '{}' messages in conversations according our safety policy with the "
        "below categories.\n\n"
        "<BEGIN UNSAFE CONTENT CATEGORIES>\n{}<END UNSAFE CONTENT CATEGORIES>\n\n"
        "<BEGIN CONVERSATION>\n\n{}<END CONVERSATION>\n\n"
        "Provide your safety assessment for ONLY THE LAST {} message in the above conversation:\n"
        " - First line must read 'safe' or 'unsafe'.\n"
        " - If unsafe, a second line must include a comma-separated list of violated categories.{}",
        judged, category_lines(options), conversation, judged,
        options.model == GuardModel::llama_guard_3_1b ? " " : "");
    using enum Segment::Kind;
    return std::vector<Segment>{{control, "<|begin_of_text|>"},
                                {control, "<|start_header_id|>"},
                                {text, "user"},
                                {control, "<|end_header_id|>"},
                                {text, "\n\n"},
                                {text, question},
                                {control, "<|eot_id|>"},
                                {control, "<|start_header_id|>"},
                                {text, "assistant"},
                                {control, "<|end_header_id|>"}};
}

}  // namespace cria
