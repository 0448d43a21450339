// Meta's quantised checkpoints (SpinQuant and QLoRA releases of Llama 3.2 1B and 3B): int8 tensors with scales beside
// them. Source: Meta's package llama-models 0.3.0, models/llama3/quantization.
//
//     NAME.weight  int8 [out, in], numbers of four bits, -8 to 7    NAME.scales  [out, in / group]
//     tok_embeddings.weight, output.weight  int8 [vocabulary, in]   NAME.scales  [vocabulary] or [vocabulary, 1]
//     NAME.zeros   where it is there, all zero
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "model/int4_blocks.h"
#include "tensor/tensor.h"

namespace cria {

// The same numbers as blocks: Q4_0, and Q8_0 for embedding and output. A group is a whole number of blocks, and its
// scale is rounded to f16 (which holds the released bf16 scales from 8e-6 on).
// Errors: corrupt (numbers beyond four bits, shapes that do not fit, scales that are no numbers), unsupported (zero
// points, groups that are no multiple of 32).
Result<BlockTensor> blocks_of_meta_int4(const std::string& name, const Tensor& weight,
                                        const std::map<std::string, Tensor>& all);

}  // namespace cria
