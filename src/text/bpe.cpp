// Tables and merges of byte-pair encoding.
//
// A pair of adjacent tokens joins into at most one token, so all that merging asks is a table from (left, right)
// to the joined token: every way to cut a token into two tokens is an entry, one 64-bit word each. Time goes into
// waiting for memory: for 128,000 tokens the table has 4 MiB. Hence the bits in front of it, which answer most
// questions for pairs that do not join, the memory of pieces, and look-ups of whole pieces in batches.
#include "text/bpe.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <queue>

namespace cria {
namespace {

constexpr std::uint64_t kEmpty = ~std::uint64_t{0};
constexpr int kIdBits = 21;
constexpr std::uint64_t kIdMask = (1u << kIdBits) - 1;
constexpr int kFilterBits = 21;          // 256 KiB, and one bit in eight set by Llama 3's pairs
constexpr std::size_t kShort = 128;      // pieces up to here are merged by scanning
constexpr std::size_t kLong = 1u << 30;  // pieces beyond are cut, so that 32 bits index their bytes

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Up to 8 bytes as a number.
std::uint64_t load(const char* bytes, std::size_t count) {
    if (count >= 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes, 8);
        return word;
    }
    if (count >= 4) {
        std::uint32_t low, high;
        std::memcpy(&low, bytes, 4);
        std::memcpy(&high, bytes + count - 4, 4);
        return low | static_cast<std::uint64_t>(high) << 32;
    }
    const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
    return count == 0 ? 0 : byte(0) | byte(count / 2) << 8 | byte(count - 1) << 16;
}

std::uint64_t hash_bytes(std::string_view bytes) {
    std::uint64_t hash = 0x9E3779B97F4A7C15u ^ bytes.size();
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left > 8; left -= 8, at += 8) hash = mix(hash ^ load(at, 8), 0xD6E8FEB86659FD93u);
    return mix(hash ^ load(at, left), 0xA0761D6478BD642Fu);
}

std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
    return static_cast<std::uint64_t>(left) << kIdBits | static_cast<std::uint64_t>(right);
}

std::uint64_t hash_pair(std::uint64_t key) { return key * 0x9E3779B97F4A7C15u; }

// For messages: bytes as they can be shown.
std::string shown(std::string_view bytes) {
    std::string text;
    for (const char c : bytes.substr(0, 24)) {
        if (c > ' ' && c < 0x7F) {
            text.push_back(c);
        } else {
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return text;
}

}  // namespace

Result<Bpe> Bpe::create(std::vector<std::string> ranks) {
    Bpe bpe;
    bpe.ranks_ = std::move(ranks);
    CRIA_TRY(bpe.index_ranks());
    bpe.index_pairs();
    return bpe;
}

Status Bpe::index_ranks() {
    if (ranks_.size() > kMaxTokens)
        return fail(ErrorKind::unsupported, "the vocabulary has {} tokens; at most {} are supported", ranks_.size(),
                    kMaxTokens);
    slots_.resize(std::bit_ceil(2 * ranks_.size() + 2));
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t id = 0; id < ranks_.size(); ++id) {
        const std::string& bytes = ranks_[id];
        if (bytes.empty()) return fail(ErrorKind::corrupt, "token {} of the vocabulary is empty", id);
        if (bytes.size() > kMaxTokenBytes)
            return fail(ErrorKind::unsupported, "token {} of the vocabulary has {} bytes; at most {} are supported", id,
                        bytes.size(), kMaxTokenBytes);
        const std::uint64_t hash = hash_bytes(bytes);
        std::size_t at = hash & mask;
        for (; slots_[at].id != kNone; at = (at + 1) & mask) {
            if (ranks_[static_cast<std::size_t>(slots_[at].id)] == bytes)
                return fail(ErrorKind::corrupt, "tokens {} and {} of the vocabulary have the same bytes, {}",
                            slots_[at].id, id, shown(bytes));
        }
        slots_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(id)};
    }
    byte_ids_.resize(256);
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        byte_ids_[static_cast<std::size_t>(byte)] = find({&c, 1});
        if (find({&c, 1}) == kNone)
            return fail(ErrorKind::corrupt, "the vocabulary has no token for the byte 0x{:02x}; all 256 are needed",
                        byte);
    }
    return {};
}

