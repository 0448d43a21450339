#include "store/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <optional>
#include <variant>

#include "base/checked.h"

namespace cria {
namespace {

constexpr std::size_t kMaxPickleBytes = 1 << 20;  // a model of 90 B parameters has a fifth of that
constexpr std::size_t kLongestShown = 60;

// What an instruction may call or refer to.
enum class Name { ordered_dict, rebuild_tensor, rebuild_parameter, storage };

struct KnownName {
    std::string_view module, name;
    Name meaning;
    DType dtype = DType::f32;  // of a storage's elements
};
constexpr std::array kKnownNames{KnownName{"collections", "OrderedDict", Name::ordered_dict},
                                 KnownName{"torch._utils", "_rebuild_tensor_v2", Name::rebuild_tensor},
                                 KnownName{"torch._utils", "_rebuild_parameter", Name::rebuild_parameter},
                                 KnownName{"torch", "FloatStorage", Name::storage, DType::f32},
                                 KnownName{"torch", "BFloat16Storage", Name::storage, DType::bf16},
                                 KnownName{"torch", "HalfStorage", Name::storage, DType::f16},
                                 KnownName{"torch", "CharStorage", Name::storage, DType::i8},
                                 KnownName{"torch", "IntStorage", Name::storage, DType::i32}};

// Values are places in one list, so that a pickle may refer to a value from anywhere, itself included.
using Place = std::size_t;
struct Nothing {};
struct Mark {};
struct Sequence {
    std::vector<Place> items;
};
struct Dict {
    std::vector<std::pair<Place, Place>> items;
};
struct PickledStorage {
    DType dtype;
    std::string key;
    std::int64_t elements;
};
// Places in lists of their own: a value stays small.
struct StorageRef {
    std::size_t index;
};
struct TensorRef {
    std::size_t index;
};
using Value = std::variant<Nothing, Mark, bool, std::int64_t, double, std::string, Sequence, Dict, const KnownName*,
                           StorageRef, TensorRef>;

std::string printable(std::string_view text) {
    std::string shown(text.substr(0, kLongestShown));
    std::replace_if(shown.begin(), shown.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return text.size() > kLongestShown ? shown + "..." : shown;
}

class Unpickler {
public:
    Unpickler(std::span<const std::byte> bytes, std::string_view who) : bytes_(bytes), who_(who) {}

    Result<std::vector<PickledTensor>> read() {
        while (!stopped_) CRIA_TRY(step());
        const auto* dict = stack_.size() == 1 ? std::get_if<Dict>(&values_[stack_[0]]) : nullptr;
        if (dict == nullptr) return refuse(ErrorKind::unsupported, "holds no state dict");
        std::vector<PickledTensor> tensors;
        for (const auto& [key, value] : dict->items) {
            const auto* name = std::get_if<std::string>(&values_[key]);
            const auto* tensor = std::get_if<TensorRef>(&values_[value]);
            if (name == nullptr || tensor == nullptr)
                return refuse(ErrorKind::unsupported,
                              "'{}' of its dict is no tensor; a state dict of tensors was wanted",
                              name == nullptr ? "a key" : printable(*name));
            tensors.push_back(tensors_[tensor->index]);
            tensors.back().name = *name;
        }
        return tensors;
    }

private:
    template <class... Args>
    std::unexpected<Error> refuse(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) const {
        return fail(kind, "{}: the pickle {}", who_, fmt::format(format, std::forward<Args>(args)...));
    }

    // ---- Reading bytes ----

    Result<std::span<const std::byte>> take(std::uint64_t count) {
        if (count > bytes_.size() - at_) return refuse(ErrorKind::corrupt, "ends at byte {}, too soon", bytes_.size());
        const auto taken = bytes_.subspan(at_, count);
        at_ += count;
        return taken;
    }
    Result<std::uint64_t> number(std::size_t width) {
        const auto raw = CRIA_TRY(take(width));
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{std::to_integer<unsigned>(raw[i])} << (8 * i);
        return value;
    }
    Result<std::string> text(std::uint64_t count) {
        const auto raw = CRIA_TRY(take(count));
        return std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
    }
    // After their number of bytes, which has `width` bytes itself.
    Result<std::string> counted_text(std::size_t width) {
        const std::uint64_t count = CRIA_TRY(number(width));
        return text(count);
    }
    Result<std::int64_t> counted_number() {
        const std::uint64_t count = CRIA_TRY(number(1));
        return signed_number(count);
    }
    Result<std::string> line() {
        std::string text;
        while (true) {
            const auto c = static_cast<char>(CRIA_TRY(number(1)));
            if (c == '\n') return text;
            text += c;
        }
    }
    // A whole number of `width` bytes in two's complement.
    Result<std::int64_t> signed_number(std::size_t width) {
        if (width > 8) return refuse(ErrorKind::unsupported, "has a whole number of {} bytes", width);
        const std::uint64_t raw = CRIA_TRY(number(width));
        if (width == 0) return 0;
        const auto shift = static_cast<unsigned>(64 - 8 * width);
        return static_cast<std::int64_t>(raw << shift) >> shift;
    }

    // ---- The stack ----

    Status push(Value value) {
        stack_.push_back(values_.size());
        values_.push_back(std::move(value));
        return {};
    }
    Result<Place> pop() {
        if (stack_.empty()) return refuse(ErrorKind::corrupt, "takes a value that is not there, at byte {}", at_);
        const Place place = stack_.back();
        stack_.pop_back();
        return place;
    }
    template <class T>
    Result<T*> top(std::string_view wanted) {
        T* value = stack_.empty() ? nullptr : std::get_if<T>(&values_[stack_.back()]);
        if (value == nullptr) return refuse(ErrorKind::corrupt, "lacks {} at byte {}", wanted, at_);
        return value;
    }
    // All values above the last mark, which goes too.
    Result<std::vector<Place>> pop_to_mark() {
        std::size_t mark = stack_.size();
        while (mark > 0 && !std::holds_alternative<Mark>(values_[stack_[mark - 1]])) --mark;
        if (mark == 0) return refuse(ErrorKind::corrupt, "lacks a mark at byte {}", at_);
        std::vector<Place> items(stack_.begin() + static_cast<std::ptrdiff_t>(mark), stack_.end());
        stack_.resize(mark - 1);
        return items;
    }
    Status push_tuple(std::size_t count) {
        if (stack_.size() < count)
            return refuse(ErrorKind::corrupt, "takes values that are not there, at byte {}", at_);
        Sequence tuple{{stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end()}};
        stack_.resize(stack_.size() - count);
        return push(std::move(tuple));
    }

    // ---- Instructions ----

    Status step() {
        const auto at = at_;
        const auto code = static_cast<unsigned char>(CRIA_TRY(number(1)));
        switch (code) {
            case 0x80: return skip(1);  // PROTO
            case 0x95: return skip(8);  // FRAME
            case '.': stopped_ = true; return {};
            case '(': return push(Mark{});
            case 'N': return push(Nothing{});
            case 0x88: return push(true);
            case 0x89: return push(false);
            case 'J': return push(CRIA_TRY(signed_number(4)));
            case 'K': return push(static_cast<std::int64_t>(CRIA_TRY(number(1))));
            case 'M': return push(static_cast<std::int64_t>(CRIA_TRY(number(2))));
            case 0x8a: return push(CRIA_TRY(counted_number()));
            case 'G': return push(std::bit_cast<double>(__builtin_bswap64(CRIA_TRY(number(8)))));  // big-endian
            case 'X': return push(CRIA_TRY(counted_text(4)));
            case 0x8c: return push(CRIA_TRY(counted_text(1)));
            case ')':
            case ']': return push(Sequence{});
            case '}': return push(Dict{});
            case 't': return push(Sequence{CRIA_TRY(pop_to_mark())});
            case 0x85: return push_tuple(1);
            case 0x86: return push_tuple(2);
            case 0x87: return push_tuple(3);
            default: return step_with_state(code, at);
        }
    }

    Status step_with_state(unsigned char code, std::size_t at) {
        switch (code) {
            case 'q': return remember(CRIA_TRY(number(1)));
            case 'r': return remember(CRIA_TRY(number(4)));
            case 0x94: return remember(memo_.size());
            case 'h': return recall(CRIA_TRY(number(1)));
            case 'j': return recall(CRIA_TRY(number(4)));
            case 'a': return append({CRIA_TRY(pop())});
            case 'e': return append(CRIA_TRY(pop_to_mark()));
            case 's': return set_item();
            case 'u': return set_items(CRIA_TRY(pop_to_mark()));
            case 'c': return name_from_lines();
            case 0x93: return name_from_stack();
            case 'Q': return persistent();
            case 'R': return call();
            case 'b': return skip_state();
            default:
                return refuse(ErrorKind::unsupported,
                              "has the instruction 0x{:02x} at byte {}, which tensors do not need; it was not run",
                              code, at);
        }
    }

    Status skip(std::uint64_t count) {
        CRIA_TRY(take(count));
        return {};
    }

    Status remember(std::uint64_t number) {
        if (stack_.empty()) return refuse(ErrorKind::corrupt, "remembers a value that is not there, at byte {}", at_);
        memo_[number] = stack_.back();
        return {};
    }
    Status recall(std::uint64_t number) {
        const auto found = memo_.find(number);
        if (found == memo_.end()) return refuse(ErrorKind::corrupt, "recalls value {}, which is not there", number);
        stack_.push_back(found->second);
        return {};
    }

    Status append(const std::vector<Place>& items) {
        auto* list = CRIA_TRY(top<Sequence>("a list"));
        list->items.insert(list->items.end(), items.begin(), items.end());
        return {};
    }
    Status set_item() {
        const Place value = CRIA_TRY(pop()), key = CRIA_TRY(pop());
        return set_items({key, value});
    }
    Status set_items(const std::vector<Place>& items) {
        auto* dict = CRIA_TRY(top<Dict>("a dict"));
        if (items.size() % 2 != 0) return refuse(ErrorKind::corrupt, "has a key without a value at byte {}", at_);
        for (std::size_t i = 0; i < items.size(); i += 2) dict->items.emplace_back(items[i], items[i + 1]);
        return {};
    }

    Status name(const std::string& module, const std::string& called) {
        const auto known = std::ranges::find_if(
            kKnownNames, [&](const KnownName& name) { return name.module == module && name.name == called; });
        if (known != kKnownNames.end()) return push(&*known);
        return refuse(ErrorKind::unsupported, "wants {}.{}, which no tensor needs; it was not run", printable(module),
                      printable(called));
    }
    Status name_from_lines() {
        const std::string module = CRIA_TRY(line());
        return name(module, CRIA_TRY(line()));
    }
    Status name_from_stack() {
        const Place called = CRIA_TRY(pop()), module = CRIA_TRY(pop());
        const auto* first = std::get_if<std::string>(&values_[module]);
        const auto* second = std::get_if<std::string>(&values_[called]);
        if (first == nullptr || second == nullptr) return refuse(ErrorKind::corrupt, "has a name that is no text");
        return name(std::string(*first), std::string(*second));
    }

    // ('storage', type, key, location, elements): where bytes are.
    Status persistent() {
        const Place place = CRIA_TRY(pop());
        const auto* tuple = std::get_if<Sequence>(&values_[place]);
        if (tuple == nullptr || tuple->items.size() != 5)
            return refuse(ErrorKind::unsupported, "has a persistent id that is no storage");
        const auto* kind = std::get_if<std::string>(&values_[tuple->items[0]]);
        const auto* type = std::get_if<const KnownName*>(&values_[tuple->items[1]]);
        const auto* key = std::get_if<std::string>(&values_[tuple->items[2]]);
        const auto* elements = std::get_if<std::int64_t>(&values_[tuple->items[4]]);
        if (kind == nullptr || *kind != "storage" || type == nullptr || (*type)->meaning != Name::storage ||
            key == nullptr || elements == nullptr || *elements < 0)
            return refuse(ErrorKind::unsupported, "has a persistent id that is no storage");
        storages_.push_back({(*type)->dtype, *key, *elements});
        return push(StorageRef{storages_.size() - 1});
    }

    Status call() {
        const Place arguments = CRIA_TRY(pop()), function = CRIA_TRY(pop());
        const auto* known = std::get_if<const KnownName*>(&values_[function]);
        const auto* tuple = std::get_if<Sequence>(&values_[arguments]);
        if (known == nullptr || tuple == nullptr) return refuse(ErrorKind::corrupt, "calls what is no function");
        switch ((*known)->meaning) {
            case Name::ordered_dict:
                if (!tuple->items.empty()) return refuse(ErrorKind::unsupported, "makes an OrderedDict from something");
                return push(Dict{});
            case Name::rebuild_tensor: return rebuild(std::vector(tuple->items));
            case Name::rebuild_parameter:
                if (tuple->items.empty()) return refuse(ErrorKind::corrupt, "makes a parameter from nothing");
                stack_.push_back(tuple->items[0]);
                return {};
            case Name::storage: break;
        }
        return refuse(ErrorKind::unsupported, "calls a storage's type");
    }

    // _rebuild_tensor_v2(storage, offset, size, stride, ...)
    Status rebuild(const std::vector<Place>& items) {
        if (items.size() < 4) return refuse(ErrorKind::corrupt, "makes a tensor from {} values", items.size());
        const auto* ref = std::get_if<StorageRef>(&values_[items[0]]);
        const auto* offset = std::get_if<std::int64_t>(&values_[items[1]]);
        if (ref == nullptr || offset == nullptr) return refuse(ErrorKind::corrupt, "makes a tensor without a storage");
        const PickledStorage& storage = storages_[ref->index];
        const std::vector<std::int64_t> sizes = CRIA_TRY(numbers(items[2])), strides = CRIA_TRY(numbers(items[3]));
        if (sizes.size() > Shape::kMaxRank || sizes.size() != strides.size())
            return refuse(ErrorKind::unsupported, "has a tensor of {} sizes and {} strides", sizes.size(),
                          strides.size());
        CheckedSize elements = 1;
        for (std::size_t axis = sizes.size(); axis-- > 0;) {
            if (sizes[axis] > 1 && elements.value() != static_cast<std::size_t>(strides[axis]))
                return refuse(ErrorKind::unsupported, "has a tensor that is not contiguous");
            elements *= sizes[axis];
        }
        if (!(elements + *offset).fits(static_cast<std::size_t>(storage.elements)))
            return refuse(ErrorKind::corrupt, "has a tensor larger than its storage of {} elements", storage.elements);
        tensors_.push_back({"", storage.dtype, Shape(sizes), storage.key, storage.elements, *offset});
        return push(TensorRef{tensors_.size() - 1});
    }

    // A tuple of whole numbers from 0.
    Result<std::vector<std::int64_t>> numbers(Place place) const {
        const auto* tuple = std::get_if<Sequence>(&values_[place]);
        std::vector<std::int64_t> numbers;
        if (tuple == nullptr) return refuse(ErrorKind::corrupt, "has a size that is no tuple");
        for (const Place item : tuple->items) {
            const auto* number = std::get_if<std::int64_t>(&values_[item]);
            if (number == nullptr || *number < 0) return refuse(ErrorKind::corrupt, "has an impossible size");
            numbers.push_back(*number);
        }
        return numbers;
    }

    // The state that an object would take: a state dict's versions of its modules, of no use here.
    Status skip_state() {
        CRIA_TRY(pop());
        CRIA_TRY(top<Dict>("a dict"));
        return {};
    }

    std::span<const std::byte> bytes_;
    std::string_view who_;
    std::size_t at_ = 0;
    bool stopped_ = false;
    std::vector<Value> values_;
    std::vector<PickledStorage> storages_;
    std::vector<PickledTensor> tensors_;
    std::vector<Place> stack_;
    std::map<std::uint64_t, Place> memo_;
};

}  // namespace

Result<std::vector<PickledTensor>> read_state_dict(std::span<const std::byte> pickle, std::string_view who) {
    if (pickle.size() > kMaxPickleBytes)
        return fail(ErrorKind::corrupt, "{}: a pickle of {} bytes; at most {} are read", who, pickle.size(),
                    kMaxPickleBytes);
    return Unpickler(pickle, who).read();
}

}  // namespace cria
