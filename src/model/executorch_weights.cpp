#include "model/executorch_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace cria {
namespace {

constexpr std::size_t kLongestWay = 64;    // operations that only move a value, one after the other
constexpr std::size_t kMostReached = 256;  // values followed to see what becomes of one
constexpr std::size_t kMostUses = 4096;    // and operations on them

// Operations that hand values on as they are, whole or in part, in another shape, order or precision.
constexpr std::array<std::string_view, 28> kMoves{
    "move",
    "executorch_prim::et_view",
    "aten::view_copy",
    "aten::_unsafe_view",
    "aten::reshape",
    "aten::slice_copy",
    "aten::select_copy",
    "aten::unbind_copy",
    "aten::split_copy",
    "aten::split_with_sizes_copy",
    "aten::squeeze_copy",
    "aten::unsqueeze_copy",
    "aten::permute_copy",
    "aten::transpose_copy",
    "aten::expand_copy",
    "aten::clone",
    "aten::alias_copy",
    "aten::detach_copy",
    "aten::lift_fresh_copy",
    "aten::_to_copy",
    "aten::to",
    "dim_order_ops::_to_dim_order_copy",
    "dim_order_ops::_clone_dim_order",
    "xnn::convert",
    "xnn::copy",
    "xnn::static_transpose",
    "xnn::static_reshape",
    "xnn::static_slice",
};

bool is_move(const std::string& name) { return std::ranges::find(kMoves, name) != kMoves.end(); }
bool is_product(const std::string& name) { return name == "xnn::fully_connected"; }
bool multiplies(const std::string& name) { return name == "aten::mul" || name == "xnn::multiply"; }
bool is_sigmoid(const std::string& name) {
    return name == "aten::sigmoid" || name == "xnn::sigmoid" || name == "aten::silu";
}

float number_at(ExecutorchType type, std::span<const std::byte> bytes, std::size_t i) {
    const auto read = [&]<class T>(T) {
        T value;
        std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
        return value;
    };
    switch (type) {
        case ExecutorchType::f32: return read(float{});
        case ExecutorchType::f16: return to_f32(read(F16{}));
        case ExecutorchType::bf16: return to_f32(read(BF16{}));
        default: return std::numeric_limits<float>::quiet_NaN();
    }
}

bool is_real(ExecutorchType type) {
    return type == ExecutorchType::f32 || type == ExecutorchType::f16 || type == ExecutorchType::bf16;
}

// Where values come from and go to.
class Flow {
public:
    explicit Flow(const ExecutorchProgram& program) : program_(program) {
        for (const ExecutorchOperation& operation : program.operations) {
            for (const std::int32_t value : operation.outputs) made_by_.try_emplace(value, &operation);
            for (const std::int32_t value : operation.inputs) used_by_[value].push_back(&operation);
        }
    }

    // The value that this one was before it was only moved.
    std::int32_t origin(std::int32_t value) const {
        for (std::size_t step = 0; step < kLongestWay; ++step) {
            const ExecutorchOperation* maker = maker_of(value);
            if (maker == nullptr || !is_move(maker->name) || maker->inputs.empty()) return value;
            value = maker->inputs.front();
        }
        return value;
    }
    const ExecutorchOperation* maker_of(std::int32_t value) const {
        const auto it = made_by_.find(value);
        return it == made_by_.end() ? nullptr : it->second;
    }
    const ExecutorchConstant* constant(std::int32_t value) const {
        const auto it = program_.constants.find(origin(value));
        return it == program_.constants.end() ? nullptr : &it->second;
    }
    // Whether the first operations that do more than move the value are such as `wanted` says, one of them at least.
    template <class Wanted>
    bool reaches(std::int32_t value, Wanted wanted) const {
        return first_use(value, wanted) != nullptr;
    }
    template <class Wanted>
    const ExecutorchOperation* first_use(std::int32_t value, Wanted wanted) const {
        std::set<std::int32_t> seen{value};
        std::vector<std::int32_t> front{value};
        std::size_t looked_at = 0;
        while (!front.empty() && seen.size() < kMostReached) {
            const auto uses = used_by_.find(front.back());
            front.pop_back();
            if (uses == used_by_.end()) continue;
            for (const ExecutorchOperation* use : uses->second) {
                if (wanted(use->name)) return use;
                if (++looked_at > kMostUses) return nullptr;
                if (!is_move(use->name)) continue;
                for (const std::int32_t next : use->outputs)
                    if (seen.insert(next).second) front.push_back(next);
            }
        }
        return nullptr;
    }

private:
    const ExecutorchProgram& program_;
    std::map<std::int32_t, const ExecutorchOperation*> made_by_;
    std::map<std::int32_t, std::vector<const ExecutorchOperation*>> used_by_;
};

// A product of activations with a constant matrix.
struct Product {
    std::int32_t input, output;
    const ExecutorchConstant* matrix;
};

class Finder {
public:
    Finder(const ExecutorchProgram& program, const LlamaConfig& config, std::string_view who)
        : program_(program), config_(config), who_(who), flow_(program) {}

