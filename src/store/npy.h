// NumPy's .npy files, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include "base/os.h"
#include "tensor/tensor.h"

namespace cria {

// Writes an f32 tensor of any rank, little-endian, in C order; replaces `path` in one step.
Status write_npy(Os& os, const Path& path, const Tensor& tensor);

}  // namespace cria
