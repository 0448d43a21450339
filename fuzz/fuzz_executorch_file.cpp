// Any bytes as a program of ExecuTorch: an error with a message, or constants whose every byte can be read, among which
// a Llama is looked for.
#include <cstdint>
#include <memory>
#include <vector>

#include "model/executorch_weights.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace cria;
    const auto bytes = std::make_shared<std::vector<std::byte>>(size);
    for (std::size_t i = 0; i < size; ++i) (*bytes)[i] = std::byte{data[i]};
    const auto program = parse_executorch(*bytes, bytes, "input");
    if (!program) {
        CRIA_ASSERT(program.error().message.starts_with("input: "));
        return 0;
    }
    unsigned sum = 0;
    for (const auto& [value, constant] : program->constants)
        for (const auto& part : {constant.bytes, constant.scales})
            for (const std::byte b : part) sum += std::to_integer<unsigned>(b);
    CRIA_ASSERT(sum < UINT32_MAX);
    LlamaConfig config;
    config.layers = 1, config.width = 32, config.heads = 1, config.kv_heads = 1, config.head_dim = 32;
    config.ffn_width = 32, config.vocabulary = 8;
    const auto llama = find_llama(*program, config, "input");
    CRIA_ASSERT(llama || llama.error().message.starts_with("input: "));
    if (!llama) return 0;
    for (const auto& named : llama->tensors)
        if (named.constant.group > 0) static_cast<void>(blocks_of(named));
    static_cast<void>(scaling_of(*llama, config, "input"));
    return 0;
}
