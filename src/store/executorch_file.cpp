#include "store/executorch_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/checked.h"
#include "base/strings.h"
#include "store/flatbuffer.h"
#include "store/xnnpack_graph.h"

namespace cria {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::string_view kMagic = "ET12", kHeaderMagic = "eh00";
constexpr std::size_t kHeaderAt = 8, kHeaderBytes = 24;
constexpr std::size_t kMostOperations = 1 << 16;  // a Llama of 16 layers has a thousand
constexpr std::size_t kMostNumbers = 1 << 18;     // of values, those of all graphs together
constexpr std::size_t kMostUses = 1 << 20;        // of values, by operations, lists and graphs
constexpr std::size_t kMostElements = std::size_t{1} << 40;
constexpr std::size_t kLongestName = 100;

// Fields of the tables, in the order of the schema.
namespace program {
constexpr int methods = 1, constants = 2, delegate_data = 3, segments = 4, constant_segment = 5, named_data = 7;
}
namespace method {
constexpr int name = 0, values = 2, inputs = 3, chains = 5, operators = 6, delegates = 7;
}
namespace chain {
constexpr int instructions = 2;
}
namespace instruction {
constexpr int kind = 0, body = 1;
constexpr std::uint8_t call = 1, delegate_call = 2, move = 3, jump = 4;
constexpr int callee = 0, arguments = 1;  // of both calls; a move has two values there
}  // namespace instruction
namespace value {
constexpr int kind = 0, body = 1;
constexpr std::uint8_t whole = 2, flag = 3, real = 4, tensor = 5, wholes = 7, tensors = 10, optional_tensors = 11;
}  // namespace value
namespace tensor {
constexpr int type = 0, offset = 1, sizes = 2, order = 3, constant = 5, allocation = 6, extra = 9;
constexpr int extra_location = 2;
constexpr int arena = 0, place_low = 1, place_high = 2;  // of an allocation
}  // namespace tensor
namespace delegate {
constexpr int name = 0, data = 1, data_location = 0, data_index = 1;
}
namespace segment {
constexpr int offset = 0, bytes = 1;
}
namespace offsets {
constexpr int segment = 0, starts = 1;
}
namespace named {
constexpr int key = 0, segment = 1;
}

struct ScalarType {
    std::int8_t number;
    ExecutorchType type;
    std::size_t bytes;
};
constexpr std::array kScalarTypes{ScalarType{0, ExecutorchType::u8, 1},   ScalarType{1, ExecutorchType::i8, 1},
                                  ScalarType{3, ExecutorchType::i32, 4},  ScalarType{4, ExecutorchType::i64, 8},
                                  ScalarType{5, ExecutorchType::f16, 2},  ScalarType{6, ExecutorchType::f32, 4},
                                  ScalarType{15, ExecutorchType::bf16, 2}};

class ProgramReader {
public:
    ProgramReader(Bytes file, std::string_view who) : file_(file), who_(who) {}

    Result<ExecutorchProgram> read() {
        program_ = CRIA_TRY(find_program());
        segments_ = CRIA_TRY(program_->vector(program::segments, 4));
        inline_constants_ = CRIA_TRY(program_->vector(program::constants, 4));
        CRIA_TRY(read_constant_segment());
        CRIA_TRY(read_named_data());
        const FlatTable method = CRIA_TRY(find_forward());
        const FlatVector values = CRIA_TRY(method.vector(method::values, 4));
        CRIA_TRY(read_values(values));
        const FlatVector inputs = CRIA_TRY(method.vector(method::inputs, 4));
        for (std::size_t i = 0; i < inputs.size(); ++i) note_written(inputs.number<std::int32_t>(i));
        const FlatVector operators = CRIA_TRY(method.vector(method::operators, 4));
        CRIA_TRY(read_operators(operators));
        delegates_ = CRIA_TRY(method.vector(method::delegates, 4));
        const FlatVector chains = CRIA_TRY(method.vector(method::chains, 4));
        for (std::size_t c = 0; c < chains.size(); ++c) {
            const FlatTable chain = CRIA_TRY(chains.table(c));
            const FlatVector instructions = CRIA_TRY(chain.vector(chain::instructions, 4));
            for (std::size_t i = 0; i < instructions.size(); ++i) {
                const FlatTable instruction = CRIA_TRY(instructions.table(i));
                CRIA_TRY(read_instruction(instruction));
            }
        }
        return std::move(found_);
    }

private:
    template <class... Args>
    std::unexpected<Error> corrupt(fmt::format_string<Args...> format, Args&&... args) const {
        return fail(ErrorKind::corrupt, "{}: {}", who_, fmt::format(format, std::forward<Args>(args)...));
    }
    template <class... Args>
    std::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args&&... args) const {
        return fail(ErrorKind::unsupported, "{}: {}", who_, fmt::format(format, std::forward<Args>(args)...));
    }

