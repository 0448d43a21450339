// What a run starts from: its tokenizer and its model.
#pragma once

#include "base/os.h"
#include "base/result.h"
#include "model/llama.h"
#include "text/tokenizer.h"
#include "train/data.h"
#include "train/recipe.h"

namespace cria {

// Loads the recipe's tokenizer, or trains it on the stream's texts and writes it to `trained`. When `reuse`
// and that file is there, it is loaded instead.
Result<Tokenizer> make_tokenizer(Os& os, const Recipe& recipe, DataStream& stream, const Path& trained, bool reuse);

// The recipe's model with trainable f32 weights, fitting the tokenizer and the context.
Result<Llama> make_model(Os& os, const Recipe& recipe, const Tokenizer& tokenizer);

// Floating-point operations of one step with gradients: 6 for each weight of a matrix product and row that
// goes through it, 12 for each pair of positions, head feature and layer of attention.
double step_flops(const LlamaConfig& config, const StepBatch& batch);

}  // namespace cria
