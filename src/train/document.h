// From messages and texts to token ids with a loss mask.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/json.h"
#include "base/result.h"
#include "chat/message.h"
#include "text/tokenizer.h"

namespace cria {

// What a source holds before there is a tokenizer: a conversation, or plain text when there are no messages.
struct RawDocument {
    std::vector<Message> messages{};
    std::vector<ToolDefinition> tools{};
    std::vector<float> weights{};  // of each message in the loss; only those of assistants count
    std::string text{};
};

// Ids, and how much each counts in the loss. `weights[i]` is that of predicting ids[i] from those before;
// weights[0] is 0. Positions start at 0.
struct Document {
    std::vector<TokenId> ids;
    std::vector<float> weights;
    // The last id is only predicted, never read: so many rows go through the model.
    std::int64_t rows() const { return static_cast<std::int64_t>(ids.size()) - 1; }
};

// {"messages": [{"role", "content", "tool_calls"?, "weight"?}, ...], "tools"?: [...]} (the OpenAI forms) or
// {"text": "..."}. The error says what is wrong where.
Result<RawDocument> raw_document_from_json(const OrderedJson& json);

// Every text in the document that a tokenizer will meet.
Status document_texts(const RawDocument& raw, FunctionRef<void(std::string_view)> sink);

// A conversation counts what the model itself writes: contents and calls of assistants with their end token.
// Everything else (requests, pasted text, headers) counts with `prompt_weight`.
Result<Document> conversation_document(const Tokenizer& tokenizer, const RawDocument& raw, float prompt_weight = 0);
// A text counts everything; it is cut into documents of at most `context` rows.
Result<std::vector<Document>> text_documents(const Tokenizer& tokenizer, std::string_view text, std::int64_t context);

}  // namespace cria
