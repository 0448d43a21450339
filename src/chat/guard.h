// The prompts of Llama Guard 3: one question about the last message of a conversation.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/message.h"
#include "chat/prompt.h"

namespace cria {

struct GuardCategory {
    std::string id;    // "S1"
    std::string text;  // "Violent Crimes."
};

// S1 to S13; the 8B model also knows S14, abuse of a code interpreter.
std::vector<GuardCategory> guard_categories(bool with_code_interpreter);

// The stock templates differ in one space at the end of the question.
enum class GuardModel { llama_guard_3_1b, llama_guard_3_8b };

struct GuardOptions {
    GuardModel model = GuardModel::llama_guard_3_1b;
    std::vector<GuardCategory> categories{};  // empty: the model's own
    std::vector<std::string> excluded{};      // ids that are left out
};

// Users and assistants alternate, a user begins; anything else is an error that names the message. The answer
// is "safe", or "unsafe" and a line of ids "S1,S10"; white space may come before it. The prompt ends right
// after the assistant's header, without the line breaks that a chat has there: so the templates have it.
Result<std::vector<Segment>> render_guard(std::span<const Message> messages, const GuardOptions& options);

}  // namespace cria
