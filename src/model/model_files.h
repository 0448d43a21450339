// What the files of a model say beside its weights, whatever their layout (store/model_folder.h).
#pragma once

#include "base/os.h"
#include "base/result.h"
#include "model/config.h"
#include "store/model_folder.h"
#include "text/tokenizer.h"

namespace cria {

// config.json, params.json or the metadata of a GGUF file, checked. Where a layout leaves something unsaid, it is what
// the released models of that size are: Meta's params.json has no context (131,072 with scaled rope, else 8,192), no
// factor of the scaling (32 for 1B and 3B, else 8), and does not say whether embeddings are tied (1B and 3B are);
// quantised ones never are. max_seq_len, rope_scaling_factor and tied_embeddings say so where quant/convert.h has
// written it. Beside a program of ExecuTorch, the program itself says the scaling, and which tokens its output has.
Result<LlamaConfig> read_config(Os& os, const ModelFiles& files);

// Writes config.json into `folder`, with the type of the weights beside it.
Status write_config_json(Os& os, const Path& folder, const LlamaConfig& config, DType dtype);

// The tokenizer beside the weights, or within the GGUF file.
Result<Tokenizer> read_tokenizer(Os& os, const ModelFiles& files);

}  // namespace cria
