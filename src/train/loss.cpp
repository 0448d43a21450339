#include "train/loss.h"

namespace cria {
namespace {

double mean_loss(const Compute& compute, PassMemory& memory, const Llama& model, const StepBatch& step, Tape* tape) {
    double loss = 0;
    for (const MicroBatch& batch : step.passes) {
        Pass pass(compute, memory.arena, tape);
        const Value hidden = model.forward(pass, batch.ids, Attendance{batch.runs});
        for (const MicroBatch::Targets& targets : batch.targets) {
            const double share = static_cast<double>(targets.weight) / step.target_weight;
            loss += share * cross_entropy(pass, hidden, model.head(), targets.ids, share);
        }
        if (tape != nullptr) {
            backward(pass);
            tape->clear();
        }
        memory.arena.reset();
    }
    return loss;
}

}  // namespace

double loss_with_gradients(const Compute& compute, PassMemory& memory, const Llama& model, const StepBatch& step) {
    return mean_loss(compute, memory, model, step, &memory.tape);
}

double loss_only(const Compute& compute, PassMemory& memory, const Llama& model, const StepBatch& step) {
    return mean_loss(compute, memory, model, step, nullptr);
}

}  // namespace cria
