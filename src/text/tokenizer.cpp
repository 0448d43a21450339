// Tokenizer: split, look up, merge; and back.
#include "text/tokenizer.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <unordered_map>

#include "text/bpe.h"
#include "text/splitter.h"
#include "text/unicode.h"

namespace cria {

struct Tokenizer::Data {
    Bpe bpe;
    std::map<std::string, TokenId> specials;
    std::unordered_map<TokenId, std::string_view> names = {};  // of the specials, by id
    std::unordered_map<std::string_view, TokenId> ids = {};    // and the other way
    std::vector<std::size_t> name_lengths = {};                // that occur, longest first
    std::bitset<256> name_begins = {};                         // the first bytes of names
    TokenId size = 0;

    struct Match {
        std::size_t at, length;
        TokenId id;
    };
    std::optional<Match> find_special(std::string_view bytes, std::size_t from) const;
    void encode_broken_tail(std::string_view bytes, std::size_t valid, std::size_t first_id, std::size_t last_piece,
                            std::vector<TokenId>& out) const;
};

Tokenizer::Tokenizer(std::unique_ptr<const Data> data) : data_(std::move(data)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

namespace {

Status check_special(std::string_view name, TokenId id, TokenId ordinary) {
    if (name.empty()) return fail(ErrorKind::corrupt, "the control token with id {} has no name", id);
    if (name.size() > Bpe::kMaxTokenBytes)
        return fail(ErrorKind::unsupported,
                    "the name of the control token with id {} has {} bytes; at most {} are supported", id, name.size(),
                    Bpe::kMaxTokenBytes);
    if (valid_utf8_prefix(name) != name.size())
        return fail(ErrorKind::corrupt, "the name of the control token with id {} is not UTF-8", id);
    if (id < ordinary)
        return fail(ErrorKind::corrupt,
                    "control token {} has id {}, which is an ordinary token's; ids from {} are free", name, id,
                    ordinary);
    if (static_cast<std::size_t>(id) >= Bpe::kMaxTokens)
        return fail(ErrorKind::unsupported, "control token {} has id {}; ids below {} are supported", name, id,
                    Bpe::kMaxTokens);
    return {};
}

}  // namespace

Result<Tokenizer> Tokenizer::create(std::vector<std::string> ranks, std::map<std::string, TokenId> specials) {
    auto data = std::make_unique<Data>(Data{CRIA_TRY(Bpe::create(std::move(ranks))), std::move(specials)});
    const auto ordinary = static_cast<TokenId>(data->bpe.ranks().size());
    data->size = ordinary;
    for (const auto& [name, id] : data->specials) {
        CRIA_TRY(check_special(name, id, ordinary));
        if (const auto [other, fresh] = data->names.emplace(id, name); !fresh)
            return fail(ErrorKind::corrupt, "control tokens {} and {} have the same id {}", other->second, name, id);
        data->size = std::max(data->size, id + 1);
        data->ids.emplace(name, id);
        data->name_lengths.push_back(name.size());
        data->name_begins.set(static_cast<unsigned char>(name[0]));
    }
    std::ranges::sort(data->name_lengths, std::greater<>());
    const auto repeated = std::ranges::unique(data->name_lengths);
    data->name_lengths.erase(repeated.begin(), repeated.end());
    return Tokenizer(std::move(data));
}

void Tokenizer::encode(std::string_view bytes, std::vector<TokenId>& ids) const {
    const std::size_t valid = valid_utf8_prefix(bytes);
    const std::size_t first_id = ids.size();
    std::size_t last_piece = first_id;
    Bpe::Memory memory(valid);
    std::array<std::string_view, Bpe::kBatch> pieces;
    for (Splitter splitter(bytes.substr(0, valid)); !splitter.done();) {
        std::size_t count = 0;
        while (count < pieces.size() && !splitter.done()) pieces[count++] = splitter.next();
        last_piece = data_->bpe.encode(std::span(pieces).first(count), memory, ids);
    }
    if (valid != bytes.size()) data_->encode_broken_tail(bytes, valid, first_id, last_piece, ids);
}

// What follows the first invalid byte is one piece, together with the piece before it. If that piece begins
// with blanks, the tokens of blanks before it join too. (tiktoken's rule; see docs/tokenizer.md.)
void Tokenizer::Data::encode_broken_tail(std::string_view bytes, std::size_t valid, std::size_t first_id,
                                         std::size_t last_piece, std::vector<TokenId>& out) const {
    const auto bytes_of = [&](std::size_t i) -> std::string_view {
        return bpe.ranks()[static_cast<std::size_t>(out[i])];
    };
    const auto blank = [&](std::size_t i) { return bytes_of(i).find_first_not_of(" \n\t") == std::string_view::npos; };
    if (last_piece < out.size() && blank(last_piece)) {
        while (last_piece > first_id && blank(last_piece - 1)) --last_piece;
    }
    std::size_t from = valid;
    for (std::size_t i = last_piece; i < out.size(); ++i) from -= bytes_of(i).size();
    out.resize(last_piece);
    bpe.encode(bytes.substr(from), out);
}

std::vector<TokenId> Tokenizer::encode(std::string_view bytes) const {
    std::vector<TokenId> ids;
    encode(bytes, ids);
    return ids;
}

// The leftmost name from `from` on; of several there, the longest.
std::optional<Tokenizer::Data::Match> Tokenizer::Data::find_special(std::string_view bytes, std::size_t from) const {
    for (std::size_t at = from; at < bytes.size(); ++at) {
        if (!name_begins.test(static_cast<unsigned char>(bytes[at]))) continue;
        for (const std::size_t length : name_lengths) {
            if (length > bytes.size() - at) continue;
            if (const auto found = ids.find(bytes.substr(at, length)); found != ids.end())
                return Match{at, length, found->second};
        }
    }
    return std::nullopt;
}

std::vector<TokenId> Tokenizer::encode_with_specials(std::string_view bytes) const {
    std::vector<TokenId> ids;
    std::size_t at = 0;
    while (const auto match = data_->find_special(bytes, at)) {
        encode(bytes.substr(at, match->at - at), ids);
        ids.push_back(match->id);
        at = match->at + match->length;
    }
    encode(bytes.substr(at), ids);
    return ids;
}

std::string_view Tokenizer::bytes_of(TokenId id) const {
    if (id < 0) return {};
    if (static_cast<std::size_t>(id) < ranks().size()) return ranks()[static_cast<std::size_t>(id)];
    const auto found = data_->names.find(id);
    return found == data_->names.end() ? std::string_view() : found->second;
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool with_specials) const {
    std::string bytes;
    for (const TokenId id : ids) {
        if (with_specials || !is_special(id)) bytes += bytes_of(id);
    }
    return bytes;
}

TokenId Tokenizer::size() const { return data_->size; }

std::optional<TokenId> Tokenizer::special(std::string_view name) const {
    const auto found = data_->specials.find(std::string(name));
    return found == data_->specials.end() ? std::nullopt : std::optional(found->second);
}

bool Tokenizer::is_special(TokenId id) const { return data_->names.contains(id); }
const std::vector<std::string>& Tokenizer::ranks() const { return data_->bpe.ranks(); }
const std::map<std::string, TokenId>& Tokenizer::specials() const { return data_->specials; }
const Bpe& Tokenizer::bpe() const { return data_->bpe; }

std::string StreamDecoder::push(TokenId id) {
    std::string text;
    if (tokenizer_.is_special(id)) return text;
    pending_ += tokenizer_.bytes_of(id);
    std::string_view rest = pending_;
    while (!rest.empty()) {
        const Utf8Step step = utf8_step(rest);
        if (step.kind == Utf8Step::incomplete) break;
        text += step.kind == Utf8Step::valid ? rest.substr(0, step.length) : kReplacement;
        rest.remove_prefix(step.length);
    }
    pending_.erase(0, pending_.size() - rest.size());
    return text;
}

std::string StreamDecoder::finish() {
    const bool left = !pending_.empty();
    pending_.clear();
    return std::string(left ? kReplacement : std::string_view());
}

}  // namespace cria
