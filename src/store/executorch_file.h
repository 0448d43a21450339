// ExecuTorch programs (.pte): a network as a list of operations, with its constants.
// Format: the package executorch 0.5 to 1.5, schema/program.fbs and backends/xnnpack/serialization/schema.fbs.
//
// A FlatBuffer with the identifier "ET12". Where the eight bytes after that begin with "eh00", a header follows: u32
// its own bytes, u64 bytes of the FlatBuffer, u64 start of the segments, which come after it. The program has methods;
// each has numbered values (constants, numbers, lists of values) and a chain of instructions that call operators or
// delegates with values. Constants lie in the FlatBuffer or in a segment. A delegate of XNNPACK is a graph of its own
// (store/xnnpack_graph.h). A file is believed only where every one of these statements was checked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "tensor/tensor.h"

namespace cria {

enum class ExecutorchType : std::uint8_t { u8, i8, i32, i64, f16, bf16, f32, i4 };
std::string_view name_of(ExecutorchType type);

// A constant tensor, row-major and without gaps. i4: two numbers of 0 to 15 a byte, the first in the low half; they
// mean 8 less. The bytes belong to the file and stand at any address.
struct ExecutorchConstant {
    ExecutorchType type = ExecutorchType::f32;
    Shape shape;
    std::span<const std::byte> bytes{};
    // Of a quantised matrix of a delegate: one scale for each `group` numbers along a row, all of one row before the
    // next. f32 or bf16.
    std::int64_t group = 0;
    ExecutorchType scale_type = ExecutorchType::f32;
    std::span<const std::byte> scales{};
};

// An operator's name, such as "aten::mul" or "xnn::fully_connected", and the numbers of its values. A list counts as
// its members; nothing is -1.
struct ExecutorchOperation {
    std::string name;
    std::vector<std::int32_t> inputs, outputs;
};

// One method, flat: the nodes of its delegates stand among its own operations, and all values are numbered through.
struct ExecutorchProgram {
    std::vector<ExecutorchOperation> operations;           // in the order in which they run
    std::map<std::int32_t, ExecutorchConstant> constants;  // by value
    std::map<std::int32_t, double> numbers;                // by value
    std::shared_ptr<Storage> storage;                      // keeps the file
};

// Maps the file and reads its method "forward"; the constants' bytes are read when they are used.
// Errors: not_found, io; corrupt (no program, or one that lies about itself); unsupported (another delegate than
// XNNPACK's, jumps, constants in other files, a node or type of XNNPACK that no Llama has).
Result<ExecutorchProgram> open_executorch(Os& os, const Path& path);
// The same over bytes in memory, kept alive by `keeper`; `who` begins the message of an error.
Result<ExecutorchProgram> parse_executorch(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                           std::string_view who);

}  // namespace cria