    Result<ExecutorchLlama> find() {
        for (const ExecutorchOperation& operation : program_.operations)
            if (operation.name.contains("hadamard"))
                return unsupported("it rotates activations ({}); such programs cannot be opened yet", operation.name);
        CRIA_TRY(find_embedding());
        CRIA_TRY(find_products());
        for (std::int64_t layer = 0; layer < config_.layers; ++layer) CRIA_TRY(find_layer(layer));
        const Product& last = products_.back();
        CRIA_TRY(add_norm("model.norm.weight", last));
        add("lm_head.weight", last);
        CRIA_TRY(find_output_ids(last));
        find_angles();
        return std::move(llama_);
    }

private:
    template <class... Args>
    std::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args&&... args) const {
        return fail(ErrorKind::unsupported, "{}: {}", who_, fmt::format(format, std::forward<Args>(args)...));
    }

    void add(std::string name, const Product& product, bool rotary = false) {
        llama_.tensors.push_back({std::move(name), *product.matrix, rotary, false});
    }

    Status find_products() {
        for (const ExecutorchOperation& operation : program_.operations) {
            if (!is_product(operation.name)) continue;
            const ExecutorchConstant* matrix = flow_.constant(operation.inputs[1]);
            if (matrix == nullptr || matrix->shape.rank() != 2)
                return unsupported("its product {} has no constant matrix", products_.size());
            products_.push_back({flow_.origin(operation.inputs[0]), operation.outputs[0], matrix});
        }
        const std::int64_t wanted = 7 * config_.layers + 1;
        if (std::ssize(products_) != wanted)
            return unsupported("it has {} products with constant matrices of XNNPACK; {} layers of a Llama have {}",
                               products_.size(), config_.layers, wanted);
        return {};
    }

    // Queries, keys and values read one norm's result, gate and up another's.
    Status find_layer(std::int64_t layer) {
        const std::span<Product> p = std::span(products_).subspan(static_cast<std::size_t>(7 * layer), 7);
        if (p[0].input != p[1].input || p[0].input != p[2].input || p[4].input != p[5].input ||
            p[3].input == p[0].input || p[6].input == p[4].input)
            return unsupported("the seven products of layer {} do not read what those of a Llama do", layer);
        const std::string at = fmt::format("model.layers.{}.", layer);
        CRIA_TRY(add_norm(at + "input_layernorm.weight", p[0]));
        CRIA_TRY(order_attention(layer, p.first(3)));
        add(at + "self_attn.q_proj.weight", p[0], true);
        add(at + "self_attn.k_proj.weight", p[1], true);
        add(at + "self_attn.v_proj.weight", p[2]);
        add(at + "self_attn.o_proj.weight", p[3]);
        CRIA_TRY(add_norm(at + "post_attention_layernorm.weight", p[4]));
        const bool first = flow_.reaches(p[4].output, is_sigmoid), second = flow_.reaches(p[5].output, is_sigmoid);
        if (first == second)
            return unsupported("{} of the two products of layer {} that feed-forward begins with pass a sigmoid",
                               first ? "both" : "none", layer);
        add(at + "mlp.gate_proj.weight", first ? p[4] : p[5]);
        add(at + "mlp.up_proj.weight", first ? p[5] : p[4]);
        add(at + "mlp.down_proj.weight", p[6]);
        return {};
    }

    // Into the order of queries, keys, values. Values are not turned by position; queries have more rows than keys, or
    // come before them.
    Status order_attention(std::int64_t layer, std::span<Product> p) const {
        const auto turned = [&](const Product& product) { return flow_.reaches(product.output, multiplies); };
        std::ranges::stable_partition(p, turned);
        if (!turned(p[0]) || !turned(p[1]) || turned(p[2]))
            return unsupported(
                "{} of the three products that attention of layer {} begins with are turned by "
                "position; two were wanted",
                std::ranges::count_if(p, turned), layer);
        if (p[0].matrix->shape.rows() < p[1].matrix->shape.rows()) std::swap(p[0], p[1]);
        return {};
    }

