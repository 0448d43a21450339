// The texts that tell a model which tools it has, one per form of Llama 3.1 and 3.2.
#pragma once

#include <span>
#include <string>

#include "chat/message.h"

namespace cria {

std::string pythonic_system_text(std::span<const ToolDefinition> tools);
std::string pythonic_user_text(std::span<const ToolDefinition> tools);  // follows the question
std::string json_user_text(std::span<const ToolDefinition> tools);      // precedes the question
std::string json_system_text(std::span<const ToolDefinition> tools);
std::string json_message_text(std::span<const ToolDefinition> tools);         // a user message of its own
std::string custom_tags_message_text(std::span<const ToolDefinition> tools);  // a user message of its own

}  // namespace cria
