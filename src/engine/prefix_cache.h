// Finds again the keys and values of tokens that were run before: of a system prompt that many requests share, of a
// conversation that goes on. Pages are kept in a tree: a page follows the page before it, and is named by its tokens
// (compare Zheng et al. 2024, "SGLang", RadixAttention). Keys and values depend on all tokens before them, so that a
// page is of use only behind the same pages.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/kv_cache.h"
#include "text/tokenizer.h"

namespace cria {

// Holds pages of a pool until forget_one() or its end. One thread at a time. Where remember() or add() finds no memory
// and throws, it is as if it had been called with fewer pages; the others need none.
class PrefixCache {
public:
    explicit PrefixCache(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {}
    PrefixCache(const PrefixCache&) = delete;
    PrefixCache& operator=(const PrefixCache&) = delete;
    ~PrefixCache();

    // Begins `cache`, which is empty, with the longest beginning of `tokens` that was run in `scope`: whole pages are
    // shared, of the last one a copy is made (or the page itself taken out of the tree, where the pool has none left).
    // Returns its length.
    std::int64_t find(std::string_view scope, std::span<const TokenId> tokens, KvCache& cache);
    // Keeps the pages of a sequence that holds `tokens`, one for each position of `cache`; the last page only when it
    // is whole, or with `finished`, when nobody will write to it any more.
    void remember(std::string_view scope, std::span<const TokenId> tokens, const KvCache& cache, bool finished);
    // Gives back the page that was of use longest ago among those that only this tree holds and that no page follows;
    // false when there is none.
    bool forget_one();
    // How many whole pages at the beginning of `tokens` are known, and held by others than this tree.
    std::int64_t pages_in_use(std::string_view scope, std::span<const TokenId> tokens);
    // Pages that only this tree holds.
    std::int64_t spare_pages() const;

    // All pages, each after the one that it follows (prefix_file.h).
    struct Page {
        std::string scope;
        std::int64_t parent;  // the page before it, as an index; -1: none
        std::vector<TokenId> tokens;
        PageId page;
    };
    std::vector<Page> pages() const;
    // What the first pages of a scope follow.
    std::uint64_t root(std::string_view scope);
    // Keeps a page, which the caller goes on to hold, behind another one; returns what pages that follow it follow.
    std::uint64_t add(std::uint64_t parent, std::span<const TokenId> tokens, PageId page);
    KvPool& pool() const { return *pool_; }

private:
    // A page among those that follow `parent`. Sorted, so that the one with the longest common beginning is a
    // neighbour.
    struct Key {
        std::uint64_t parent;
        std::vector<TokenId> tokens;  // at most kPagePositions
    };
    // The same without a copy of the tokens: looking for pages needs no memory.
    struct KeyView {
        std::uint64_t parent;
        std::span<const TokenId> tokens;
        KeyView(std::uint64_t p, std::span<const TokenId> t) : parent(p), tokens(t) {}
        KeyView(const Key& key) : parent(key.parent), tokens(key.tokens) {}
    };
    struct Before {
        using is_transparent = void;
        bool operator()(const KeyView& a, const KeyView& b) const;
    };
    struct Node {
        std::uint64_t id;
        PageId page;
        std::uint64_t used;  // when, in calls of find and remember
        std::int64_t followers = 0;
    };
    using Tree = std::map<Key, Node, Before>;
    using Index = std::map<std::uint64_t, Tree::iterator>;
    struct Match {
        Tree::iterator node;
        std::int64_t tokens;  // in common
    };
    std::optional<Match> longest_match(std::uint64_t parent, std::span<const TokenId> tokens);
    bool begin_page(Tree::iterator node, std::int64_t positions, KvCache& cache);
    Tree::iterator keep(std::uint64_t parent, std::span<const TokenId> tokens, PageId page);
    void drop_beginning(Tree::iterator node);
    void erase(Tree::iterator node);

    std::shared_ptr<KvPool> pool_;
    std::map<std::string, std::uint64_t, std::less<>> scopes_;  // the parent of their first pages
    Tree tree_;
    Index by_id_;
    std::uint64_t last_id_ = 0;
    std::uint64_t now_ = 0;
};

}  // namespace cria
