#include "ops/tape.h"

#include <algorithm>
#include <cstring>

#include "ops/ops.h"
#include "ops/parallel.h"

namespace cria {

Value Tape::record(Tensor value, Backward backward) {
    nodes_.push_back({.shape = value.shape(), .backward = std::move(backward), .gradient = {}});
    return {std::move(value), static_cast<int>(nodes_.size()) - 1};
}

Value Tape::leaf(Tensor value, GradientSlot gradient) {
    CRIA_ASSERT(gradient.tensor.elements() == value.elements());
    nodes_.push_back({.shape = value.shape(),
                      .backward = {},
                      .gradient = {gradient.tensor.f32(), gradient.tensor.elements()},
                      .filled = gradient.filled,
                      .owned_elsewhere = true});
    return {std::move(value), static_cast<int>(nodes_.size()) - 1};
}

void Tape::clear() {
    nodes_.clear();
    free_.clear();
}

Tensor Tape::gradient(int node) const {
    CRIA_ASSERT(at(node).filled);
    return {DType::f32, at(node).shape, at(node).gradient.data};
}

GradientSlot Tape::slot(Pass& pass, const Value& x) {
    Node& node = at(x.node);
    if (node.gradient.data == nullptr) node.gradient = take_buffer(pass, node.shape.elements());
    const bool filled = node.filled;
    node.filled = true;
    return {{DType::f32, node.shape, node.gradient.data}, filled};
}

void Tape::give(Pass& pass, int node, const Value& to) {
    Node& source = at(node);
    Node& target = at(to.node);
    CRIA_ASSERT(source.filled && source.shape.elements() == target.shape.elements());
    if (target.gradient.data == nullptr && !source.owned_elsewhere) {
        target.gradient = source.gradient;
        target.filled = true;
        source.gradient = {};
        return;
    }
    const GradientSlot slot = this->slot(pass, to);
    const float* from = source.gradient.data;
    float* into = slot.tensor.f32();
    parallel_ranges(pass, source.shape.elements(), 1, [&](std::int64_t first, std::int64_t last) {
        if (slot.filled)
            pass.kernels().add(into + first, from + first, last - first, into + first);
        else
            std::memcpy(into + first, from + first, static_cast<std::size_t>(last - first) * sizeof(float));
    });
}

void Tape::seed(const Value& value, const Tensor& gradient) {
    Node& node = at(value.node);
    CRIA_ASSERT(!node.filled && gradient.elements() == node.shape.elements());
    node.gradient = {gradient.f32(), gradient.elements()};
    node.filled = true;
}

void Tape::walk_back(Pass& pass) {
    for (int i = static_cast<int>(nodes_.size()) - 1; i >= 0; --i) {
        if (at(i).filled && at(i).backward) at(i).backward(pass, i);
        release(at(i));
    }
}

Tape::Buffer Tape::take_buffer(Pass& pass, std::int64_t elements) {
    auto best = free_.end();
    for (auto it = free_.begin(); it != free_.end(); ++it)
        if (it->elements >= elements && (best == free_.end() || it->elements < best->elements)) best = it;
    if (best == free_.end()) return {pass.allocate(Shape{elements}).f32(), elements};
    const Buffer buffer = *best;
    free_.erase(best);
    return buffer;
}

void Tape::release(Node& node) {
    if (node.gradient.data != nullptr && !node.owned_elsewhere) free_.push_back(node.gradient);
    node.gradient = {};
    node.filled = false;
}

void backward(Pass& pass) {
    CRIA_ASSERT(pass.training());
    pass.tape()->walk_back(pass);
}

}  // namespace cria
