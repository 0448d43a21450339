// PyTorch checkpoints (.pth, .pt): the tensors of a state dict that torch.save wrote, PyTorch 1.6 or later.
//
// A zip archive with a pickle, <name>/data.pkl, that describes the tensors, and their raw bytes in <name>/data/<key>.
// A pickle is a program. This one is not run: the few instructions that tensors need are followed on values of our own,
// the few names that they call are known by heart, and everything else is refused by name, before anything happens.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "store/safetensors.h"

namespace cria {

// Maps the file; its bytes are read when a tensor is used, and the mapping lives as long as a tensor of it. In the
// order of the state dict. Errors: not_found, io; corrupt; unsupported (another instruction, name, element type or
// order of elements than state dicts of contiguous f32, bf16, f16, int8 and int32 tensors have).
Result<std::vector<NamedTensor>> open_torch_file(Os& os, const Path& path);
// The same over bytes in memory, kept alive by `keeper`; `who` begins the message of an error.
Result<std::vector<NamedTensor>> parse_torch_file(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                                  std::string_view who);

// Writes a state dict that torch.load opens, weights_only included, and replaces `path` in one step. `bytes_at` gives
// the bytes of tensor i of `plans`, one after the other; they must stay until the next call only. With `resume` a later
// run goes on with an interrupted file.
// Errors: invalid_input (a name twice, too many names), no_space (both numbers), io, and those of `bytes_at`.
Status write_torch_file(Os& os, const Path& path, std::span<const PlannedTensor> plans,
                        FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at,
                        const Resume* resume = nullptr);

}  // namespace cria