    // The factors of the norm whose result the product reads.
    Status add_norm(std::string name, const Product& reader) {
        const ExecutorchOperation* maker = flow_.maker_of(reader.input);
        if (maker != nullptr && multiplies(maker->name) && maker->inputs.size() >= 2)
            for (const std::int32_t input : {maker->inputs[0], maker->inputs[1]}) {
                const ExecutorchConstant* found = flow_.constant(input);
                if (found == nullptr || !is_real(found->type) || found->shape.elements() != config_.width) continue;
                ExecutorchConstant factors = *found;
                factors.shape = Shape{config_.width};
                llama_.tensors.push_back({std::move(name), factors});
                return {};
            }
        return unsupported("'{}' was not found: the activations come from {}, not from a product with {} constants",
                           name, maker == nullptr ? "nowhere" : maker->name, config_.width);
    }

    Status find_embedding() {
        const auto embeds = [](const ExecutorchOperation& o) { return o.name.contains("::embedding"); };
        const auto found = std::ranges::find_if(program_.operations, embeds);
        if (found == program_.operations.end() || found->inputs.size() < 2)
            return unsupported("no operation looks up an embedding");
        const ExecutorchConstant* table = flow_.constant(found->inputs[0]);
        if (table == nullptr || table->shape.rank() != 2) return unsupported("its embedding is no constant matrix");
        ExecutorchLlama::Named named{"model.embed_tokens.weight", *table};
        if (found->name != "aten::embedding") CRIA_TRY(read_embedding(*found, named));
        llama_.tensors.push_back(std::move(named));
        return {};
    }

    // A quantised one: the numbers, a scale for each row or group, and perhaps zero points.
    Status read_embedding(const ExecutorchOperation& operation, ExecutorchLlama::Named& named) const {
        ExecutorchConstant& table = named.constant;
        const bool four = operation.name == "quantized_decomposed::embedding_4bit";
        if (!four && operation.name != "quantized_decomposed::embedding_byte")
            return unsupported("it has the embedding {}; those of eight and of four bits can be opened",
                               operation.name);
        if (table.type != (four ? ExecutorchType::u8 : ExecutorchType::i8))
            return unsupported("its embedding {} is of type {}", operation.name, name_of(table.type));
        if (four) {
            table.type = ExecutorchType::i4, named.high_half_first = true;
            table.shape = Shape{table.shape.rows(), 2 * table.shape.last()};
        }
        const ExecutorchConstant* scales = flow_.constant(operation.inputs[1]);
        const std::int64_t rows = table.shape.rows(), columns = table.shape.last();
        const std::int64_t groups = scales == nullptr || rows < 1 ? 0 : scales->shape.elements() / rows;
        if (groups < 1 || !is_real(scales->type) || groups * rows != scales->shape.elements() || columns % groups != 0)
            return unsupported("the scales of its embedding {} do not fit", table.shape.text());
        table.group = columns / groups, table.scales = scales->bytes, table.scale_type = scales->type;
        const ExecutorchConstant* zeros = operation.inputs.size() > 2 ? flow_.constant(operation.inputs[2]) : nullptr;
        if (zeros != nullptr && std::ranges::any_of(zeros->bytes, [](std::byte b) { return b != std::byte{0}; }))
            return unsupported("its embedding has zero points other than 0");
        return {};
    }

    // A trimmed output is written into places of a tensor that is full of -infinity.
    Status find_output_ids(const Product& last) {
        const std::int64_t rows = last.matrix->shape.rows();
        if (rows == config_.vocabulary) return {};
        const auto puts = [](const std::string& name) { return name == "aten::index_put"; };
        const ExecutorchOperation* put = flow_.first_use(last.output, puts);
        if (put == nullptr || put->inputs.size() < 3)
            return unsupported("its output has {} rows for {} tokens, and nothing says which tokens they are", rows,
                               config_.vocabulary);
        const ExecutorchOperation* full = flow_.maker_of(flow_.origin(put->inputs[0]));
        const auto is_nothing = [&](std::int32_t value) {
            const auto number = program_.numbers.find(value);
            return number != program_.numbers.end() && number->second == -std::numeric_limits<double>::infinity();
        };
        if (full == nullptr || !full->name.starts_with("aten::full") || !std::ranges::any_of(full->inputs, is_nothing))
            return unsupported("its output is written into something else than -infinity");
        return read_output_ids(*put, rows);
    }

