// safetensors: named tensors in one file (https://huggingface.co/docs/safetensors).
//
// 8 bytes little-endian header length, a JSON header {name: {dtype, shape, data_offsets: [begin, end]}} with
// an optional "__metadata__" of strings, then the tensors' row-major bytes, without a gap. Offsets count
// from the end of the header. A file is believed only where every one of these statements was checked.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"
#include "store/resumable_file.h"
#include "tensor/tensor.h"

namespace cria {

using SafetensorsMetadata = std::map<std::string, std::string>;

struct SafetensorsEntry {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::size_t begin = 0;  // of its bytes, from the start of the data
    std::size_t bytes = 0;
};

// A parsed header over bytes that stay where they are. Copies share the bytes; safe to use from many threads.
class SafetensorsFile {
public:
    // In the order of their bytes in the file.
    const std::vector<SafetensorsEntry>& entries() const { return entries_; }
    const SafetensorsMetadata& metadata() const { return metadata_; }
    // Null if there is none of this name.
    const SafetensorsEntry* find(std::string_view name) const;

    // A read-only view that keeps the mapped file alive. (A copy where the file holds the tensor at an
    // address that its element type does not allow.)
    Tensor tensor(const SafetensorsEntry& entry) const;
    // The same by name; not_found names the file.
    Result<Tensor> tensor(std::string_view name) const;

private:
    friend class SafetensorsParser;

    std::string who_;
    std::vector<SafetensorsEntry> entries_;
    std::map<std::string, std::size_t, std::less<>> index_;
    SafetensorsMetadata metadata_;
    std::span<const std::byte> data_;
    std::shared_ptr<Storage> storage_;
};

// Maps the file; its bytes are read when a tensor is used.
// Errors: not_found, io; corrupt (the file lies about itself); unsupported (more than 4 dimensions, or an
// element type that Cria does not compute with).
Result<SafetensorsFile> open_safetensors(Os& os, const Path& path);
// The same over bytes in memory, kept alive by `keeper`; `who` begins the message of an error.
Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                          std::string_view who);

// What is known of a tensor before its bytes are there.
struct PlannedTensor {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::size_t bytes() const { return static_cast<std::size_t>(shape.elements()) * bytes_of(dtype); }
};
// As write_safetensors below, for tensors that are made one after the other: `bytes_at` gives the bytes of tensor i of
// `plans`; they must stay until the next call only. With `resume` a later run goes on with an interrupted file. Further
// errors: those of `bytes_at`.
Status write_safetensors(Os& os, const Path& path, std::span<const PlannedTensor> plans,
                         FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at,
                         const SafetensorsMetadata& metadata = {}, const Resume* resume = nullptr);

struct NamedTensor {
    std::string name;
    Tensor tensor;
};

// Writes a file that replaces `path` in one step: after a crash the old or the new one is there, whole.
// The data starts at a multiple of 64 bytes. Tensors of wider elements come first, so that each stands at a
// multiple of its element size; among equals the given order holds.
// Errors: invalid_input (a name twice, reserved or not UTF-8), no_space (both numbers), io.
Status write_safetensors(Os& os, const Path& path, std::span<const NamedTensor> tensors,
                         const SafetensorsMetadata& metadata = {});

}  // namespace cria
