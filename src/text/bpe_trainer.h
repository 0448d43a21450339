// Learns the ranks of a byte-level BPE vocabulary from text (Sennrich et al., "Neural Machine Translation of Rare
// Words with Subword Units", ACL 2016), over the pieces of Llama 3's split rule.
//
//     BpeTrainer trainer({.vocabulary = 4096});
//     for (const auto& text : texts) trainer.add(text);
//     auto ranks = CRIA_TRY(trainer.train());
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"

namespace cria {

struct BpeOptions {
    std::size_t vocabulary = 4096;     // tokens wanted, the 256 single bytes among them
    std::size_t max_token_bytes = 32;  // no token is longer
    bool single_digits = false;        // true: no token has more than one number character (\p{N})
    std::uint64_t min_count = 2;       // a pair seen less often is not merged
};

// Not for several threads at once.
class BpeTrainer {
public:
    explicit BpeTrainer(BpeOptions options) : options_(options) {}

    // Counts the pieces of a text. Invalid UTF-8 is skipped: it says nothing about words.
    void add(std::string_view text);

    // The tokens in the order of their ranks: 256 single bytes in byte order, then the merges, most frequent pair
    // first, lowest ids on ties. The same texts in any order give the same ranks. Fewer than wanted when no pair
    // occurs min_count times any more. Fails when an option is out of bounds.
    Result<std::vector<std::string>> train() const;

private:
    void add_valid(std::string_view text);
    void add_piece(std::string_view piece);

    BpeOptions options_;
    std::unordered_map<std::string, std::uint64_t> counts_;  // of pieces
};

}  // namespace cria
