#include "engine/prefix_file.h"

#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "store/safetensors.h"

namespace cria {
namespace {

constexpr std::string_view kFormat = "cria remembered pages 3";

using Integers = std::vector<std::int32_t>;

// The scopes by number, and the columns of the file.
struct Table {
    std::vector<std::string> scopes;
    Integers scope, parent, length, tokens;
};

Table table_of(std::span<const PrefixCache::Page> pages) {
    Table table;
    for (const PrefixCache::Page& page : pages) {
        auto scope = std::ranges::find(table.scopes, page.scope);
        if (scope == table.scopes.end()) scope = table.scopes.insert(scope, page.scope);
        table.scope.push_back(static_cast<std::int32_t>(scope - table.scopes.begin()));
        table.parent.push_back(static_cast<std::int32_t>(page.parent));
        table.length.push_back(static_cast<std::int32_t>(page.tokens.size()));
        table.tokens.insert(table.tokens.end(), page.tokens.begin(), page.tokens.end());
        table.tokens.resize(table.length.size() * static_cast<std::size_t>(kPagePositions), 0);
    }
    return table;
}

SafetensorsMetadata metadata_of(const Table& table, const KvPool& pool, std::string_view origin) {
    SafetensorsMetadata metadata{{"format", std::string(kFormat)},
                                 {"origin", std::string(origin)},
                                 {"type", std::string(name_of(pool.shape().type))}};
    for (std::size_t i = 0; i < table.scopes.size(); ++i) metadata[fmt::format("scope {}", i)] = table.scopes[i];
    return metadata;
}

// A column of the file, of `count` numbers.
Result<std::span<const std::int32_t>> column(const SafetensorsFile& file, std::string_view name, std::int64_t count,
                                             const Path& path) {
    const Tensor tensor = CRIA_TRY(file.tensor(name));
    if (tensor.dtype() != DType::i32 || tensor.elements() != count)
        return fail(ErrorKind::corrupt, "{}: {} is {} {}, not i32 with {} numbers", path.string(), name,
                    name_of(tensor.dtype()), tensor.shape().text(), count);
    return std::span(tensor.data<std::int32_t>(), static_cast<std::size_t>(count));
}

Status check_origin(const SafetensorsFile& file, const KvPool& pool, std::string_view origin, const Path& path) {
    const auto value = [&](const char* key) {
        const auto it = file.metadata().find(key);
        return it == file.metadata().end() ? std::string() : it->second;
    };
    if (value("format") != kFormat)
        return fail(ErrorKind::corrupt, "{}: says the format '{}', not '{}'", path.string(), value("format"), kFormat);
    if (value("origin") != origin)
        return fail(ErrorKind::invalid_input, "{}: was written with another model, or before its files changed",
                    path.string());
    if (value("type") != name_of(pool.shape().type))
        return fail(ErrorKind::invalid_input, "{}: holds keys and values in {}, but {} are wanted", path.string(),
                    value("type"), name_of(pool.shape().type));
    return {};
}

// The file's columns, checked.
class Loader {
public:
    static Result<Loader> open(const SafetensorsFile& file, const Path& path, std::int64_t vocabulary) {
        const SafetensorsEntry* scopes = file.find("scopes");
        const std::int64_t count = scopes == nullptr ? -1 : scopes->shape.elements();
        if (count < 0) return fail(ErrorKind::corrupt, "{}: has no scopes", path.string());
        Loader loader(file, path, vocabulary);
        loader.scopes_ = CRIA_TRY(column(file, "scopes", count, path));
        loader.parents_ = CRIA_TRY(column(file, "parents", count, path));
        loader.lengths_ = CRIA_TRY(column(file, "lengths", count, path));
        loader.tokens_ = CRIA_TRY(column(file, "tokens", count * kPagePositions, path));
        return loader;
    }

    std::size_t count() const { return scopes_.size(); }

