#include "train/document.h"

#include <algorithm>
#include <array>

#include "chat/prompt.h"

namespace cria {
namespace {

constexpr std::array<std::pair<std::string_view, Role>, 5> kRoles = {{{"system", Role::system},
                                                                      {"user", Role::user},
                                                                      {"assistant", Role::assistant},
                                                                      {"tool", Role::tool},
                                                                      {"ipython", Role::tool}}};

Result<std::string> text_field(const OrderedJson& json, std::string_view key) {
    const auto found = json.find(key);
    if (found == json.end() || !found->is_string())
        return fail(ErrorKind::invalid_input, "the key {} is missing or no text", key);
    return found->get<std::string>();
}

// The object in `json` under "function", or `json` itself: both forms of tools and calls are common.
const OrderedJson& function_of(const OrderedJson& json) {
    const auto found = json.find("function");
    return found != json.end() && found->is_object() ? *found : json;
}

Result<ToolCall> call_from_json(const OrderedJson& json) {
    if (!json.is_object()) return fail(ErrorKind::invalid_input, "a tool call is no object");
    const OrderedJson& function = function_of(json);
    ToolCall call{CRIA_TRY(text_field(function, "name")), OrderedJson::object()};
    if (const auto found = function.find("arguments"); found != function.end())
        call.arguments = found->is_string() ? CRIA_TRY(parse_ordered_json(found->get<std::string>(), "arguments"))
                                            : *found;
    if (!call.arguments.is_object()) return fail(ErrorKind::invalid_input, "arguments of {} are no object", call.name);
    return call;
}

Result<Message> message_from_json(const OrderedJson& json) {
    const std::string role = CRIA_TRY(text_field(json, "role"));
    const auto known = std::ranges::find(kRoles, role, &std::pair<std::string_view, Role>::first);
    if (known == kRoles.end())
        return fail(ErrorKind::invalid_input, "role '{}'; system, user, assistant or tool was wanted", role);
    Message message{known->second, {}, {}};
    const auto calls = json.find("tool_calls");
    if (calls != json.end() && !calls->is_null()) {
        if (!calls->is_array()) return fail(ErrorKind::invalid_input, "tool_calls is no list");
        for (const OrderedJson& call : *calls) message.tool_calls.push_back(CRIA_TRY(call_from_json(call)));
    }
    const auto content = json.find("content");
    const bool may_lack = !message.tool_calls.empty() && (content == json.end() || content->is_null());
    if (!may_lack) message.content = CRIA_TRY(text_field(json, "content"));
    return message;
}

Status read_messages(const OrderedJson& list, RawDocument& raw) {
    if (!list.is_array() || list.empty()) return fail(ErrorKind::invalid_input, "messages is no list with messages");
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (!list[i].is_object()) return fail(ErrorKind::invalid_input, "messages[{}] is no object", i);
        auto message = message_from_json(list[i]);
        if (!message) return prefix(fmt::format("messages[{}]", i), std::move(message).error());
        raw.messages.push_back(std::move(*message));
        const auto weight = list[i].find("weight");
        if (weight != list[i].end() && (!weight->is_number() || !(weight->get<double>() >= 0)))
            return fail(ErrorKind::invalid_input, "messages[{}]: weight is no number from 0", i);
        raw.weights.push_back(weight == list[i].end() ? 1.0f : weight->get<float>());
    }
    return {};
}

Status read_tools(const OrderedJson& list, RawDocument& raw) {
    if (!list.is_array()) return fail(ErrorKind::invalid_input, "tools is no list");
    for (const OrderedJson& item : list) {
        if (!item.is_object()) return fail(ErrorKind::invalid_input, "a tool is no object");
        const OrderedJson& function = function_of(item);
        ToolDefinition tool{CRIA_TRY(text_field(function, "name")), {}, OrderedJson::object()};
        if (function.contains("description")) tool.description = CRIA_TRY(text_field(function, "description"));
        if (function.contains("parameters")) tool.parameters = function["parameters"];
        raw.tools.push_back(std::move(tool));
    }
    return {};
}

Result<std::vector<Segment>> segments_of(const RawDocument& raw) {
    if (raw.messages.empty()) return std::vector<Segment>{{Segment::Kind::text, raw.text}};
    PromptOptions options;
    options.tools = raw.tools;
    options.add_generation_prompt = false;
    return render_chat(raw.messages, options);
}

Result<TokenId> control(const Tokenizer& tokenizer, std::string_view name) {
    if (const auto id = tokenizer.special(name)) return *id;
    return fail(ErrorKind::invalid_input, "the tokenizer has no control token {}", name);
}

}  // namespace

Result<RawDocument> raw_document_from_json(const OrderedJson& json) {
    if (!json.is_object()) return fail(ErrorKind::invalid_input, "an object was wanted");
    RawDocument raw;
    if (json.contains("messages")) {
        CRIA_TRY(read_messages(json["messages"], raw));
        if (json.contains("tools")) CRIA_TRY(read_tools(json["tools"], raw));
        const bool answers =
            std::ranges::any_of(raw.messages, [](const Message& m) { return m.role == Role::assistant; });
        if (!answers) return fail(ErrorKind::invalid_input, "no message is from an assistant: nothing to learn");
    } else if (json.contains("text")) {
        raw.text = CRIA_TRY(text_field(json, "text"));
    } else {
        return fail(ErrorKind::invalid_input, "the key messages (or text) is missing");
    }
    return raw;
}

Status document_texts(const RawDocument& raw, FunctionRef<void(std::string_view)> sink) {
    for (const Segment& segment : CRIA_TRY(segments_of(raw)))
        if (segment.kind == Segment::Kind::text) sink(segment.value);
    return {};
}

Result<Document> conversation_document(const Tokenizer& tokenizer, const RawDocument& raw, float prompt_weight) {
    const std::vector<Segment> segments = CRIA_TRY(segments_of(raw));
    Document document;
    for (const Segment& segment : segments) {
        const std::vector<TokenId> ids = CRIA_TRY(encode_segments(tokenizer, {&segment, 1}));
        const bool weighted = segment.message >= 0 && static_cast<std::size_t>(segment.message) < raw.weights.size();
        const float weight = weighted ? raw.weights[static_cast<std::size_t>(segment.message)] : 1.0f;
        document.ids.insert(document.ids.end(), ids.begin(), ids.end());
        document.weights.resize(document.ids.size(), segment.answer ? weight : prompt_weight);
    }
    if (!document.weights.empty()) document.weights[0] = 0;
    return document;
}

Result<std::vector<Document>> text_documents(const Tokenizer& tokenizer, std::string_view text, std::int64_t context) {
    std::vector<TokenId> ids{CRIA_TRY(control(tokenizer, "<|begin_of_text|>"))};
    tokenizer.encode(text, ids);
    ids.push_back(CRIA_TRY(control(tokenizer, "<|end_of_text|>")));
    std::vector<Document> documents;
    const auto rows = static_cast<std::size_t>(context);
    for (std::size_t first = 0; first + 1 < ids.size(); first += rows) {
        // The last id of a document is the first of the next: as a target here, as an input there.
        const std::size_t last = std::min(first + rows + 1, ids.size());
        Document& document = documents.emplace_back();
        document.ids.assign(ids.begin() + static_cast<std::ptrdiff_t>(first),
                            ids.begin() + static_cast<std::ptrdiff_t>(last));
        document.weights.assign(document.ids.size(), 1.0f);
        document.weights[0] = 0;
    }
    return documents;
}

}  // namespace cria
