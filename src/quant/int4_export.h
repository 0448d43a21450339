// Meta's scheme for phones: models in the form of its quantised releases (model/meta_int4.h).
#pragma once

#include "base/os.h"
#include "base/result.h"
#include "ops/pass.h"
#include "quant/tensor_export.h"
#include "store/model_folder.h"

namespace cria {

// Makes the folder `to` in Meta's layout, with matrices of the layers in four bits and a scale for each 32 numbers, the
// same numbers as a GGUF file in Q4_0 has; embedding and output in eight bits with a scale for each row. Scales are f32
// that f16 holds exactly. Memory holds one tensor at a time, and the weights come last; a later run goes on
// with an interrupted file. Errors: as of convert_model;
// unsupported where a row is no multiple of 32.
Status write_meta_int4(Os& os, const ModelFiles& from, const Path& to, const Compute& compute, OnTensor on_tensor);

}  // namespace cria
