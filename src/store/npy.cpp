#include "store/npy.h"

#include <fmt/format.h>

namespace cria {
namespace {

constexpr std::size_t kArrayAlignment = 64;  // of the data's start, as the format asks

// Python's tuple: "()", "(3,)", "(2, 3)".
std::string tuple_text(const Shape& shape) {
    std::string text = "(";
    for (int axis = 0; axis < shape.rank(); ++axis) text += fmt::format("{}{}", axis == 0 ? "" : ", ", shape[axis]);
    return text + (shape.rank() == 1 ? ",)" : ")");
}

}  // namespace

Status write_npy(Os& os, const Path& path, const Tensor& tensor) {
    CRIA_ASSERT(tensor.dtype() == DType::f32);
    constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
    std::string header =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': {}, }}", tuple_text(tensor.shape()));
    const std::size_t unpadded = kMagic.size() + 2 + header.size() + 1;
    header.append((kArrayAlignment - unpadded % kArrayAlignment) % kArrayAlignment, ' ');
    header += '\n';
    std::string head(kMagic);
    head += static_cast<char>(header.size() & 0xff);
    head += static_cast<char>(header.size() >> 8);
    head += header;
    return write_atomically(os, path, [&](File& file) -> Status {
        CRIA_TRY(file.append(as_bytes(head)));
        return file.append({static_cast<const std::byte*>(tensor.raw()), tensor.bytes()});
    });
}

}  // namespace cria