    // The ids are the only list of whole numbers among what the operation reads.
    Status read_output_ids(const ExecutorchOperation& put, std::int64_t rows) {
        std::set<std::int32_t> seen;
        for (const std::int32_t input : put.inputs) {
            const ExecutorchConstant* ids = input < 0 ? nullptr : flow_.constant(input);
            if (ids == nullptr || ids->type != ExecutorchType::i64 || ids->shape != Shape{rows}) continue;
            for (std::int64_t i = 0; i < rows; ++i) {
                std::int64_t id = 0;
                std::memcpy(&id, ids->bytes.data() + i * std::int64_t{sizeof id}, sizeof id);
                if (id < 0 || id >= config_.vocabulary || !seen.insert(static_cast<std::int32_t>(id)).second)
                    return unsupported("row {} of its output stands for token {}, twice or beyond the vocabulary of {}",
                                       i, id, config_.vocabulary);
                llama_.output_ids.push_back(static_cast<std::int32_t>(id));
            }
            return {};
        }
        return unsupported("nothing says which tokens the {} rows of its output are", rows);
    }

    // Tables of reals whose first row are the cosines, or the sines, of zero.
    void find_angles() {
        for (const auto& [value, constant] : program_.constants) {
            const Shape& shape = constant.shape;
            if (shape.rank() != 2 || !is_real(constant.type) || constant.group != 0) continue;
            const std::int64_t columns = shape.last();
            if (columns != config_.head_dim / 2 || shape.rows() < 2) continue;
            const auto all = [&](float wanted) {
                for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i)
                    if (number_at(constant.type, constant.bytes, i) != wanted) return false;
                return true;
            };
            if (!llama_.cosine && all(1)) llama_.cosine = constant;
            if (!llama_.sine && all(0)) llama_.sine = constant;
        }
    }

    const ExecutorchProgram& program_;
    const LlamaConfig& config_;
    std::string_view who_;
    Flow flow_;
    std::vector<Product> products_;
    ExecutorchLlama llama_;
};

}  // namespace

Result<ExecutorchLlama> find_llama(const ExecutorchProgram& program, const LlamaConfig& config, std::string_view who) {
    return Finder(program, config, who).find();
}

Result<std::optional<RopeScaling>> scaling_of(const ExecutorchLlama& llama, const LlamaConfig& config,
                                              std::string_view who) {
    if (!llama.cosine || !llama.sine) return config.rope_scaling;
    const auto plain = rope_frequencies(config.head_dim, config.rope_theta, nullptr);
    const auto angle = [&](std::size_t i) {  // of position 1, in the second row
        const auto at = [i](const ExecutorchConstant& table) {
            return number_at(table.type, table.bytes, static_cast<std::size_t>(table.shape.last()) + i);
        };
        return std::atan2(at(*llama.sine), at(*llama.cosine));
    };
    const bool precise = llama.cosine->type == ExecutorchType::f32 && llama.sine->type == ExecutorchType::f32;
    const float tolerance = precise ? 1e-3f : 2e-2f;
    // The lowest frequency is divided by the whole factor, and factors are whole numbers.
    const float divisor = plain.back() / angle(plain.size() - 1), factor = std::round(divisor);
    std::optional<RopeScaling> scaling;
    if (std::abs(divisor - 1) > tolerance) scaling = RopeScaling{.factor = factor};
    const auto wanted = rope_frequencies(config.head_dim, config.rope_theta, scaling ? &*scaling : nullptr);
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (!(std::abs(angle(i) / wanted[i] - 1) < tolerance))
            return fail(ErrorKind::unsupported,
                        "{}: position 1 turns pair {} by {}; theta {} with Llama 3's scaling by {} gives {}", who, i,
                        angle(i), config.rope_theta, scaling ? factor : 1.0f, wanted[i]);
    return scaling;
}

Result<BlockTensor> blocks_of(const ExecutorchLlama::Named& matrix) {
    const ExecutorchConstant& c = matrix.constant;
    const std::size_t width = c.scale_type == ExecutorchType::f32 ? 4 : 2;
    std::vector<float> scales(c.scales.size() / width);
    for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = number_at(c.scale_type, c.scales, i);
    const auto whole = [&](std::int64_t first, std::int8_t* to) {
        std::memcpy(to, c.bytes.data() + first, kBlockNumbers);
    };
    const auto halves = [&](std::int64_t first, std::int8_t* to) {
        const int low = matrix.high_half_first ? 1 : 0, high = 1 - low;
        for (std::int64_t i = 0; i < kBlockNumbers / 2; ++i) {
            const auto byte = std::to_integer<int>(c.bytes[static_cast<std::size_t>(first / 2 + i)]);
            to[2 * i + low] = static_cast<std::int8_t>((byte & 15) - 8);
            to[2 * i + high] = static_cast<std::int8_t>((byte >> 4) - 8);
        }
    };
    if (c.type == ExecutorchType::i8)
        return blocks_of_groups({c.shape, std::move(scales), whole}, BlockType::q8_0, matrix.name);
    return blocks_of_groups({c.shape, std::move(scales), halves}, BlockType::q4_0, matrix.name);
}

}  // namespace cria