    Result<PrefixCache::Page> page(std::size_t i) const {
        const std::int32_t length = lengths_[i], parent = parents_[i];
        const auto scope = file_.metadata().find(fmt::format("scope {}", scopes_[i]));
        const bool follows = parent >= 0 && static_cast<std::size_t>(parent) < i;
        const bool fits = length >= 1 && length <= kPagePositions && scope != file_.metadata().end() &&
                          (parent == -1 || (follows && lengths_[static_cast<std::size_t>(parent)] == kPagePositions));
        if (!fits)
            return fail(ErrorKind::corrupt, "{}: page {} has {} tokens, scope {} and follows page {}, which cannot be",
                        path_.string(), i, length, scopes_[i], parent);
        const auto tokens =
            tokens_.subspan(i * static_cast<std::size_t>(kPagePositions), static_cast<std::size_t>(length));
        for (const TokenId token : tokens)
            if (token < 0 || token >= vocabulary_)
                return fail(ErrorKind::corrupt, "{}: page {} has token {}, but the model's ids are 0 to {}",
                            path_.string(), i, token, vocabulary_ - 1);
        return PrefixCache::Page{scope->second, parent, {tokens.begin(), tokens.end()}, 0};
    }

    Result<Tensor> bytes(std::size_t i, std::uint64_t wanted) const {
        Tensor tensor = CRIA_TRY(file_.tensor(fmt::format("page {}", i)));
        if (tensor.dtype() == DType::i8 && tensor.bytes() == wanted) return tensor;
        return fail(ErrorKind::corrupt, "{}: page {} has {} bytes, not {}", path_.string(), i, tensor.bytes(), wanted);
    }

private:
    Loader(const SafetensorsFile& file, const Path& path, std::int64_t vocabulary)
        : file_(file), path_(path), vocabulary_(vocabulary) {}

    const SafetensorsFile& file_;
    const Path& path_;
    std::int64_t vocabulary_;
    std::span<const std::int32_t> scopes_, parents_, lengths_, tokens_;
};

}  // namespace

Status save_prefixes(Os& os, const Path& path, const PrefixCache& prefixes, std::string_view origin) {
    const std::vector<PrefixCache::Page> pages = prefixes.pages();
    const KvPool& pool = prefixes.pool();
    Table table = table_of(pages);
    const auto count = std::ssize(pages), page_bytes = static_cast<std::int64_t>(pool.shape().page_bytes());
    std::vector<PlannedTensor> plans{{"scopes", DType::i32, Shape{count}},
                                     {"parents", DType::i32, Shape{count}},
                                     {"lengths", DType::i32, Shape{count}},
                                     {"tokens", DType::i32, Shape{count, kPagePositions}}};
    for (std::int64_t i = 0; i < count; ++i) plans.push_back({fmt::format("page {}", i), DType::i8, Shape{page_bytes}});
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        const Integers* const columns[] = {&table.scope, &table.parent, &table.length, &table.tokens};
        if (i < std::size(columns)) return std::as_bytes(std::span(*columns[i]));
        return pool.bytes(pages[i - std::size(columns)].page);
    };
    return write_safetensors(os, path, plans, bytes_at, metadata_of(table, pool, origin));
}

Result<std::int64_t> load_prefixes(Os& os, const Path& path, PrefixCache& prefixes, std::string_view origin,
                                   std::int64_t vocabulary) {
    const SafetensorsFile file = CRIA_TRY(open_safetensors(os, path));
    KvPool& pool = prefixes.pool();
    CRIA_TRY(check_origin(file, pool, origin, path));
    const Loader loader = CRIA_TRY(Loader::open(file, path, vocabulary));
    std::vector<std::optional<std::uint64_t>> ids;  // of the pages in the tree
    std::int64_t loaded = 0;
    for (std::size_t i = 0; i < loader.count(); ++i) {
        const PrefixCache::Page page = CRIA_TRY(loader.page(i));
        const Tensor bytes = CRIA_TRY(loader.bytes(i, pool.shape().page_bytes()));
        const auto parent =
            page.parent < 0 ? std::optional(prefixes.root(page.scope)) : ids[static_cast<std::size_t>(page.parent)];
        const auto place = parent ? pool.take() : std::nullopt;
        ids.push_back(std::nullopt);
        if (!place) continue;
        std::memcpy(pool.bytes(*place).data(), bytes.raw(), bytes.bytes());
        const auto id =
            or_out_of_memory([&]() -> Result<std::uint64_t> { return prefixes.add(*parent, page.tokens, *place); });
        pool.release(*place);
        ids.back() = CRIA_TRY(id);
        ++loaded;
    }
    return loaded;
}

}  // namespace cria
