// tokenizer.json of the package `tokenizers`.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/splitter.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

// What must stand where for the file to mean what Tokenizer does; null also stands for absent.
Status check_rules(const Json& file, std::string_view who) {
    const std::pair<const char*, Json> rules[] = {
        {"/model/type", {"BPE"}},
        {"/model/ignore_merges", {true}},
        {"/model/dropout", {nullptr, 0.0}},
        {"/model/unk_token", {nullptr}},
        {"/model/continuing_subword_prefix", {nullptr, ""}},
        {"/model/end_of_word_suffix", {nullptr, ""}},
        {"/model/byte_fallback", {nullptr, false}},
        {"/normalizer", {nullptr}},
        {"/pre_tokenizer/type", {"Sequence"}},
        {"/pre_tokenizer/pretokenizers/0/type", {"Split"}},
        {"/pre_tokenizer/pretokenizers/0/pattern/Regex", {kLlama3Pattern}},
        {"/pre_tokenizer/pretokenizers/0/behavior", {"Isolated"}},
        {"/pre_tokenizer/pretokenizers/0/invert", {nullptr, false}},
        {"/pre_tokenizer/pretokenizers/1/type", {"ByteLevel"}},
        {"/pre_tokenizer/pretokenizers/1/add_prefix_space", {false}},
        {"/pre_tokenizer/pretokenizers/1/use_regex", {false}},
        {"/pre_tokenizer/pretokenizers/2", {nullptr}},
        {"/decoder/type", {"ByteLevel"}},
    };
    for (const auto& [where, allowed] : rules) {
        const Json::json_pointer pointer(where);
        const Json found = file.contains(pointer) ? file.at(pointer) : Json();
        if (std::ranges::find(allowed, found) == allowed.end())
            return fail(ErrorKind::unsupported,
                        "{}: {} is {}; only byte-level BPE with Llama 3's split rule is supported, where it is {}", who,
                        where, shown_json(found), shown_json(allowed[0]));
    }
    return {};
}

Result<std::map<std::string, TokenId>> read_specials(const Json& file, std::string_view who) {
    std::map<std::string, TokenId> specials;
    const Json list = file.value("added_tokens", Json::array());
    if (!list.is_array()) return fail(ErrorKind::corrupt, "{}: added_tokens is not a list", who);
    for (const Json& token : list) {
        const auto field = [&](const char* key) { return token.is_object() ? token.value(key, Json()) : Json(); };
        const Json name = field("content"), id = field("id");
        if (!name.is_string() || !id.is_number_unsigned())
            return fail(ErrorKind::corrupt, "{}: an entry of added_tokens lacks a content or an id: {}", who,
                        shown_json(token));
        if (id.get<std::uint64_t>() >= Bpe::kMaxTokens)
            return fail(ErrorKind::unsupported, "{}: control token {} has id {}; ids below {} are supported", who,
                        shown_json(name), shown_json(id), Bpe::kMaxTokens);
        for (const char* flag : {"lstrip", "rstrip", "single_word"}) {
            if (field(flag) == true)
                return fail(ErrorKind::unsupported, "{}: control token {} has {}, which is not supported", who,
                            shown_json(name), flag);
        }
        if (!specials.emplace(name.get<std::string>(), id.get<TokenId>()).second)
            return fail(ErrorKind::corrupt, "{}: control token {} comes twice", who, shown_json(name));
    }
    return specials;
}

// The tokens of model.vocab by id. Entries that repeat a control token are passed over.
Result<std::vector<std::string>> read_ranks(const Json& vocab, const std::map<std::string, TokenId>& specials,
                                            std::string_view who) {
    std::vector<std::string> ranks(vocab.size());
    std::size_t count = 0;
    for (const auto& [text, id] : vocab.items()) {
        if (const auto special = specials.find(text); special != specials.end() && id == special->second) continue;
        const std::optional<std::string> bytes = from_byte_alphabet(text);
        if (!bytes || bytes->empty())
            return fail(ErrorKind::corrupt, "{}: token {} of the vocabulary is not in the alphabet of bytes", who,
                        shown_json(text));
        if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= ranks.size())
            return fail(ErrorKind::corrupt, "{}: token {} has id {}; the {} tokens should have ids 0 to {}", who,
                        shown_json(text), shown_json(id), ranks.size(), ranks.size() - 1);
        std::string& slot = ranks[id.get<std::size_t>()];
        if (!slot.empty()) return fail(ErrorKind::corrupt, "{}: two tokens have id {}", who, shown_json(id));
        slot = *bytes;
        ++count;
    }
    if (const auto gap = std::ranges::find(ranks, ""); static_cast<std::size_t>(gap - ranks.begin()) < count)
        return fail(ErrorKind::corrupt, "{}: no token has id {}", who, gap - ranks.begin());
    ranks.resize(count);
    return ranks;
}

