// The pickles of state dicts, read without running anything: see torch_file.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tensor/tensor.h"

namespace cria {

// A tensor as a pickle describes it: `shape` elements of `dtype`, row-major and without gaps, from element `offset` of
// the storage of `storage_elements` elements that the archive holds under `storage`.
struct PickledTensor {
    std::string name;
    DType dtype = DType::f32;
    Shape shape;
    std::string storage;
    std::int64_t storage_elements = 0;
    std::int64_t offset = 0;
};

// The tensors of the state dict that `pickle` (protocols 2 to 5) makes, in its order. Errors begin with `who`.
Result<std::vector<PickledTensor>> read_state_dict(std::span<const std::byte> pickle, std::string_view who);

}  // namespace cria