    // ---- The file ----

    bool says(std::size_t at, std::string_view letters) const {
        return file_.size() >= at + letters.size() &&
               std::memcmp(file_.data() + at, letters.data(), letters.size()) == 0;
    }

    Result<FlatTable> find_program() {
        if (!says(4, kMagic)) return corrupt("no program of ExecuTorch: it does not begin with {}", kMagic);
        Bytes buffer = file_;
        if (says(kHeaderAt, kHeaderMagic) && file_.size() >= kHeaderAt + kHeaderBytes) {
            const auto size = flat_number<std::uint64_t>(file_, kHeaderAt + 8);
            const auto base = flat_number<std::uint64_t>(file_, kHeaderAt + 16);
            if (size > file_.size() || base > file_.size())
                return corrupt("its header tells of {} bytes and segments from byte {} on, the file has {} bytes", size,
                               base, file_.size());
            buffer = file_.first(size);
            segment_bytes_ = file_.subspan(base);
        }
        return FlatTable::root(buffer, who_);
    }

    Result<Bytes> segment(std::uint32_t index) const {
        if (index >= segments_.size()) return corrupt("it uses segment {} of {}", index, segments_.size());
        const FlatTable table = CRIA_TRY(segments_.table(index));
        const auto offset = CRIA_TRY(table.number<std::uint64_t>(segment::offset));
        const auto size = CRIA_TRY(table.number<std::uint64_t>(segment::bytes));
        if (offset > segment_bytes_.size() || size > segment_bytes_.size() - offset)
            return corrupt("segment {} has {} bytes at {}, where {} follow the program; is the file whole?", index,
                           size, offset, segment_bytes_.size());
        return segment_bytes_.subspan(offset, size);
    }

    Status read_constant_segment() {
        const auto table = CRIA_TRY(program_->find(program::constant_segment));
        if (!table) return {};
        starts_ = CRIA_TRY(table->vector(offsets::starts, 8));
        if (starts_.size() == 0) return {};
        const auto index = CRIA_TRY(table->number<std::uint32_t>(offsets::segment));
        constant_segment_ = CRIA_TRY(segment(index));
        return {};
    }

    Status read_named_data() {
        const FlatVector list = CRIA_TRY(program_->vector(program::named_data, 4));
        if (list.size() > kMostNumbers) return unsupported("it has {} pieces of named data", list.size());
        for (std::size_t i = 0; i < list.size(); ++i) {
            const FlatTable entry = CRIA_TRY(list.table(i));
            const std::string_view key = CRIA_TRY(entry.text(named::key));
            const auto index = CRIA_TRY(entry.number<std::uint32_t>(named::segment));
            named_.emplace(key, CRIA_TRY(segment(index)));
        }
        return {};
    }

    Result<FlatTable> find_forward() const {
        const FlatVector methods = CRIA_TRY(program_->vector(program::methods, 4));
        for (std::size_t i = 0; i < methods.size(); ++i) {
            const FlatTable method = CRIA_TRY(methods.table(i));
            if (CRIA_TRY(method.text(method::name)) == "forward") return method;
        }
        return unsupported("it has no method 'forward' ({} others)", methods.size());
    }

    // ---- Values ----

