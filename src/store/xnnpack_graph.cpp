#include "store/xnnpack_graph.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "store/flatbuffer.h"

namespace cria {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kNone = ~std::uint32_t{0};
constexpr std::size_t kHeaderBytes = 30;
constexpr std::size_t kMostValues = 1 << 16;  // of one graph; a whole Llama in one has a few thousand
constexpr std::size_t kMostElements = std::size_t{1} << 40;

// Fields of the tables, in the order of the schema.
namespace graph {
constexpr int nodes = 1, values = 2, constant_data = 8;
}
namespace node {
constexpr int kind = 0, body = 1;
}
namespace value {
constexpr int kind = 0, body = 1;
constexpr std::uint8_t plain = 1, quantised = 2;
}  // namespace value
namespace tensor {
constexpr int type = 0, sizes = 2, constant = 3, external = 4, number = 6;
}
namespace quantisation {
constexpr int tensor = 0, kind = 1, body = 2;
constexpr std::uint8_t per_channel = 1, per_group = 4;
}  // namespace quantisation
namespace scales {  // of one channel's numbers, and of groups of them
constexpr int f32 = 0, axis = 1, channel_place = 2, channel_count = 3;
constexpr int group = 2, bf16 = 3, group_place = 4, group_count = 5;
}  // namespace scales
namespace place {
constexpr int offset = 0, bytes = 1, name = 2;
}

// Kinds of nodes: where their table has the first input, how many follow it, and where the output.
struct Kind {
    std::uint8_t kind;
    std::string_view name;
    int first, count, output;
};
constexpr std::array kKinds{
    Kind{1, "xnn::add", 0, 2, 2},
    Kind{2, "xnn::fully_connected", 0, 2, 3},
    Kind{3, "xnn::softmax", 0, 1, 1},
    Kind{4, "xnn::sigmoid", 0, 1, 1},
    Kind{5, "xnn::static_transpose", 2, 1, 3},
    Kind{6, "xnn::clamp", 0, 1, 1},
    Kind{8, "xnn::divide", 0, 2, 2},
    Kind{15, "xnn::multiply", 0, 2, 2},
    Kind{16, "xnn::subtract", 0, 2, 2},
    Kind{18, "xnn::convert", 0, 1, 1},
    Kind{20, "xnn::static_reshape", 2, 1, 3},
    Kind{22, "xnn::square_root", 0, 1, 1},
    Kind{27, "xnn::negate", 0, 1, 1},
    Kind{28, "xnn::square", 0, 1, 1},
    Kind{32, "xnn::concatenate", 1, 2, 5},
    Kind{33, "xnn::concatenate", 1, 3, 5},
    Kind{34, "xnn::concatenate", 1, 4, 5},
    Kind{35, "xnn::static_slice", 3, 1, 4},
    Kind{37, "xnn::batch_matrix_multiply", 0, 2, 2},
    Kind{40, "xnn::reciprocal_square_root", 0, 1, 1},
    Kind{46, "xnn::copy", 0, 1, 1},
};
constexpr std::uint8_t kFullyConnected = 2;
constexpr int kBias = 2, kFlags = 4;
constexpr std::uint32_t kTransposed = 1;

class GraphReader {
public:
    GraphReader(Bytes bytes, const NamedBytes& named, std::string_view who) : bytes_(bytes), named_(named), who_(who) {}

    Result<XnnpackGraph> read() {
        const FlatTable root = CRIA_TRY(find_graph());
        places_ = CRIA_TRY(root.vector(graph::constant_data, 4));
        XnnpackGraph found;
        const FlatVector values = CRIA_TRY(root.vector(graph::values, 4));
        const FlatVector nodes = CRIA_TRY(root.vector(graph::nodes, 4));
        if (values.size() > kMostValues || nodes.size() > kMostValues)
            return fail(ErrorKind::unsupported, "{}: a graph of {} nodes and {} values; at most {} are read", who_,
                        nodes.size(), values.size(), kMostValues);
        for (std::size_t i = 0; i < values.size(); ++i) {
            const FlatTable table = CRIA_TRY(values.table(i));
            CRIA_TRY(read_value(table, found));
        }
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            const FlatTable table = CRIA_TRY(nodes.table(i));
            found.nodes.push_back(CRIA_TRY(read_node(table)));
            CRIA_TRY(check_values(found.nodes.back(), found));
        }
        return found;
    }

private:
    Result<FlatTable> find_graph() {
        static constexpr std::string_view kMagic = "XH00";
        if (bytes_.size() < kHeaderBytes || std::memcmp(bytes_.data() + 4, kMagic.data(), kMagic.size()) != 0)
            return fail(ErrorKind::unsupported, "{}: a delegate's data do not begin with XNNPACK's header XH00", who_);
        const std::size_t start = flat_number<std::uint32_t>(bytes_, 10), size = flat_number<std::uint32_t>(bytes_, 14);
        const std::size_t data_start = flat_number<std::uint32_t>(bytes_, 18);
        const auto data_size = flat_number<std::uint64_t>(bytes_, 22);
        if (start > bytes_.size() || size > bytes_.size() - start || data_start > bytes_.size() ||
            data_size > bytes_.size() - data_start)
            return fail(ErrorKind::corrupt, "{}: a delegate's graph or data lie outside of its {} bytes", who_,
                        bytes_.size());
        data_ = bytes_.subspan(data_start, data_size);
        return FlatTable::root(bytes_.subspan(start, size), who_);
    }

