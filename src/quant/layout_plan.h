// The tensors of a model in the order and under the names of a layout, and what a folder holds beside them.
#pragma once

#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "quant/tensor_export.h"
#include "store/model_folder.h"

namespace cria {

// Of hugging_face or meta, every tensor in `dtype`. Meta's files hold a head also where it is tied.
std::vector<TensorPlan> plan_layout(const LlamaConfig& config, ModelFormat format, DType dtype);

// Meta's params.json, with what Meta leaves unsaid in keys of our own (model/model_files.h); `group`: that of a
// quantised release, 0 of others.
Status write_meta_config(Os& os, const Path& folder, const LlamaConfig& config, std::int64_t group = 0);

// system.txt, where the source has one.
Status carry_system_message(Os& os, const ModelFiles& from, const Path& folder);

}  // namespace cria
