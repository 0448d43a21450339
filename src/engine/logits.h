// The raw scores of a model for a sequence of tokens.
#pragma once

#include <span>

#include "base/result.h"
#include "model/llama.h"
#include "text/tokenizer.h"

namespace cria {

// Logits [ids, vocabulary] of a whole sequence; row i scores what may follow id i. In passes of some hundred rows, or
// with `stepwise` of one id at a time, as an answer is made. invalid_input when there are no ids, more than the model's
// context, or ids outside of the vocabulary.
Result<Tensor> sequence_logits(const Llama& model, Compute compute, std::span<const TokenId> ids, bool stepwise);

}  // namespace cria
