// What a PrefixCache remembers, in a file: the next start need not read it again.
//
// A safetensors file: metadata "format", "origin" (what the pages were computed with), "type" and "scope N"; tensors
// "scopes", "parents" (the page before, an index; -1 for a first page) and "lengths" [pages], "tokens" [pages,
// kPagePositions], and "page N" with the bytes of page N.
#pragma once

#include <string_view>

#include "base/os.h"
#include "base/result.h"
#include "engine/prefix_cache.h"

namespace cria {

// Replaces `path` in one step. Errors: no_space, io.
Status save_prefixes(Os& os, const Path& path, const PrefixCache& prefixes, std::string_view origin);
// Adds the pages of the file as long as the pool has free ones; returns how many. Errors: not_found, io; corrupt where
// the file lies about itself; invalid_input where it was written with another model, or another type of keys and
// values.
Result<std::int64_t> load_prefixes(Os& os, const Path& path, PrefixCache& prefixes, std::string_view origin,
                                   std::int64_t vocabulary);

}  // namespace cria
