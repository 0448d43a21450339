// Pair counts over the distinct pieces, kept up to date merge by merge.
#include "text/bpe_trainer.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "text/bpe.h"
#include "text/splitter.h"
#include "text/unicode.h"

namespace cria {
namespace {

// Longer pieces are counted in parts, so that one of them is not walked whole at every merge.
constexpr std::size_t kMaxPiece = 512;

using Pair = std::uint64_t;  // left << 32 | right
Pair pair_of(std::uint32_t left, std::uint32_t right) { return static_cast<Pair>(left) << 32 | right; }

struct Word {
    std::vector<std::uint32_t> ids;
    std::uint64_t count;
};

struct PairUse {
    std::uint64_t count = 0;
    std::vector<std::uint32_t> words;  // where it occurs, or occurred
};

// What was known of a pair when it entered the queue; the most frequent comes first.
struct Candidate {
    std::uint64_t count;
    Pair pair;
    bool operator<(const Candidate& other) const {
        return count != other.count ? count < other.count : pair > other.pair;
    }
};

class Merges {
public:
    Merges(const std::unordered_map<std::string, std::uint64_t>& counts, const BpeOptions& options);
    std::vector<std::string> run();

private:
    void offer(Pair pair);
    std::uint32_t token_for(std::string bytes);
    void merge(Pair pair, std::uint32_t joined);
    void merge_in(std::uint32_t word, Pair pair, std::uint32_t joined, std::vector<Pair>& grown);

    const BpeOptions& options_;
    std::vector<std::string> tokens_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::vector<Word> words_;
    std::unordered_map<Pair, PairUse> uses_;
    std::priority_queue<Candidate> queue_;
};

Merges::Merges(const std::unordered_map<std::string, std::uint64_t>& counts, const BpeOptions& options)
    : options_(options) {
    for (int byte = 0; byte < 256; ++byte) token_for(std::string(1, static_cast<char>(byte)));
    for (const auto& [piece, count] : counts) {
        Word word{{}, count};
        for (const char c : piece) word.ids.push_back(static_cast<unsigned char>(c));
        for (std::size_t i = 1; i < word.ids.size(); ++i) {
            PairUse& use = uses_[pair_of(word.ids[i - 1], word.ids[i])];
            use.count += count;
            use.words.push_back(static_cast<std::uint32_t>(words_.size()));
        }
        words_.push_back(std::move(word));
    }
    for (const auto& [pair, use] : uses_) offer(pair);
}

void Merges::offer(Pair pair) {
    const std::size_t bytes = tokens_[pair >> 32].size() + tokens_[pair & 0xFFFFFFFF].size();
    const std::uint64_t count = uses_[pair].count;
    if (bytes <= options_.max_token_bytes && count >= std::max<std::uint64_t>(options_.min_count, 1))
        queue_.push({count, pair});
}

// Two pairs can spell the same bytes; they are the same token.
std::uint32_t Merges::token_for(std::string bytes) {
    const auto [at, fresh] = ids_.emplace(std::move(bytes), static_cast<std::uint32_t>(tokens_.size()));
    if (fresh) tokens_.push_back(at->first);
    return at->second;
}

std::vector<std::string> Merges::run() {
    while (tokens_.size() < options_.vocabulary && !queue_.empty()) {
        const Candidate best = queue_.top();
        queue_.pop();
        const std::uint64_t count = uses_[best.pair].count;
        if (count == best.count) {
            merge(best.pair, token_for(tokens_[best.pair >> 32] + tokens_[best.pair & 0xFFFFFFFF]));
        } else if (count < best.count) {
            offer(best.pair);
        }  // else it was offered again when it grew
    }
    return std::move(tokens_);
}

void Merges::merge(Pair pair, std::uint32_t joined) {
    const std::vector<std::uint32_t> words = std::move(uses_[pair].words);
    std::vector<Pair> grown;
    for (const std::uint32_t word : words) merge_in(word, pair, joined, grown);
    std::ranges::sort(grown);
    const auto repeated = std::ranges::unique(grown);
    grown.erase(repeated.begin(), repeated.end());
    for (const Pair one : grown) offer(one);
}

// Rewrites one word; `grown` gets the pairs that came to be.
void Merges::merge_in(std::uint32_t index, Pair pair, std::uint32_t joined, std::vector<Pair>& grown) {
    Word& word = words_[index];
    std::vector<std::uint32_t>& ids = word.ids;
    const auto left = static_cast<std::uint32_t>(pair >> 32), right = static_cast<std::uint32_t>(pair);
    const auto occurs = [&](std::size_t i) { return i + 1 < ids.size() && ids[i] == left && ids[i + 1] == right; };
    std::size_t first = 0;
    while (first < ids.size() && !occurs(first)) ++first;
    if (first == ids.size()) return;                      // no longer in it
    const std::size_t from = first == 0 ? 0 : first - 1;  // pairs before stay as they are
    for (std::size_t i = from; i + 1 < ids.size(); ++i) uses_[pair_of(ids[i], ids[i + 1])].count -= word.count;
    std::size_t to = first;
    for (std::size_t i = first; i < ids.size(); ++to) {
        const bool here = occurs(i);
        ids[to] = here ? joined : ids[i];
        i += here ? 2 : 1;
    }
    ids.resize(to);
    for (std::size_t i = from; i + 1 < ids.size(); ++i) {
        PairUse& use = uses_[pair_of(ids[i], ids[i + 1])];
        use.count += word.count;
        if (ids[i] != joined && ids[i + 1] != joined) continue;
        if (use.words.empty() || use.words.back() != index) use.words.push_back(index);
        grown.push_back(pair_of(ids[i], ids[i + 1]));
    }
}

}  // namespace

void BpeTrainer::add(std::string_view text) {
    while (!text.empty()) {
        const std::size_t valid = valid_utf8_prefix(text);
        add_valid(text.substr(0, valid));
        text.remove_prefix(valid);
        if (!text.empty()) text.remove_prefix(utf8_step(text).length);
    }
}

void BpeTrainer::add_valid(std::string_view text) {
    for (Splitter pieces(text); !pieces.done();) {
        const std::string_view piece = pieces.next();
        const Utf8Char first = utf8_char(piece, 0);
        if (options_.single_digits && CharClasses::get().of(first.code) == CharClass::number) {
            for (std::size_t at = 0; at < piece.size(); at += utf8_char(piece, at).length)
                add_piece(piece.substr(at, utf8_char(piece, at).length));
        } else {
            add_piece(piece);
        }
    }
}

void BpeTrainer::add_piece(std::string_view piece) {
    for (; piece.size() > kMaxPiece; piece.remove_prefix(kMaxPiece)) ++counts_[std::string(piece.substr(0, kMaxPiece))];
    ++counts_[std::string(piece)];
}

Result<std::vector<std::string>> BpeTrainer::train() const {
    if (options_.vocabulary < 256 || options_.vocabulary > Bpe::kMaxTokens)
        return fail(ErrorKind::invalid_input, "a vocabulary of {} tokens was asked for; 256 to {} can be made",
                    options_.vocabulary, Bpe::kMaxTokens);
    if (options_.max_token_bytes < 1 || options_.max_token_bytes > Bpe::kMaxTokenBytes)
        return fail(ErrorKind::invalid_input, "tokens of at most {} bytes were asked for; 1 to {} can be made",
                    options_.max_token_bytes, Bpe::kMaxTokenBytes);
    return Merges(counts_, options_).run();
}

}  // namespace cria