    Result<XnnpackNode> read_node(const FlatTable& table) const {
        const auto number = CRIA_TRY(table.number<std::uint8_t>(node::kind));
        const auto kind = std::ranges::find(kKinds, number, &Kind::kind);
        if (kind == kKinds.end())
            return fail(ErrorKind::unsupported, "{}: a node of XNNPACK's kind {}, which no Llama has", who_, number);
        const FlatTable body = CRIA_TRY(table.table(node::body));
        XnnpackNode found{kind->name, {}, CRIA_TRY(body.number<std::uint32_t>(kind->output))};
        for (int i = 0; i < kind->count; ++i)
            found.inputs.push_back(CRIA_TRY(body.number<std::uint32_t>(kind->first + i)));
        if (kind->kind == kFullyConnected) {
            if (CRIA_TRY(body.number<std::uint32_t>(kBias)) != kNone)
                return fail(ErrorKind::unsupported, "{}: a matrix product with a bias; Llama's have none", who_);
            if ((CRIA_TRY(body.number<std::uint32_t>(kFlags)) & kTransposed) != 0)
                return fail(ErrorKind::unsupported, "{}: a matrix that stands transposed", who_);
        }
        return found;
    }

    Status check_values(const XnnpackNode& node, const XnnpackGraph& found) const {
        std::vector<std::uint32_t> numbers = node.inputs;
        numbers.push_back(node.output);
        for (const std::uint32_t number : numbers)
            if (!found.values.contains(number))
                return fail(ErrorKind::corrupt, "{}: a node {} uses the value {}, which its graph lacks", who_,
                            node.name, number);
        return {};
    }

    Status read_value(const FlatTable& table, XnnpackGraph& found) const {
        const auto kind = CRIA_TRY(table.number<std::uint8_t>(value::kind));
        if (kind != value::plain && kind != value::quantised)
            return fail(ErrorKind::unsupported, "{}: a value of XNNPACK's kind {}", who_, kind);
        const FlatTable body = CRIA_TRY(table.table(value::body));
        const FlatTable tensor = kind == value::plain ? body : CRIA_TRY(body.table(quantisation::tensor));
        XnnpackValue value;
        const auto external = CRIA_TRY(tensor.number<std::uint32_t>(tensor::external));
        if (external != kNone) value.external = external;
        const auto index = CRIA_TRY(tensor.number<std::uint32_t>(tensor::constant));
        if (index != 0) {
            value.constant = CRIA_TRY(read_constant(tensor, index));
            if (kind == value::quantised) CRIA_TRY(read_scales(body, *value.constant));
            CRIA_TRY(take_bytes(index, *value.constant));
        }
        const auto number = CRIA_TRY(tensor.number<std::uint32_t>(tensor::number));
        if (!found.values.try_emplace(number, std::move(value)).second)
            return fail(ErrorKind::corrupt, "{}: a graph has the value {} twice", who_, number);
        return {};
    }

