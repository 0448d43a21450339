// Conversations that teach a new model to copy: random tokens, to be repeated, or to be found by the key that
// stands before them.
//
// What a model made from nothing lacks longest is the circuit that looks up an earlier place and copies what
// followed there (Olsson et al., "In-context Learning and Induction Heads", 2022). Text teaches it slowly, and
// for frequent tokens; here every token of an answer can be copied and none can be known. Over a small alphabet
// the circuit appears sooner, and for those tokens only (docs/decisions/0004-demo-model.md).
#pragma once

#include <cstdint>
#include <memory>

#include "train/data.h"
#include "train/recipe.h"

namespace cria {

// A pure function of the recipe's seed, alphabet and doubling, and of the index, once prepared.
std::unique_ptr<DataSource> make_copy_source(const DataRecipe& recipe);

}  // namespace cria
