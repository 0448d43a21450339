// Activation checkpointing (Chen et al. 2016): activations of a part are computed again on the way back.
#include <cstring>

#include "ops/ops.h"
#include "ops/tape.h"

namespace cria {
namespace {

using Body = std::function<Value(Pass&, const Value&)>;

void recompute(Pass& pass, int node, const Value& x, const Body& body) {
    GradientSlot slot = x.node >= 0 ? pass.tape()->slot(pass, x) : GradientSlot{{}, false};
    const Arena::Mark mark = pass.arena().mark();
    Tape tape;
    Pass again(pass.compute(), pass.arena(), &tape);
    const Value start = x.node >= 0 ? tape.leaf(x.tensor, slot) : Value{x.tensor};
    const Value y = body(again, start);
    if (y.node >= 0) {
        tape.seed(y, pass.tape()->gradient(node));
        tape.walk_back(again);
    }
    pass.arena().rewind(mark);
}

// Keeps the result alone: moves it down to where the body's activations began.
Tensor run_and_forget(const Pass& pass, const Value& x, const Body& body) {
    Pass untaped = pass.without_tape();
    const Arena::Mark mark = pass.arena().mark();
    const Tensor y = body(untaped, {x.tensor}).tensor;
    pass.arena().rewind(mark);
    const Tensor kept = pass.allocate(y.shape());
    std::memmove(kept.f32(), y.f32(), y.bytes());
    return kept;
}

}  // namespace

Value checkpoint(Pass& pass, const Value& x, std::function<Value(Pass&, const Value&)> body) {
    if (!pass.training()) return body(pass, x);
    const Tensor y = run_and_forget(pass, x, body);
    return pass.tape()->record(y,
                               [x, body = std::move(body)](Pass& back, int node) { recompute(back, node, x, body); });
}

}  // namespace cria
