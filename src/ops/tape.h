// The tape of a training pass: what backward() needs, in the order in which it was computed.
//
// Each recorded value is a node with a function that turns the gradient of the value into gradients of its
// inputs and weights. Gradients of activations live in the pass's arena; the buffer of a value whose
// gradient has been used up serves later ones, so that the way back needs a handful of buffers, whatever
// the depth of the model.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ops/pass.h"

namespace cria {

// Where an operation puts the gradient of one of its inputs.
struct GradientSlot {
    Tensor tensor;
    bool filled;  // others have contributed: add to it; otherwise overwrite all of it
};

// One owner, one thread. clear() it before the arena of its pass is reset.
class Tape {
public:
    // Called at most once, with the node of the value; its gradient is gradient(node).
    using Backward = std::function<void(Pass& pass, int node)>;

    Value record(Tensor value, Backward backward);
    // A value that others own: its gradient is added to (or, if not yet `filled`, written to) `gradient`.
    Value leaf(Tensor value, GradientSlot gradient);
    void clear();

    Tensor gradient(int node) const;
    bool reached(int node) const { return at(node).filled; }
    // The buffer for the gradient of `x`, from now on filled.
    GradientSlot slot(Pass& pass, const Value& x);
    // Adds all of the gradient of `node` to that of `to`, without a copy where `to` has none yet.
    // The last use of gradient(node).
    void give(Pass& pass, int node, const Value& to);
    // Starts the way back at `value`, whose gradient becomes `gradient`: its memory, which the caller keeps
    // alive, is used up.
    void seed(const Value& value, const Tensor& gradient);
    // Walks from the last record to the first.
    void walk_back(Pass& pass);

private:
    struct Buffer {
        float* data = nullptr;
        std::int64_t elements = 0;
    };
    struct Node {
        Shape shape;
        Backward backward;
        Buffer gradient;
        bool filled = false;
        bool owned_elsewhere = false;
    };

    const Node& at(int node) const { return nodes_[static_cast<std::size_t>(node)]; }
    Node& at(int node) { return nodes_[static_cast<std::size_t>(node)]; }
    Buffer take_buffer(Pass& pass, std::int64_t elements);
    void release(Node& node);

    std::vector<Node> nodes_;
    std::vector<Buffer> free_;
};

}  // namespace cria