void Bpe::index_pairs() {
    may_join_.assign((std::size_t{1} << kFilterBits) / 64, 0);
    pairs_.assign(1u << 10, kEmpty);
    pair_shift_ = 64 - 10;
    byte_joins_.assign(1u << 16, kNone);
    for (std::size_t id = 0; id < ranks_.size(); ++id) {
        const std::string_view bytes = ranks_[id];
        if (bytes.size() == 2)
            byte_joins_[static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
                        static_cast<unsigned char>(bytes[1])] = static_cast<std::int32_t>(id);
        for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
            const std::int32_t left = find(bytes.substr(0, cut));
            if (left == kNone) continue;
            const std::int32_t right = find(bytes.substr(cut));
            if (right != kNone) add_pair(left, right, static_cast<std::int32_t>(id));
        }
    }
}

void Bpe::add_pair(std::int32_t left, std::int32_t right, std::int32_t joined) {
    if (3 * ++pair_count_ > 2 * pairs_.size()) grow_pairs();
    const std::uint64_t key = pair_key(left, right);
    const std::uint64_t bit = hash_pair(key) >> (64 - kFilterBits);
    may_join_[bit / 64] |= std::uint64_t{1} << bit % 64;
    std::size_t at = hash_pair(key) >> pair_shift_;
    while (pairs_[at] != kEmpty) at = (at + 1) & (pairs_.size() - 1);
    pairs_[at] = key << kIdBits | static_cast<std::uint64_t>(joined);
}

void Bpe::grow_pairs() {
    std::vector<std::uint64_t> old(pairs_.size() * 2, kEmpty);
    old.swap(pairs_);
    --pair_shift_;
    for (const std::uint64_t entry : old) {
        if (entry == kEmpty) continue;
        std::size_t at = hash_pair(entry >> kIdBits) >> pair_shift_;
        while (pairs_[at] != kEmpty) at = (at + 1) & (pairs_.size() - 1);
        pairs_[at] = entry;
    }
}

std::int32_t Bpe::find(std::string_view bytes) const {
    const std::uint64_t hash = hash_bytes(bytes);
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = hash & mask; slots_[at].id != kNone; at = (at + 1) & mask) {
        if (slots_[at].tag == tag && ranks_[static_cast<std::size_t>(slots_[at].id)] == bytes) return slots_[at].id;
    }
    return kNone;
}

std::int32_t Bpe::join(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = pair_key(left, right);
    const std::uint64_t bit = hash_pair(key) >> (64 - kFilterBits);
    if ((may_join_[bit / 64] >> bit % 64 & 1) == 0) return kNone;
    for (std::size_t at = hash_pair(key) >> pair_shift_; pairs_[at] != kEmpty; at = (at + 1) & (pairs_.size() - 1)) {
        if (pairs_[at] >> kIdBits == key) return static_cast<std::int32_t>(pairs_[at] & kIdMask);
    }
    return kNone;
}

std::int32_t Bpe::join_bytes(std::string_view piece, std::size_t at) const {
    return byte_joins_[static_cast<std::size_t>(static_cast<unsigned char>(piece[at])) << 8 |
                       static_cast<unsigned char>(piece[at + 1])];
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
    const std::int32_t id = piece.size() <= kMaxTokenBytes ? find(piece) : kNone;
    id != kNone ? ids.push_back(id) : merge(piece, ids);
}

std::size_t Bpe::encode(std::span<const std::string_view> pieces, Memory& memory,
                        std::vector<std::int32_t>& ids) const {
    std::array<std::uint64_t, kBatch> hashes;
    const auto slot = [&](std::size_t i) -> const Slot& { return slots_[hashes[i] & (slots_.size() - 1)]; };
    const auto place = [&](std::size_t i) -> Memory::Place& {
        return memory.places_[hashes[i] >> 32 & (memory.places_.size() - 1)];
    };
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        hashes[i] = pieces[i].size() <= kMaxTokenBytes ? hash_bytes(pieces[i]) : 0;
        __builtin_prefetch(&slot(i));
        __builtin_prefetch(&place(i));
    }
    std::size_t last = ids.size();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        last = ids.size();
        Memory::Place& known = place(i);
        if (std::string_view(known.bytes.data(), known.length) == pieces[i]) {
            ids.insert(ids.end(), known.ids.begin(), known.ids.begin() + known.count);
            continue;
        }
        encode(pieces[i], ids);
        const std::size_t count = ids.size() - last;
        if (pieces[i].size() > known.bytes.size() || count > known.ids.size()) continue;
        known.length = static_cast<std::uint8_t>(pieces[i].size());
        known.count = static_cast<std::uint8_t>(count);
        std::ranges::copy(pieces[i], known.bytes.begin());
        std::copy(ids.begin() + static_cast<std::ptrdiff_t>(last), ids.end(), known.ids.begin());
    }
    return last;
}

