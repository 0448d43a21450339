// Byte-pair merges by rank: the bytes of one piece to token ids.
//
// The rule is tiktoken's: a piece that is a token is that token; otherwise its single bytes are merged, always
// the adjacent pair whose joined bytes are the token of lowest rank, the leftmost on ties, until no pair is one.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cria {

// Immutable after create(); all methods may be called from several threads.
class Bpe {
public:
    static constexpr std::size_t kMaxTokens = (1u << 21) - 1;  // three ids fit in 63 bits
    static constexpr std::size_t kMaxTokenBytes = 512;

    // `ranks[i]` are the bytes of token i. All single bytes must be there, nothing twice, nothing empty.
    static Result<Bpe> create(std::vector<std::string> ranks);

    // Short pieces and their ids, remembered while one text is encoded: words come again. A new piece takes the
    // place of an older one, so memory is bounded: 64 bytes for every 32 of the text, at most 512 KiB.
    class Memory {
    public:
        explicit Memory(std::size_t text_bytes)
            : places_(std::bit_ceil(std::clamp<std::size_t>(text_bytes / 32, 1, 8192))) {}

    private:
        friend Bpe;
        struct Place {
            std::uint8_t length = 0;  // 0: nothing here
            std::uint8_t count = 0;
            std::array<char, 26> bytes;
            std::array<std::int32_t, 9> ids;
        };
        std::vector<Place> places_;
    };

    // Appends the ids of a piece that is not empty. Time n log n in its length, memory about 24 bytes a byte.
    void encode(std::string_view piece, std::vector<std::int32_t>& ids) const;
    // The same for 1 to kBatch pieces, whose look-ups then overlap. Returns where the ids of the last one begin.
    static constexpr std::size_t kBatch = 16;
    std::size_t encode(std::span<const std::string_view> pieces, Memory& memory, std::vector<std::int32_t>& ids) const;
    // The same without the look-up of the whole piece.
    void merge(std::string_view piece, std::vector<std::int32_t>& ids) const;

    const std::vector<std::string>& ranks() const { return ranks_; }
    // The token with exactly these bytes, or kNone.
    std::int32_t find(std::string_view bytes) const;
    // What two adjacent tokens merge into, or kNone; and how many pairs merge.
    std::int32_t join(std::int32_t left, std::int32_t right) const;
    std::size_t pair_count() const { return pair_count_; }
    static constexpr std::int32_t kNone = -1;

private:
    // An open-addressed slot: the token id, and bits of the hash to spare a look at its bytes.
    struct Slot {
        std::uint32_t tag = 0;
        std::int32_t id = kNone;
    };

    Status index_ranks();
    void index_pairs();
    void add_pair(std::int32_t left, std::int32_t right, std::int32_t joined);
    void grow_pairs();
    std::int32_t join_bytes(std::string_view piece, std::size_t at) const;
    void merge_short(std::string_view piece, std::vector<std::int32_t>& ids) const;
    void merge_long(std::string_view piece, std::vector<std::int32_t>& ids) const;

    std::vector<std::string> ranks_;
    std::vector<Slot> slots_;              // by hash of the bytes; a power of two, at most half full
    std::vector<std::uint64_t> pairs_;     // left << 42 | right << 21 | joined, by hash of (left, right)
    std::vector<std::uint64_t> may_join_;  // a bit by hash of (left, right), unset where no pair has it
    std::size_t pair_count_ = 0;
    int pair_shift_ = 64;
    std::vector<std::int32_t> byte_ids_;    // of the single bytes
    std::vector<std::int32_t> byte_joins_;  // of two bytes, at first << 8 | second
};

}  // namespace cria