    Status read_values(const FlatVector& values) {
        if (values.size() > kMostNumbers) return unsupported("it has {} values", values.size());
        lists_.resize(values.size());
        places_.resize(values.size());
        written_.resize(values.size());
        next_ = static_cast<std::int32_t>(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            const FlatTable value = CRIA_TRY(values.table(i));
            const auto kind = CRIA_TRY(value.number<std::uint8_t>(value::kind));
            if (kind < value::whole || kind == value::flag) continue;
            const FlatTable body = CRIA_TRY(value.table(value::body));
            const auto number = static_cast<std::int32_t>(i);
            if (kind == value::whole)
                found_.numbers[number] = static_cast<double>(CRIA_TRY(body.number<std::int64_t>(0)));
            if (kind == value::real) found_.numbers[number] = CRIA_TRY(body.number<double>(0));
            if (kind == value::tensor) CRIA_TRY(read_tensor(number, body));
            if (kind == value::wholes) CRIA_TRY(read_list<std::int64_t>(i, body));
            if (kind == value::tensors || kind == value::optional_tensors) CRIA_TRY(read_list<std::int32_t>(i, body));
        }
        return {};
    }

    // The values in a list, -1 for none.
    template <class Number>
    Status read_list(std::size_t i, const FlatTable& body) {
        const FlatVector items = CRIA_TRY(body.vector(0, sizeof(Number)));
        CRIA_TRY(count_uses(items.size()));
        for (std::size_t k = 0; k < items.size(); ++k) {
            const auto item = items.template number<Number>(k);
            if (item < -1 || item >= std::ssize(lists_)) return corrupt("a list has the value {}", item);
            lists_[i].push_back(static_cast<std::int32_t>(item));
        }
        return {};
    }

    // Many values may name one list, and many calls one graph: what they say together is bounded, too.
    Status count_uses(std::size_t count) {
        uses_ += count;
        if (uses_ <= kMostUses) return {};
        return unsupported("its operations, lists and graphs name more than {} values", kMostUses);
    }

    // Only constants are of interest, and among these, types and shapes that we know.
    Status read_tensor(std::int32_t number, const FlatTable& body) {
        const auto index = CRIA_TRY(body.number<std::uint32_t>(tensor::constant));
        if (const auto extra = CRIA_TRY(body.find(tensor::extra)))
            if (CRIA_TRY(extra->number<std::int8_t>(tensor::extra_location)) != 0)
                return unsupported("value {} is a constant of another file", number);
        if (const auto allocation = CRIA_TRY(body.find(tensor::allocation))) {
            const std::uint64_t low = CRIA_TRY(allocation->number<std::uint32_t>(tensor::place_low)),
                                high = CRIA_TRY(allocation->number<std::uint32_t>(tensor::place_high));
            places_[static_cast<std::size_t>(number)] = {CRIA_TRY(allocation->number<std::uint32_t>(tensor::arena)),
                                                         low | high << 32};
            return {};
        }
        if (index == 0) return {};
        const auto type =
            std::ranges::find(kScalarTypes, CRIA_TRY(body.number<std::int8_t>(tensor::type)), &ScalarType::number);
        const FlatVector sizes = CRIA_TRY(body.vector(tensor::sizes, 4));
        if (type == kScalarTypes.end() || sizes.size() > Shape::kMaxRank) return {};
        std::vector<std::int64_t> shape;
        CheckedSize elements(1);
        for (std::size_t k = 0; k < sizes.size(); ++k) {
            shape.push_back(sizes.number<std::int32_t>(k));
            elements *= shape.back();
        }
        const FlatVector order = CRIA_TRY(body.vector(tensor::order, 1));
        for (std::size_t k = 0; k < order.size(); ++k)
            if (order.number<std::uint8_t>(k) != k) return unsupported("value {} does not stand row by row", number);
        if (elements.value() == 0) return {};
        if (!elements.fits(kMostElements) || CRIA_TRY(body.number<std::int32_t>(tensor::offset)) != 0)
            return corrupt("value {} has {} sizes that make no tensor", number, sizes.size());
        const Bytes bytes = CRIA_TRY(constant_bytes(index, *elements.value() * type->bytes));
        found_.constants[number] = {.type = type->type, .shape = Shape(shape), .bytes = bytes};
        return {};
    }

    Result<Bytes> constant_bytes(std::uint32_t index, std::size_t wanted) const {
        Bytes bytes;
        if (starts_.size() > 0) {
            if (index >= starts_.size()) return corrupt("it uses constant {} of {}", index, starts_.size());
            const auto start = starts_.number<std::uint64_t>(index);
            if (start > constant_segment_.size()) return corrupt("constant {} lies outside of its segment", index);
            bytes = constant_segment_.subspan(start);
        } else {
            if (index >= inline_constants_.size())
                return corrupt("it uses constant {} of {}", index, inline_constants_.size());
            const FlatTable buffer = CRIA_TRY(inline_constants_.table(index));
            bytes = CRIA_TRY(buffer.vector(0, 1)).bytes();
        }
        if (wanted > bytes.size())
            return corrupt("constant {} needs {} bytes, {} are there", index, wanted, bytes.size());
        return bytes.first(wanted);
    }

