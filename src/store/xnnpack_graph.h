// The graphs that ExecuTorch hands to XNNPACK (backends/xnnpack/serialization/schema.fbs of the package executorch).
//
// "XH00" at byte 4, u16 bytes of this header, u32 start and u32 bytes of a FlatBuffer, u32 start and u64 bytes of
// constant data. The FlatBuffer lists nodes, and the values that they read and write; a value's constant bytes lie in
// the constant data, or under a name in the program's named data (newer programs).
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/executorch_file.h"

namespace cria {

struct XnnpackNode {
    std::string_view name;  // "xnn::fully_connected"
    std::vector<std::uint32_t> inputs;
    std::uint32_t output = 0;
};

struct XnnpackValue {
    std::optional<std::uint32_t> external{};  // which of the delegate's arguments it is
    std::optional<ExecutorchConstant> constant{};
};

struct XnnpackGraph {
    std::vector<XnnpackNode> nodes;                // in the order in which they run
    std::map<std::uint32_t, XnnpackValue> values;  // by the numbers that the nodes use
};

using NamedBytes = std::map<std::string, std::span<const std::byte>, std::less<>>;

// `who` begins the message of each error. Errors: corrupt; unsupported (a bias, transposed weights, a kind of node or a
// type of constants that no Llama has).
Result<XnnpackGraph> read_xnnpack_graph(std::span<const std::byte> bytes, const NamedBytes& named,
                                        std::string_view who);

}  // namespace cria
