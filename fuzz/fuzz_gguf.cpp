// Any bytes as a GGUF file: an error with a message, or metadata and tensors whose every byte can be read.
#include <cstdint>
#include <memory>
#include <vector>

#include "store/gguf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const auto bytes = std::make_shared<std::vector<std::byte>>(size);
    for (std::size_t i = 0; i < size; ++i) (*bytes)[i] = std::byte{data[i]};
    const auto file = parse_gguf(*bytes, bytes, "input");
    if (!file) {
        CRIA_ASSERT(file.error().message.starts_with("input: "));
        CRIA_ASSERT(file.error().kind == ErrorKind::corrupt || file.error().kind == ErrorKind::unsupported);
        return 0;
    }
    for (const GgufEntry& entry : file->entries()) {
        if (const auto* block = std::get_if<BlockType>(&entry.type)) {
            std::vector<float> values(static_cast<std::size_t>(entry.shape.elements()));
            dequantize(*block, file->bytes(entry), values);
        } else {
            CRIA_ASSERT(file->tensor(entry).bytes() == entry.bytes);
        }
    }
    return 0;
}
