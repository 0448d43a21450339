// The small Llama that the benches measure: about 7.4 million parameters.
#pragma once

#include <cstdio>
#include <cstdlib>

#include "model/llama.h"

namespace cria {

inline LlamaConfig small_llama_config() {
    LlamaConfig config;
    config.layers = 8;
    config.width = 256;
    config.heads = 8;
    config.kv_heads = 4;
    config.head_dim = 32;
    config.ffn_width = 768;
    config.vocabulary = 4096;
    config.context = 2048;
    config.tied_embeddings = true;
    config.bos_id = 0;
    config.eos_ids = {1};
    return config;
}

inline Llama small_llama(DType dtype, bool trainable) {
    auto model = Llama::random(small_llama_config(), 1, dtype, trainable);
    if (!model) {
        std::fprintf(stderr, "%s\n", model.error().message.c_str());
        std::exit(1);
    }
    return std::move(*model);
}

}  // namespace cria