    // Type and shape.
    Result<ExecutorchConstant> read_constant(const FlatTable& table, std::uint32_t index) const {
        ExecutorchConstant constant;
        const auto type = CRIA_TRY(table.number<std::int16_t>(tensor::type));
        switch (type) {
            case 1: constant.type = ExecutorchType::f32; break;
            case 2: constant.type = ExecutorchType::f16; break;
            case 14: constant.type = ExecutorchType::bf16; break;
            case 6: constant.type = ExecutorchType::i8; break;
            case 8:
            case 10: constant.type = ExecutorchType::i4; break;
            default:
                return fail(ErrorKind::unsupported, "{}: constant {} of a graph is of XNNPACK's type {}", who_, index,
                            type);
        }
        const FlatVector sizes = CRIA_TRY(table.vector(tensor::sizes, 4));
        if (sizes.size() > Shape::kMaxRank)
            return fail(ErrorKind::unsupported, "{}: constant {} of a graph has {} dimensions", who_, index,
                        sizes.size());
        std::vector<std::int64_t> shape;
        CheckedSize elements(1);
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            shape.push_back(sizes.number<std::uint32_t>(i));
            elements *= shape.back();
        }
        if (!elements.fits(kMostElements) || elements.value() == 0)
            return fail(ErrorKind::corrupt, "{}: constant {} of a graph is {}", who_, index, fmt::join(shape, " x "));
        constant.shape = Shape(shape);
        return constant;
    }

    Status read_scales(const FlatTable& body, ExecutorchConstant& constant) const {
        const auto kind = CRIA_TRY(body.number<std::uint8_t>(quantisation::kind));
        if ((kind != quantisation::per_channel && kind != quantisation::per_group) || constant.shape.rank() != 2 ||
            constant.shape.last() == 0)
            return fail(ErrorKind::unsupported, "{}: a constant {} is quantised in XNNPACK's way {}", who_,
                        constant.shape.text(), kind);
        const FlatTable table = CRIA_TRY(body.table(quantisation::body));
        if (CRIA_TRY(table.number<std::int32_t>(scales::axis)) != 0)
            return fail(ErrorKind::unsupported, "{}: a matrix {} has scales of its columns", who_,
                        constant.shape.text());
        const bool groups = kind == quantisation::per_group;
        constant.group = groups ? CRIA_TRY(table.number<std::int32_t>(scales::group)) : constant.shape.last();
        if (constant.group < 1 || constant.shape.last() % constant.group != 0)
            return fail(ErrorKind::corrupt, "{}: a matrix {} has a scale for each {} numbers", who_,
                        constant.shape.text(), constant.group);
        constant.scales = CRIA_TRY(table.vector(scales::f32, 4)).bytes();
        if (constant.scales.empty() && groups) {
            constant.scales = CRIA_TRY(table.vector(scales::bf16, 2)).bytes();
            if (!constant.scales.empty()) constant.scale_type = ExecutorchType::bf16;
        }
        const std::size_t count = static_cast<std::size_t>(constant.shape.elements() / constant.group);
        if (constant.scales.empty()) CRIA_TRY(find_scales(table, groups, constant));
        const std::size_t width = constant.scale_type == ExecutorchType::bf16 ? 2 : 4;
        if (constant.scales.size() != count * width)
            return fail(ErrorKind::corrupt, "{}: a matrix {} in groups of {} has {} bytes of scales; {} were wanted",
                        who_, constant.shape.text(), constant.group, constant.scales.size(), count * width);
        return {};
    }

    // Scales among the constant data: bf16 for groups, f32 for whole rows, as the number of bytes says.
    Status find_scales(const FlatTable& table, bool groups, ExecutorchConstant& constant) const {
        const auto index = CRIA_TRY(table.number<std::uint32_t>(groups ? scales::group_place : scales::channel_place));
        const std::size_t count =
            CRIA_TRY(table.number<std::uint32_t>(groups ? scales::group_count : scales::channel_count));
        constant.scales = CRIA_TRY(data_at(index));
        if (constant.scales.size() == 2 * count) constant.scale_type = ExecutorchType::bf16;
        return {};
    }

    // The bytes of constant `index`; they must be as many as its type and shape need.
    Status take_bytes(std::uint32_t index, ExecutorchConstant& constant) const {
        const auto elements = static_cast<std::size_t>(constant.shape.elements());
        const bool halves = constant.type == ExecutorchType::i4;
        const Bytes bytes = CRIA_TRY(data_at(index));
        const bool even = !halves || (constant.shape.rank() == 2 && constant.shape.last() % 2 == 0);
        if (!even || bytes.size() != (halves ? elements / 2 : elements * width_of(constant.type)))
            return fail(ErrorKind::corrupt, "{}: constant {} of a graph, {} of {}, has {} bytes", who_, index,
                        constant.shape.text(), name_of(constant.type), bytes.size());
        constant.bytes = bytes;
        return {};
    }

    static std::size_t width_of(ExecutorchType type) {
        return type == ExecutorchType::i8 ? 1 : type == ExecutorchType::f32 ? 4 : 2;
    }

    Result<Bytes> data_at(std::uint32_t index) const {
        if (index == 0 || index >= places_.size())
            return fail(ErrorKind::corrupt, "{}: a graph uses constant {} of {}", who_, index, places_.size());
        const FlatTable table = CRIA_TRY(places_.table(index));
        if (const std::string_view name = CRIA_TRY(table.text(place::name)); !name.empty()) {
            const auto found = named_.find(name);
            if (found != named_.end()) return found->second;
            return fail(ErrorKind::unsupported, "{}: a graph's constant {} is not in the file", who_, index);
        }
        const auto offset = CRIA_TRY(table.number<std::uint64_t>(place::offset));
        const auto size = CRIA_TRY(table.number<std::uint64_t>(place::bytes));
        if (offset > data_.size() || size > data_.size() - offset)
            return fail(ErrorKind::corrupt, "{}: constant {} of a graph has {} bytes at {}, where there are {}", who_,
                        index, size, offset, data_.size());
        return data_.subspan(offset, size);
    }

    Bytes bytes_, data_;
    const NamedBytes& named_;
    std::string_view who_;
    FlatVector places_;
};

}  // namespace

Result<XnnpackGraph> read_xnnpack_graph(std::span<const std::byte> bytes, const NamedBytes& named,
                                        std::string_view who) {
    return GraphReader(bytes, named, who).read();
}

}  // namespace cria
