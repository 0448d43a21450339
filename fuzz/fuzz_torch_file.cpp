// Any bytes as a PyTorch checkpoint, and as the pickle within one: an error with a message, or tensors whose every byte
// can be read. Nothing is ever run.
#include <cstdint>
#include <memory>
#include <vector>

#include "store/pickle.h"
#include "store/torch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const auto bytes = std::make_shared<std::vector<std::byte>>(size);
    for (std::size_t i = 0; i < size; ++i) (*bytes)[i] = std::byte{data[i]};
    const auto tensors = parse_torch_file(*bytes, bytes, "input");
    if (!tensors) {
        CRIA_ASSERT(tensors.error().message.starts_with("input: "));
    } else {
        unsigned sum = 0;
        for (const auto& [name, tensor] : *tensors) {
            const auto* first = static_cast<const std::uint8_t*>(tensor.raw());
            for (std::size_t i = 0; i < tensor.bytes(); ++i) sum += first[i];
        }
        CRIA_ASSERT(sum < UINT32_MAX);
    }
    const auto pickled = read_state_dict(*bytes, "input");
    CRIA_ASSERT(pickled || pickled.error().message.starts_with("input: "));
    return 0;
}
