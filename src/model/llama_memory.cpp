// What a pass needs of memory, and models without numbers that can be asked for it.
#include <algorithm>

#include "model/checkpoint.h"
#include "model/llama.h"
#include "model/packed_weights.h"
#include "ops/product.h"

namespace cria {
namespace {

// An arena's bytes, counted in the order in which a pass allocates them.
class Counter {
public:
    Counter(const Kernels& kernels, std::int64_t rows) : kernels_(kernels), rows_(rows) {}

    void allocate(std::int64_t columns, std::int64_t rows) {
        used_ += Arena::padded(static_cast<std::size_t>(rows * columns) * sizeof(float));
        most_ = std::max(most_, used_);
    }
    void allocate(std::int64_t columns) { allocate(columns, rows_); }
    // linear() of so many rows.
    void linear(const Weight& weight, std::int64_t rows) {
        allocate(weight.rows(), rows);
        linear_onto(weight, rows);
    }
    void linear(const Weight& weight) { linear(weight, rows_); }
    void linear_onto(const Weight& weight, std::int64_t rows) {
        beside(form_of(weight), rows);
        if (weight.low_rank == nullptr) return;
        allocate(weight.low_rank->down.rows(), rows);
        beside(form_of(weight.low_rank->down), rows);
        beside(form_of(weight.low_rank->up), rows);
    }
    void linear_onto(const Weight& weight) { linear_onto(weight, rows_); }
    std::size_t used() const { return used_; }
    void rewind(std::size_t used) { used_ = used; }
    std::size_t most() const { return most_; }

private:
    void beside(const WeightForm& form, std::int64_t rows) {
        most_ = std::max(most_, used_ + product_scratch(kernels_, form, rows));
    }

    const Kernels& kernels_;
    std::int64_t rows_;
    std::size_t used_ = 0, most_ = 0;
};

}  // namespace

// In the order of forward(), layer() and logits().
std::size_t Llama::pass_bytes(const Kernels& kernels, std::int64_t rows, std::int64_t logit_rows) const {
    Counter counter(kernels, rows);
    counter.allocate(config_.width);
    for (const LlamaLayer& w : layers_) {
        const std::size_t mark = counter.used();
        if (!takes_made_rows(w.qkv)) counter.allocate(config_.width);
        counter.linear(w.qkv);
        counter.allocate(config_.query_width());
        counter.linear_onto(w.attention_out);
        if (!takes_made_rows(w.gate_up)) counter.allocate(config_.width);
        counter.linear(w.gate_up);
        if (config_.rotates_ffn || !takes_made_rows(w.down)) counter.allocate(config_.ffn_width);
        if (config_.rotates_ffn) counter.allocate(config_.ffn_width);
        counter.linear_onto(w.down);
        counter.rewind(mark);
    }
    counter.allocate(config_.width);
    counter.linear(head(), logit_rows);
    if (!config_.output_ids.empty()) counter.allocate(config_.vocabulary, logit_rows);
    return counter.most();
}

Result<Llama> Llama::outline(const LlamaConfig& config, const Checkpoint& checkpoint, std::int64_t lanes) {
    Llama model = CRIA_TRY(empty(config, "the configuration"));
    for (const Parameter& parameter : model.parameters()) {
        Weight& weight = *parameter.weight;
        const auto parts = std::ssize(parameter.names);
        const std::vector<ElementType> packed =
            lanes > 0 ? packed_types(parameter, checkpoint) : std::vector<ElementType>();
        DType type = checkpoint.number_type(parameter.names.front());
        for (std::size_t i = 0; i < parameter.names.size(); ++i) {
            const Shape shape = parameter.part_shape(i);
            if (!packed.empty())
                weight.packed.push_back({packed[i], shape.rows(), shape.last(), lanes, Tensor()});
            else if (checkpoint.number_type(parameter.names[i]) != type)
                type = DType::f32;
        }
        if (packed.empty()) weight.value = Tensor(type, parameter.shape, nullptr);
        if (config.lora_rank == 0 || !parameter.is_in_a_layer()) continue;
        auto low_rank = std::make_shared<LowRank>();
        low_rank->down.value = Tensor(DType::f32, Shape{parts * config.lora_rank, parameter.shape.last()}, nullptr);
        low_rank->up.value = Tensor(DType::f32, Shape{parameter.shape.rows(), parts * config.lora_rank}, nullptr);
        weight.low_rank = std::move(low_rank);
    }
    return model;
}

}  // namespace cria
