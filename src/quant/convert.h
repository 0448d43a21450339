// A model in another layout: safetensors as Hugging Face has them, or Meta's consolidated.00.pth. (GGUF:
// gguf_export.h.) Configuration and tokenizer come along; memory holds one tensor at a time.
#pragma once

#include <optional>

#include "base/os.h"
#include "base/result.h"
#include "ops/pass.h"
#include "quant/tensor_export.h"
#include "store/model_folder.h"

namespace cria {

// The type of a model's numbers, which is that of its embedding. Errors: invalid_input where it is quantised.
Result<DType> source_dtype(Os& os, const ModelFiles& from);

// Makes the folder `to` (or fills one that is there) with
//     hugging_face  model.safetensors, config.json, tokenizer.json, and generation_config.json where the source has one
//     meta          consolidated.00.pth, params.json, tokenizer.model
// and system.txt, the system message of conversations that bring none, where the source has one.
// The weights come last and each file appears only when it is whole. `dtype`: f32, bf16 or f16 for every tensor;
// without it source_dtype(). What Meta's layout leaves unsaid (whether embeddings are tied, a context) is said in the
// way that its reader here understands; its own code ignores it. Errors: those of reading; invalid_input (a quantised
// source without a dtype); cancelled; no_space, io.
Status convert_model(Os& os, const ModelFiles& from, const Path& to, ModelFormat format, std::optional<DType> dtype,
                     const Compute& compute, OnTensor on_tensor);

}  // namespace cria
