// A small model that guesses what a large one with the same vocabulary will say (Leviathan et al. 2023; Chen et al.
// 2023), greedily. The large model checks each guess against the token that it draws itself (engine/sequence.h), so
// that guesses change nothing but the time.
#pragma once

#include <span>
#include <vector>

#include "model/llama.h"
#include "text/tokenizer.h"

namespace cria {

// One thread at a time. Follows one sequence; another one is read from where the two part.
class DraftModel {
public:
    // `context`: positions of the sequences that it follows; the model has room for them (Llama::reserve_positions).
    DraftModel(const Llama& model, Compute compute, std::int64_t context);

    // Reads all of `history` but its last token.
    void read(std::span<const TokenId> history);
    // What follows `history`, which has been read: at most `most` tokens, valid until the next call.
    std::span<const TokenId> guess(std::span<const TokenId> history, std::int64_t most);

private:
    void run(std::span<const TokenId> ids);
    TokenId next(TokenId id);

    const Llama& model_;
    Compute compute_;
    Arena arena_;
    KvCache cache_;
    std::vector<TokenId> read_;  // what the cache holds
    std::vector<TokenId> guesses_;
};

}  // namespace cria
