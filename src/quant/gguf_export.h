// Writing a model as one GGUF file that llama.cpp opens, from whatever layout it comes in, tensor by tensor: memory
// holds one tensor at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "ops/pass.h"
#include "quant/tensor_export.h"
#include "store/model_folder.h"

namespace cria {

// "f32", "bf16", "f16", "q8_0", "q4_0", "q4_k_m", "q5_k_m", "q6_k": what the matrices become. As llama.cpp mixes them:
// the head (or the embedding, where tied) takes q6_k beside the smaller ones; in the _m mixtures attn_v and ffn_down of
// some layers do; norms stay f32. Rows that are no whole number of blocks of 256 take q8_0, or f16 where 32 does not
// fit either.
std::vector<std::string_view> export_types();

// Errors: those of reading; invalid_input (an unknown type); cancelled; no_space, io; the file appears only when it is
// whole.
Status export_gguf(Os& os, const ModelFiles& from, const Path& to, std::string_view type, const Compute& compute,
                   OnTensor on_tensor);

}  // namespace cria
