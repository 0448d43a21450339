// Any bytes as a safetensors file: an error with a message, or tensors whose every byte can be read.
#include <cstdint>
#include <memory>
#include <vector>

#include "store/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const auto bytes = std::make_shared<std::vector<std::byte>>(size);
    for (std::size_t i = 0; i < size; ++i) (*bytes)[i] = std::byte{data[i]};
    const auto file = parse_safetensors(*bytes, bytes, "input");
    if (!file) {
        CRIA_ASSERT(file.error().message.starts_with("input: "));
        CRIA_ASSERT(file.error().kind == ErrorKind::corrupt || file.error().kind == ErrorKind::unsupported);
        return 0;
    }
    std::size_t total = 0;
    unsigned sum = 0;
    for (const SafetensorsEntry& entry : file->entries()) {
        const Tensor tensor = *file->tensor(entry.name);
        const auto* first = static_cast<const std::uint8_t*>(tensor.raw());
        for (std::size_t i = 0; i < tensor.bytes(); ++i) sum += first[i];
        total += tensor.bytes();
    }
    CRIA_ASSERT(total <= size && sum <= 255 * total);
    return 0;
}
