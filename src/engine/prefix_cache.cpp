#include "engine/prefix_cache.h"

#include <algorithm>

namespace cria {
namespace {

std::int64_t common(std::span<const TokenId> a, std::span<const TokenId> b) {
    return std::ranges::mismatch(a, b).in1 - a.begin();
}

// Those of page number `page`.
std::span<const TokenId> tokens_of_page(std::span<const TokenId> tokens, std::int64_t page) {
    const auto rest = tokens.subspan(static_cast<std::size_t>(page * kPagePositions));
    return rest.first(std::min(rest.size(), static_cast<std::size_t>(kPagePositions)));
}

}  // namespace

bool PrefixCache::Before::operator()(const KeyView& a, const KeyView& b) const {
    if (a.parent != b.parent) return a.parent < b.parent;
    return std::ranges::lexicographical_compare(a.tokens, b.tokens);
}

PrefixCache::~PrefixCache() {
    for (const auto& [key, node] : tree_) pool_->release(node.page);
}

std::int64_t PrefixCache::find(std::string_view scope, std::span<const TokenId> tokens, KvCache& cache) {
    CRIA_ASSERT(cache.capacity() == 0);
    ++now_;
    const auto root = scopes_.find(scope);
    if (root == scopes_.end()) return 0;
    std::uint64_t parent = root->second;
    while (cache.length() < std::ssize(tokens)) {
        const auto match = longest_match(parent, tokens_of_page(tokens, cache.length() / kPagePositions));
        if (!match) break;
        match->node->second.used = now_;
        parent = match->node->second.id;
        if (match->tokens < kPagePositions) {
            begin_page(match->node, match->tokens, cache);
            break;
        }
        cache.append_shared(match->node->second.page);
    }
    return cache.length();
}

std::int64_t PrefixCache::pages_in_use(std::string_view scope, std::span<const TokenId> tokens) {
    const auto root = scopes_.find(scope);
    if (root == scopes_.end()) return 0;
    std::int64_t page = 0, in_use = 0;
    for (std::uint64_t parent = root->second; page < std::ssize(tokens) / kPagePositions; ++page) {
        const auto match = longest_match(parent, tokens_of_page(tokens, page));
        if (!match || match->tokens < kPagePositions) break;
        if (pool_->holders_of(match->node->second.page) > 1) ++in_use;
        parent = match->node->second.id;
    }
    return in_use;
}

// The entries beside the place where `tokens` would stand.
std::optional<PrefixCache::Match> PrefixCache::longest_match(std::uint64_t parent, std::span<const TokenId> tokens) {
    const auto after = tree_.lower_bound(KeyView(parent, tokens));
    std::optional<Match> best;
    const auto consider = [&](Tree::iterator node) {
        if (node->first.parent != parent) return;
        const std::int64_t count = common(node->first.tokens, tokens);
        if (count > 0 && (!best || count > best->tokens)) best = Match{node, count};
    };
    if (after != tree_.end()) consider(after);
    if (after != tree_.begin()) consider(std::prev(after));
    return best;
}

bool PrefixCache::begin_page(Tree::iterator node, std::int64_t positions, KvCache& cache) {
    const PageId page = node->second.page;
    pool_->hold(page);  // so that it is not forgotten to make room for its copy
    bool copied = cache.append_copy(page, positions);
    while (!copied && forget_one()) copied = cache.append_copy(page, positions);
    const bool whole = copied || node->second.followers > 0 || pool_->holders_of(page) > 2;
    if (!whole) {
        erase(node);
        cache.append_owned(page, positions);
        return true;
    }
    pool_->release(page);
    return copied;
}

void PrefixCache::remember(std::string_view scope, std::span<const TokenId> tokens, const KvCache& cache,
                           bool finished) {
    CRIA_ASSERT(std::ssize(tokens) == cache.length());
    ++now_;
    std::uint64_t parent = root(scope);
    const std::int64_t pages = finished ? KvCache::pages_for(cache.length()) : cache.length() / kPagePositions;
    for (std::int64_t page = 0; page < pages; ++page) {
        const auto node = keep(parent, tokens_of_page(tokens, page), cache.pages()[static_cast<std::size_t>(page)]);
        node->second.used = now_;
        parent = node->second.id;
    }
}

std::uint64_t PrefixCache::root(std::string_view scope) {
    auto root = scopes_.find(scope);
    if (root == scopes_.end()) root = scopes_.emplace(scope, ++last_id_).first;
    return root->second;
}

std::uint64_t PrefixCache::add(std::uint64_t parent, std::span<const TokenId> tokens, PageId page) {
    return keep(parent, tokens, page)->second.id;
}

// A page's number is higher than that of the page before it.
std::vector<PrefixCache::Page> PrefixCache::pages() const {
    std::map<std::uint64_t, std::string> scopes;
    for (const auto& [scope, id] : scopes_) scopes.emplace(id, scope);
    std::map<std::uint64_t, std::int64_t> index;
    std::vector<Page> all;
    for (const auto& [id, node] : by_id_) {
        const std::uint64_t parent = node->first.parent;
        const auto above = index.find(parent);
        const bool first = above == index.end();
        all.push_back({first ? scopes.at(parent) : all[static_cast<std::size_t>(above->second)].scope,
                       first ? -1 : above->second, node->first.tokens, node->second.page});
        index.emplace(id, std::ssize(all) - 1);
    }
    return all;
}

// The page with these tokens behind `parent`, or one that begins with them.
PrefixCache::Tree::iterator PrefixCache::keep(std::uint64_t parent, std::span<const TokenId> tokens, PageId page) {
    if (const auto match = longest_match(parent, tokens); match && match->tokens == std::ssize(tokens))
        return match->node;
    Index entry;  // made before the tree changes, since there may be no memory for it
    entry.emplace(last_id_ + 1, tree_.end());
    const auto node = tree_.emplace(Key{parent, {tokens.begin(), tokens.end()}}, Node{++last_id_, page, now_}).first;
    pool_->hold(page);
    entry.begin()->second = node;
    by_id_.merge(entry);
    if (const auto above = by_id_.find(parent); above != by_id_.end()) ++above->second->second.followers;
    drop_beginning(node);
    return node;
}

// A page that holds nothing but the beginning of this one. There is at most one, the neighbour: no page of the tree is
// the beginning of another.
void PrefixCache::drop_beginning(Tree::iterator node) {
    if (node == tree_.begin()) return;
    const auto before = std::prev(node);
    if (before->first.parent == node->first.parent &&
        common(before->first.tokens, node->first.tokens) == std::ssize(before->first.tokens))
        erase(before);
}

bool PrefixCache::forget_one() {
    auto oldest = tree_.end();
    for (auto node = tree_.begin(); node != tree_.end(); ++node) {
        if (node->second.followers > 0 || pool_->holders_of(node->second.page) > 1) continue;
        if (oldest == tree_.end() || node->second.used < oldest->second.used) oldest = node;
    }
    if (oldest == tree_.end()) return false;
    erase(oldest);
    return true;
}

void PrefixCache::erase(Tree::iterator node) {
    CRIA_ASSERT(node->second.followers == 0);
    pool_->release(node->second.page);
    by_id_.erase(node->second.id);
    if (const auto above = by_id_.find(node->first.parent); above != by_id_.end()) --above->second->second.followers;
    tree_.erase(node);
}

std::int64_t PrefixCache::spare_pages() const {
    return std::ranges::count_if(tree_, [&](const auto& entry) { return pool_->holders_of(entry.second.page) == 1; });
}

}  // namespace cria
