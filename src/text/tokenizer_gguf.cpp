// The vocabulary of a GGUF file.
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

constexpr std::int64_t kOrdinary = 1, kControl = 3, kUserDefined = 4, kUnused = 5;

bool is_control(std::int64_t type) { return type == kControl || type == kUserDefined || type == kUnused; }

}  // namespace

Result<Tokenizer> tokenizer_from_gguf(const std::vector<std::string>& tokens, const std::vector<std::int64_t>& types,
                                      std::size_t merges, std::string_view who) {
    if (tokens.size() != types.size() || tokens.size() > Bpe::kMaxTokens)
        return fail(ErrorKind::corrupt, "{}: {} tokens with {} types; as many of both, at most {}, were wanted", who,
                    tokens.size(), types.size(), Bpe::kMaxTokens);
    std::vector<std::string> ranks;
    std::map<std::string, TokenId> specials;
    for (std::size_t id = 0; id < tokens.size(); ++id) {
        if (is_control(types[id])) {
            if (!specials.emplace(tokens[id], static_cast<TokenId>(id)).second)
                return fail(ErrorKind::corrupt, "{}: the control token of id {} comes twice", who, id);
            continue;
        }
        if (types[id] != kOrdinary)
            return fail(ErrorKind::unsupported, "{}: token {} is of type {}; Llama 3 has ordinary and control tokens",
                        who, id, types[id]);
        if (id != ranks.size())
            return fail(ErrorKind::unsupported, "{}: token {} is an ordinary one after control tokens", who, id);
        auto bytes = from_byte_alphabet(tokens[id]);
        if (!bytes || bytes->empty())
            return fail(ErrorKind::corrupt, "{}: token {} is not in the alphabet of bytes", who, id);
        ranks.push_back(std::move(*bytes));
    }
    auto tokenizer = Tokenizer::create(std::move(ranks), std::move(specials));
    if (!tokenizer) return prefix(who, std::move(tokenizer).error());
    // Merging by rank is what the merges say if there is one for every pair that joins into a token.
    if (merges != tokenizer->bpe().pair_count())
        return fail(
            ErrorKind::unsupported,
            "{}: {} merges, where {} pairs join into tokens; vocabularies that merge all of them are supported, as "
            "Llama 3's",
            who, merges, tokenizer->bpe().pair_count());
    return tokenizer;
}

}  // namespace cria
