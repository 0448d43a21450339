// Conversations that teach a new model to copy: random tokens of the whole vocabulary, to be repeated, or to
// be found by the key that stands before them.
//
// What a model made from nothing lacks longest is the circuit that looks up an earlier place and copies what
// followed there (Olsson et al., "In-context Learning and Induction Heads", 2022). Text teaches it slowly, and
// for frequent tokens; here every token of an answer can be copied and none can be known.
#pragma once

#include <cstdint>
#include <memory>

#include "train/data.h"

namespace cria {

// A pure function of (seed, index), once prepared.
std::unique_ptr<DataSource> make_copy_source(std::uint64_t seed);

}  // namespace cria
