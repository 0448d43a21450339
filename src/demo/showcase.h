// The chat that `cria demo` shows: ten messages written by hand in the office world's English, with people,
// a project and things that no training chat knows.
#pragma once

#include <vector>

#include "chat/message.h"
#include "demo/office.h"

namespace cria {

// The chat and what is true about it. `messages` holds the system message only.
OfficeSample office_showcase_chat();

// A conversation to hold with a model: before each turn come `opening`, the turns so far and the model's own
// answers to them. The answers in `turns` are what the model should say.
struct ShowcaseConversation {
    std::vector<Message> opening;
    std::vector<ToolDefinition> tools;
    std::vector<OfficeTurn> turns;
};

// The demo in order: about the chat (summary, action items, who, when), the invitation with its tool, two
// messages to rewrite. Three conversations, for each must fit into the demo model's context.
std::vector<ShowcaseConversation> office_showcase();

}  // namespace cria