void Bpe::merge(std::string_view piece, std::vector<std::int32_t>& ids) const {
    for (; piece.size() > kLong; piece.remove_prefix(kLong)) merge_long(piece.substr(0, kLong), ids);
    piece.size() <= kShort ? merge_short(piece, ids) : merge_long(piece, ids);
}

// Parts and the joins between them lie in arrays that close up with every merge; the lowest is found by a scan.
void Bpe::merge_short(std::string_view piece, std::vector<std::int32_t>& ids) const {
    constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();
    std::array<std::int32_t, kShort> parts;
    std::array<std::int32_t, kShort> joins;  // joins[i]: what parts i and i + 1 join into, or kNever
    const auto or_never = [](std::int32_t id) { return id == kNone ? kNever : id; };
    std::size_t count = piece.size();
    for (std::size_t i = 0; i < count; ++i) {
        parts[i] = byte_ids_[static_cast<unsigned char>(piece[i])];
        joins[i] = i + 1 < count ? or_never(join_bytes(piece, i)) : kNever;
    }
    while (true) {
        std::size_t best = 0;
        for (std::size_t i = 1; i < count; ++i) best = joins[i] < joins[best] ? i : best;
        if (joins[best] == kNever) break;
        parts[best] = joins[best];
        --count;
        std::copy(&parts[best + 2], &parts[count + 1], &parts[best + 1]);
        std::copy(&joins[best + 1], &joins[count + 1], &joins[best]);
        if (best > 0) joins[best - 1] = or_never(join(parts[best - 1], parts[best]));
        joins[best] = best + 1 < count ? or_never(join(parts[best], parts[best + 1])) : kNever;
    }
    ids.insert(ids.end(), parts.begin(), parts.begin() + count);
}

// Parts in a linked list, joins in a heap; an entry of the heap that no longer tells the truth is skipped.
void Bpe::merge_long(std::string_view piece, std::vector<std::int32_t>& ids) const {
    struct Part {
        std::int32_t id;     // kNone once merged into the part before
        std::int32_t join;   // with the next part
        std::uint32_t next;  // indices; the end is piece.size()
        std::uint32_t previous;
    };
    const auto end = static_cast<std::uint32_t>(piece.size());
    std::vector<Part> parts(piece.size());
    // rank << 32 | index of the left part: the smallest is the lowest rank, then the leftmost
    std::priority_queue<std::uint64_t, std::vector<std::uint64_t>, std::greater<>> heap;
    const auto set_join = [&](std::uint32_t at, std::int32_t joined) {
        parts[at].join = joined;
        if (joined != kNone) heap.push(static_cast<std::uint64_t>(joined) << 32 | at);
    };
    for (std::uint32_t i = 0; i < end; ++i) {
        parts[i] = {byte_ids_[static_cast<unsigned char>(piece[i])], kNone, i + 1, i - 1};
        if (i + 1 < end) set_join(i, join_bytes(piece, i));
    }
    while (!heap.empty()) {
        const auto at = static_cast<std::uint32_t>(heap.top());
        const auto joined = static_cast<std::int32_t>(heap.top() >> 32);
        heap.pop();
        Part& left = parts[at];
        if (left.id == kNone || left.join != joined) continue;
        Part& right = parts[left.next];
        left.id = joined;
        left.next = right.next;
        right.id = kNone;
        if (left.next != end) parts[left.next].previous = at;
        set_join(at, left.next != end ? join(joined, parts[left.next].id) : kNone);
        if (at != 0) set_join(left.previous, join(parts[left.previous].id, joined));
    }
    for (std::uint32_t at = 0; at != end; at = parts[at].next) ids.push_back(parts[at].id);
}

}  // namespace cria
