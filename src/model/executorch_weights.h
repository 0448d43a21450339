// The tensors of a Llama within a program of ExecuTorch (store/executorch_file.h), such as Llama-Guard-3-1B-INT4.
//
// A program knows no names. What a constant is follows from how values flow: which products read the same activations,
// which of their results are turned by position and which pass through a sigmoid. Whatever does not fit together as
// Meta's Llama, exported by the package's examples/models/llama, is an error; nothing is guessed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/config.h"
#include "model/int4_blocks.h"
#include "store/executorch_file.h"

namespace cria {

struct ExecutorchLlama {
    struct Named {
        std::string name;  // Hugging Face's
        ExecutorchConstant constant;
        bool rotary = false;           // rows of a rotary pair stand side by side
        bool high_half_first = false;  // of i4
    };
    std::vector<Named> tensors;
    // The tokens that the rows of the output layer stand for, where it was trimmed; empty where it has all.
    std::vector<std::int32_t> output_ids;
    // Cosine and sine of each position's angles, [positions, head_dim / 2]; none where the program has no such tables.
    std::optional<ExecutorchConstant> cosine, sine;
};

// Errors name what came and what was wanted: corrupt, unsupported.
Result<ExecutorchLlama> find_llama(const ExecutorchProgram& program, const LlamaConfig& config, std::string_view who);

// The rotary scaling that the tables of angles have. Errors: unsupported (not Llama 3's rule from these tables' theta).
Result<std::optional<RopeScaling>> scaling_of(const ExecutorchLlama& llama, const LlamaConfig& config,
                                              std::string_view who);

// A quantised matrix as blocks, Q4_0 or Q8_0.
Result<BlockTensor> blocks_of(const ExecutorchLlama::Named& matrix);

}  // namespace cria
