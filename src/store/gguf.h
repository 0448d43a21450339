// GGUF: the one-file model format of llama.cpp (specification: ggml/docs/gguf.md), versions 2 and 3, little-endian.
//
// "GGUF", u32 version, u64 tensors, u64 metadata entries; the metadata: a key, a type, a value; the tensors: a name,
// sizes (the contiguous one first), an element type, an offset into the data; then the data, each tensor at the next
// multiple of the alignment. A file is believed only where every one of these statements was checked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"
#include "store/resumable_file.h"
#include "tensor/blocks.h"
#include "tensor/tensor.h"

namespace cria {

struct GgufEntry {
    std::string name;
    ElementType type;
    Shape shape;            // the contiguous size last, as everywhere in Cria (GGUF itself has it first)
    std::size_t begin = 0;  // of its bytes, from the start of the data
    std::size_t bytes = 0;
};

// The values of one metadata list, all of one type.
struct GgufList {
    std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>> values;
};
using GgufValue = std::variant<std::int64_t, double, bool, std::string, GgufList>;

// A parsed header over bytes that stay where they are. Copies share the bytes; safe to use from many threads.
class GgufFile {
public:
    // In the order of the file.
    const std::vector<GgufEntry>& entries() const { return entries_; }
    const GgufEntry* find(std::string_view name) const;  // null if there is none of this name
    std::span<const std::byte> bytes(const GgufEntry& entry) const { return data_.subspan(entry.begin, entry.bytes); }
    // Keeps the mapped file alive.
    const std::shared_ptr<Storage>& storage() const { return storage_; }
    // A read-only view of a tensor of plain elements that keeps the mapped file alive.
    Tensor tensor(const GgufEntry& entry) const;

    const std::map<std::string, GgufValue, std::less<>>& metadata() const { return metadata_; }
    // A key's value in the type that is wanted (numbers of any width). Errors name the file, the key and what is there:
    // not_found, or corrupt for another type.
    Result<std::int64_t> integer(std::string_view key) const;
    Result<double> number(std::string_view key) const;
    Result<std::string> text(std::string_view key) const;
    Result<std::vector<std::string>> texts(std::string_view key) const;
    Result<std::vector<std::int64_t>> integers(std::string_view key) const;

private:
    friend class GgufParser;

    Result<const GgufValue*> value(std::string_view key) const;

    std::string who_;
    std::map<std::string, GgufValue, std::less<>> metadata_;
    std::vector<GgufEntry> entries_;
    std::map<std::string, std::size_t, std::less<>> index_;
    std::span<const std::byte> data_;
    std::shared_ptr<Storage> storage_;
};

// Maps the file; its bytes are read when a tensor is used.
// Errors: not_found, io; corrupt (no GGUF file, or one that lies about itself); unsupported (version 1, big-endian, an
// element type that Cria does not know).
Result<GgufFile> open_gguf(Os& os, const Path& path);
// The same over bytes in memory, kept alive by `keeper`; `who` begins the message of an error.
Result<GgufFile> parse_gguf(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper, std::string_view who);

// ---- Writing ----

// A metadata value with the width that the format wants for its key; see the specification.
using GgufField = std::variant<std::uint16_t, std::int32_t, std::uint32_t, std::uint64_t, float, bool, std::string,
                               std::vector<std::int32_t>, std::vector<std::string>>;

struct GgufTensor {
    std::string name;
    ElementType type;
    Shape shape;
};
std::size_t bytes_of(const GgufTensor& tensor);

// Writes a file that replaces `path` in one step: after a crash the old or the new one is there, whole. Metadata stands
// in the order given; the alignment is the format's own, so general.alignment may not be among it.
// `bytes_at` gives the bytes of each tensor, one after the other; they must stay until the next call only. With
// `resume` a later run goes on with an interrupted file. Errors: invalid_input (a key or name twice, or too long),
// no_space (both numbers), io, and those of `bytes_at`.
Status write_gguf(Os& os, const Path& path, std::span<const std::pair<std::string, GgufField>> metadata,
                  std::span<const GgufTensor> tensors,
                  FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at,
                  const Resume* resume = nullptr);

}  // namespace cria
