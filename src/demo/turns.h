// Requests about a chat, and their canonical answers.
#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "demo/chat_writer.h"
#include "demo/language.h"
#include "demo/office.h"

namespace cria {

// The request `task` about `chat`, in one of its many phrasings, without the chat itself.
// shorter, formal and other bring all they need and work without a chat.
OfficeTurn make_turn(const LanguagePack& pack, Split split, OfficeTask task, const WrittenChat& chat, Random& random);

// One line of a list of tasks: "call the florist by Friday: Ana Petrova (Friday 2026-03-13)".
std::string item_text(const LanguagePack& pack, const ActionItem& item);
// "Works for me — Ana Petrova"
std::string signed_text(const ChatLine& line);
std::string summary_text(const LanguagePack& pack, const OfficeFacts& facts);
std::string items_text(const LanguagePack& pack, const OfficeFacts& facts);

}  // namespace cria