    // ---- Instructions ----

    Status read_operators(const FlatVector& operators) {
        if (operators.size() > kMostOperations) return unsupported("it has {} operators", operators.size());
        for (std::size_t i = 0; i < operators.size(); ++i) {
            const FlatTable table = CRIA_TRY(operators.table(i));
            operators_.push_back(printable(CRIA_TRY(table.text(0)), kLongestName));
        }
        return {};
    }

    Status read_instruction(const FlatTable& table) {
        const auto kind = CRIA_TRY(table.number<std::uint8_t>(instruction::kind));
        const FlatTable body = CRIA_TRY(table.table(instruction::body));
        switch (kind) {
            case instruction::call: return read_call(body);
            case instruction::delegate_call: return read_delegate_call(body);
            case instruction::move: {
                const auto from = CRIA_TRY(body.number<std::int32_t>(0)), to = CRIA_TRY(body.number<std::int32_t>(1));
                return add({"move", {from}, {to}});
            }
            case instruction::jump: return unsupported("it jumps; a Llama's program has one way");
            default: return {};
        }
    }

    Status add(ExecutorchOperation operation) {
        if (found_.operations.size() >= kMostOperations)
            return unsupported("it has more than {} operations", kMostOperations);
        for (const auto* values : {&operation.inputs, &operation.outputs})
            for (const std::int32_t number : *values)
                if (number < -1 || number >= next_) return corrupt("{} uses the value {}", operation.name, number);
        for (const std::int32_t number : operation.inputs)
            if (const auto same = same_memory(number)) found_.operations.push_back({"move", {*same}, {number}});
        for (const std::int32_t number : operation.outputs) note_written(number);
        found_.operations.push_back(std::move(operation));
        return {};
    }

    // A view of another shape may take no operation at all: a value that nothing writes lies where another one does.
    std::optional<std::int32_t> same_memory(std::int32_t number) {
        if (number < 0 || number >= std::ssize(places_) || written_[static_cast<std::size_t>(number)]) return {};
        const auto& place = places_[static_cast<std::size_t>(number)];
        const auto last = place ? last_written_.find(*place) : last_written_.end();
        if (last == last_written_.end()) return {};
        written_[static_cast<std::size_t>(number)] = true;
        return last->second;
    }
    void note_written(std::int32_t number) {
        if (number < 0 || number >= std::ssize(places_)) return;
        written_[static_cast<std::size_t>(number)] = true;
        if (const auto& place = places_[static_cast<std::size_t>(number)]) last_written_[*place] = number;
    }

    // The last argument is what an operator writes, and most of them name it twice.
    Status read_call(const FlatTable& body) {
        const auto index = CRIA_TRY(body.number<std::int32_t>(instruction::callee));
        if (index < 0 || index >= std::ssize(operators_)) return corrupt("it calls operator {}", index);
        const FlatVector arguments = CRIA_TRY(body.vector(instruction::arguments, 4));
        ExecutorchOperation operation{operators_[static_cast<std::size_t>(index)], {}, {}};
        const std::int32_t result = arguments.size() == 0 ? -1 : arguments.number<std::int32_t>(arguments.size() - 1);
        for (std::size_t i = 0; i < arguments.size(); ++i) {
            const auto number = arguments.number<std::int32_t>(i);
            const bool last = i + 1 == arguments.size();
            if (number == result && !last) continue;
            auto& to = last ? operation.outputs : operation.inputs;
            const bool known = number >= 0 && number < std::ssize(lists_);
            const std::vector<std::int32_t> itself{number};
            const auto& list = known ? lists_[static_cast<std::size_t>(number)] : itself;
            to.insert(to.end(), (list.empty() ? itself : list).begin(), (list.empty() ? itself : list).end());
            CRIA_TRY(count_uses(list.size()));
        }
        return add(std::move(operation));
    }

