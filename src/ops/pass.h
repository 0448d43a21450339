// A pass: one run of a model over a batch of rows, either to infer or to train.
//
// Model code calls operations (ops/ops.h) on a pass and does not know which kind it is. An inference
// pass draws activations from an arena and forgets them. A training pass also writes a tape: one record
// per operation with what its gradient needs, walked backwards by backward().
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "kernels/kernels.h"
#include "tensor/arena.h"
#include "tensor/tensor.h"
#include "tensor/thread_pool.h"

namespace cria {

// Where computing happens: the threads and the kernels. Outlives all passes that use it.
struct Compute {
    ThreadPool& pool;
    const Kernels& kernels;
};

class Tape;

// An activation, [rows, features] in f32, and its place on the tape (-1: nothing depends on a gradient).
struct Value {
    Tensor tensor;
    int node = -1;
    std::int64_t rows() const { return tensor.rows(); }
    std::int64_t columns() const { return tensor.columns(); }
};

// Some rows of a weight, packed for the kernels that a pass will use: quantised blocks (kernels/packed.h), or numbers
// in bf16 or f16 (kernels/tiled.h).
struct PackedPart {
    ElementType type;
    std::int64_t rows, columns, lanes;
    Tensor bytes;  // memory, or a view of a file
    bool quantised() const { return std::holds_alternative<BlockType>(type); }
    PackedRows blocks() const {
        return {std::get<BlockType>(type), rows, columns, lanes, static_cast<const std::byte*>(bytes.raw())};
    }
    TiledRows numbers() const {
        return {std::get<DType>(type), rows, columns, lanes, static_cast<const std::byte*>(bytes.raw())};
    }
    std::int64_t tiles() const { return (rows + lanes - 1) / lanes; }
    void read_row(std::int64_t row, float* to) const;
};

// A matrix [out, in] that linear() multiplies by, or a vector (a norm's scale, a bias; always f32). `gradient` (f32,
// the same shape) is added to by backward(); an empty one means frozen. A matrix may be packed: then `packed` holds it,
// part below part, all quantised or all of one type of numbers, `value` is empty, and it is frozen. Products with
// blocks round the activations to eight bits; with bf16 numbers to bf16, where the processor multiplies pairs of them.
struct LowRank;
struct Weight {
    Tensor value{};  // f32, bf16 or f16
    Tensor gradient{};
    std::vector<PackedPart> packed{};
    std::shared_ptr<const LowRank> low_rank{};  // of a frozen matrix: what linear() adds to its product

    bool trainable() const { return !gradient.empty(); }
    std::int64_t rows() const;
    std::int64_t columns() const { return packed.empty() ? value.columns() : packed.front().columns; }
};

// x -> (x down^T) up^T, down [rank, in], up [out, rank] with the scale in it (LoRA, Hu et al. 2021).
struct LowRank {
    Weight down{}, up{};
};

class Pass {
public:
    // `tape` null: inference.
    Pass(Compute compute, Arena& arena, Tape* tape = nullptr)
        : compute_(compute), arena_(arena), tape_(tape), rounds_as_training_(tape != nullptr) {}
    // The same numbers without a tape: what a training pass forgets and computes again.
    Pass without_tape() const {
        Pass pass(compute_, arena_);
        pass.rounds_as_training_ = rounds_as_training_;
        return pass;
    }

    const Compute& compute() const { return compute_; }
    const Kernels& kernels() const { return compute_.kernels; }
    ThreadPool& pool() const { return compute_.pool; }
    Arena& arena() const { return arena_; }
    // Uninitialised activations, alive until the arena is reset.
    Tensor allocate(Shape shape) const { return arena_.tensor(DType::f32, shape); }
    bool training() const { return tape_ != nullptr; }
    // Products may add in another order in inference (ops/product.h).
    bool rounds_as_training() const { return rounds_as_training_; }
    Tape* tape() const { return tape_; }

private:
    Compute compute_;
    Arena& arena_;
    Tape* tape_;
    bool rounds_as_training_;
};

}  // namespace cria
