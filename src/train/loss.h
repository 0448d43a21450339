// The loss of packed documents and its gradients.
#pragma once

#include "model/llama.h"
#include "ops/tape.h"
#include "train/data.h"

namespace cria {

// Memory that passes use again and again. One thread at a time.
struct PassMemory {
    Arena arena{};
    Tape tape{};
};

// The mean loss (natural log) over the step's weighted targets, for any number of passes the same but for
// rounding: each pass counts by its targets. The first also adds the mean's gradients to the weights'.
double loss_with_gradients(const Compute& compute, PassMemory& memory, const Llama& model, const StepBatch& step);
double loss_only(const Compute& compute, PassMemory& memory, const Llama& model, const StepBatch& step);

}  // namespace cria