    Result<Bytes> delegate_data(const FlatTable& table) const {
        const FlatTable data = CRIA_TRY(table.table(delegate::data));
        const auto index = CRIA_TRY(data.number<std::uint32_t>(delegate::data_index));
        if (CRIA_TRY(data.number<std::int8_t>(delegate::data_location)) == 1) return segment(index);
        const FlatVector list = CRIA_TRY(program_->vector(program::delegate_data, 4));
        if (index >= list.size()) return corrupt("it uses the data of delegate {} of {}", index, list.size());
        const FlatTable buffer = CRIA_TRY(list.table(index));
        return CRIA_TRY(buffer.vector(0, 1)).bytes();
    }

    // The nodes of the delegate's graph. What is an argument of the call has its number there, all else a new one.
    Status read_delegate_call(const FlatTable& body) {
        const auto index = CRIA_TRY(body.number<std::int32_t>(instruction::callee));
        if (index < 0 || static_cast<std::size_t>(index) >= delegates_.size())
            return corrupt("it calls delegate {} of {}", index, delegates_.size());
        const FlatTable table = CRIA_TRY(delegates_.table(static_cast<std::size_t>(index)));
        const std::string_view name = CRIA_TRY(table.text(delegate::name));
        if (name != "XnnpackBackend")
            return unsupported("it was made for {}; programs for XnnpackBackend can be opened",
                               printable(name, kLongestName));
        const FlatVector arguments = CRIA_TRY(body.vector(instruction::arguments, 4));
        const Bytes data = CRIA_TRY(delegate_data(table));
        const XnnpackGraph graph = CRIA_TRY(read_xnnpack_graph(data, named_, who_));
        CRIA_TRY(count_uses(graph.values.size() + graph.nodes.size()));
        if (static_cast<std::size_t>(next_) + graph.values.size() > kMostNumbers)
            return unsupported("it has more than {} values", kMostNumbers);
        std::map<std::uint32_t, std::int32_t> numbers;
        for (const auto& [local, value] : graph.values) {
            if (value.external && *value.external >= arguments.size())
                return corrupt("a graph wants argument {} of {}", *value.external, arguments.size());
            numbers[local] = value.external ? arguments.number<std::int32_t>(*value.external) : next_++;
            if (value.constant) found_.constants.try_emplace(numbers[local], *value.constant);
        }
        for (const XnnpackNode& node : graph.nodes) {
            ExecutorchOperation operation{std::string(node.name), {}, {numbers[node.output]}};
            for (const std::uint32_t input : node.inputs) operation.inputs.push_back(numbers[input]);
            CRIA_TRY(add(std::move(operation)));
        }
        return {};
    }

    Bytes file_, segment_bytes_, constant_segment_;
    std::string_view who_;
    std::optional<FlatTable> program_;
    FlatVector segments_, inline_constants_, starts_, delegates_;
    NamedBytes named_;
    std::vector<std::vector<std::int32_t>> lists_;          // by value
    using Place = std::pair<std::uint32_t, std::uint64_t>;  // an arena and a byte in it
    std::vector<std::optional<Place>> places_;              // by value
    std::vector<bool> written_;                             // by value
    std::map<Place, std::int32_t> last_written_;
    std::vector<std::string> operators_;
    std::int32_t next_ = 0;  // the number of the next value of a delegate
    std::size_t uses_ = 0;
    ExecutorchProgram found_;
};

}  // namespace

std::string_view name_of(ExecutorchType type) {
    switch (type) {
        case ExecutorchType::u8: return "u8";
        case ExecutorchType::i8: return "i8";
        case ExecutorchType::i32: return "i32";
        case ExecutorchType::i64: return "i64";
        case ExecutorchType::f16: return "f16";
        case ExecutorchType::bf16: return "bf16";
        case ExecutorchType::f32: return "f32";
        case ExecutorchType::i4: return "i4";
    }
    return "?";
}

Result<ExecutorchProgram> parse_executorch(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                           std::string_view who) {
    ExecutorchProgram program = CRIA_TRY(ProgramReader(bytes, who).read());
    program.storage = Storage::wrap(bytes, std::move(keeper));
    return program;
}

Result<ExecutorchProgram> open_executorch(Os& os, const Path& path) {
    auto mapping = CRIA_TRY(os.map(path));
    const auto bytes = mapping->bytes();
    return parse_executorch(bytes, std::move(mapping), path.string());
}

}  // namespace cria