// One merge, "left right" or ["left", "right"], as the ids of its halves.
std::optional<std::pair<TokenId, TokenId>> read_merge(const Json& merge, const Bpe& bpe) {
    std::string left, right;
    if (merge.is_string()) {
        const std::string& text = merge.get_ref<const std::string&>();
        const std::size_t blank = text.find(' ');
        if (blank == std::string::npos) return std::nullopt;
        left = text.substr(0, blank);
        right = text.substr(blank + 1);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
        left = merge[0].get<std::string>();
        right = merge[1].get<std::string>();
    }
    const auto left_bytes = from_byte_alphabet(left), right_bytes = from_byte_alphabet(right);
    if (!left_bytes || left_bytes->empty() || !right_bytes || right_bytes->empty()) return std::nullopt;
    return std::pair(bpe.find(*left_bytes), bpe.find(*right_bytes));
}

// Merging by rank is what the list of merges says if it has every pair that joins into a token, in the order of
// those tokens.
Status check_merges(const Json& merges, const Bpe& bpe, std::string_view who) {
    if (!merges.is_array()) return fail(ErrorKind::corrupt, "{}: model.merges is not a list", who);
    std::vector<std::pair<TokenId, TokenId>> pairs;
    TokenId last = 0;
    for (const Json& merge : merges) {
        const auto pair = read_merge(merge, bpe);
        const TokenId joined = pair && pair->first != Bpe::kNone && pair->second != Bpe::kNone
                                   ? bpe.join(pair->first, pair->second)
                                   : Bpe::kNone;
        if (joined == Bpe::kNone)
            return fail(ErrorKind::corrupt, "{}: merge {} of model.merges does not join two tokens into one: {}", who,
                        pairs.size(), shown_json(merge));
        if (joined < last)
            return fail(ErrorKind::unsupported,
                        "{}: merge {} of model.merges makes token {} after token {}; merges in the "
                        "order of token ids are supported",
                        who, pairs.size(), joined, last);
        last = joined;
        pairs.push_back(*pair);
    }
    std::ranges::sort(pairs);
    if (std::ranges::adjacent_find(pairs) != pairs.end())
        return fail(ErrorKind::corrupt, "{}: a merge comes twice", who);
    if (pairs.size() != bpe.pair_count())
        return fail(ErrorKind::unsupported,
                    "{}: model.merges has {} of the {} pairs that join into tokens; vocabularies "
                    "that merge all of them are supported, as Llama 3's",
                    who, pairs.size(), bpe.pair_count());
    return {};
}

std::string join_lines(const std::vector<std::string>& lines) {
    return fmt::format("{}", fmt::join(lines, ",\n      "));
}

std::string json_string(std::string_view text) { return json_text(Json(text)); }

std::string vocab_lines(const std::vector<std::string>& ranks) {
    std::vector<std::string> lines;
    for (const std::string& bytes : ranks)
        lines.push_back(fmt::format("{}: {}", json_string(to_byte_alphabet(bytes)), lines.size()));
    return join_lines(lines);
}

}  // namespace

std::vector<std::string> merge_texts(const Tokenizer& tokenizer) {
    const Bpe& bpe = tokenizer.bpe();
    std::vector<std::string> merges;
    for (const std::string& bytes : bpe.ranks()) {
        std::vector<std::pair<TokenId, TokenId>> pairs;
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            const std::string_view whole = bytes;
            const TokenId left = bpe.find(whole.substr(0, cut)), right = bpe.find(whole.substr(cut));
            if (left != Bpe::kNone && right != Bpe::kNone) pairs.emplace_back(left, right);
        }
        std::ranges::sort(pairs);
        const auto text = [&](TokenId id) { return to_byte_alphabet(bpe.ranks()[static_cast<std::size_t>(id)]); };
        for (const auto& [left, right] : pairs) merges.push_back(text(left) + " " + text(right));
    }
    return merges;
}

namespace {

std::string merge_lines(const Tokenizer& tokenizer) {
    std::vector<std::string> lines;
    for (const std::string& merge : merge_texts(tokenizer)) lines.push_back(json_string(merge));
    return join_lines(lines);
}

Json added_tokens(const Tokenizer& tokenizer) {
    std::vector<std::pair<TokenId, std::string>> by_id;
    for (const auto& [name, id] : tokenizer.specials()) by_id.emplace_back(id, name);
    std::ranges::sort(by_id);
    Json list = Json::array();
    for (const auto& [id, name] : by_id) {
        list.push_back({{"id", id},
                        {"content", name},
                        {"single_word", false},
                        {"lstrip", false},
                        {"rstrip", false},
                        {"normalized", false},
                        {"special", true}});
    }
    return list;
}

Json byte_level(bool trim_offsets) {
    return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", trim_offsets}, {"use_regex", false}};
}

// Puts <|begin_of_text|> before every text, as Llama's own files do.
Json post_processor(const Tokenizer& tokenizer) {
    constexpr const char* kBegin = "<|begin_of_text|>";
    const std::optional<TokenId> begin = tokenizer.special(kBegin);
    if (!begin) return byte_level(false);
    const auto special = [&](int type) { return Json{{"SpecialToken", {{"id", kBegin}, {"type_id", type}}}}; };
    const auto sequence = [&](const char* id, int type) { return Json{{"Sequence", {{"id", id}, {"type_id", type}}}}; };
    const Json begin_entry = {{"id", kBegin}, {"ids", {*begin}}, {"tokens", {kBegin}}};
    const Json bos = {{"type", "TemplateProcessing"},
                      {"single", {special(0), sequence("A", 0)}},
                      {"pair", {special(0), sequence("A", 0), special(1), sequence("B", 1)}},
                      {"special_tokens", {{kBegin, begin_entry}}}};
    return {{"type", "Sequence"}, {"processors", {byte_level(false), bos}}};
}

Json pre_tokenizer() {
    const Json split = {
        {"type", "Split"}, {"pattern", {{"Regex", kLlama3Pattern}}}, {"behavior", "Isolated"}, {"invert", false}};
    return {{"type", "Sequence"}, {"pretokenizers", {split, byte_level(true)}}};
}

}  // namespace

Result<Tokenizer> parse_tokenizer_json(std::string_view text, std::string_view who) {
    const Json file = CRIA_TRY(parse_json(text, who));
    CRIA_TRY(check_rules(file, who));
    auto specials = CRIA_TRY(read_specials(file, who));
    const Json& model = file.at("model");
    if (!model.contains("vocab") || !model.at("vocab").is_object() || model.at("vocab").size() > Bpe::kMaxTokens)
        return fail(ErrorKind::corrupt, "{}: model.vocab is not an object of at most {} tokens", who, Bpe::kMaxTokens);
    auto ranks = CRIA_TRY(read_ranks(model.at("vocab"), specials, who));
    auto tokenizer = Tokenizer::create(std::move(ranks), std::move(specials));
    if (!tokenizer) return prefix(who, std::move(tokenizer).error());
    CRIA_TRY(check_merges(model.contains("merges") ? model.at("merges") : Json(), tokenizer->bpe(), who));
    return tokenizer;
}

std::string write_tokenizer_json(const Tokenizer& tokenizer) {
    return fmt::format(R"({{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": {},
  "normalizer": null,
  "pre_tokenizer": {},
  "post_processor": {},
  "decoder": {},
  "model": {{
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": true,
    "vocab": {{
      {}
    }},
    "merges": [
      {}
    ]
  }}
}}
)",
                       json_text(added_tokens(tokenizer)), json_text(pre_tokenizer()),
                       json_text(post_processor(tokenizer)), json_text(byte_level(true)),
                       vocab_lines(tokenizer.ranks()), merge_lines(tokenizer));
}

}  // namespace cria
