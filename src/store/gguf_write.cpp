// Writing GGUF, tensor by tensor, without a second copy of the data in memory.
#include <bit>
#include <set>
#include <type_traits>

#include "base/checked.h"
#include "store/gguf_format.h"

namespace cria {

using namespace gguf_format;

namespace {

class Header {
public:
    template <class T>
    void number(T value) {
        static_assert(std::endian::native == std::endian::little, "the format is little-endian");
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    }
    void text(std::string_view text) {
        number(std::uint64_t{text.size()});
        bytes_ += text;
    }
    void type(ValueType type) { number(static_cast<std::uint32_t>(type)); }
    std::string take() { return std::move(bytes_); }
    std::size_t size() const { return bytes_.size(); }
    void pad_to(std::size_t size) { bytes_.resize(size, '\0'); }

private:
    std::string bytes_;
};

template <class T>
constexpr ValueType type_of() {
    if constexpr (std::is_same_v<T, std::uint16_t>) return ValueType::u16;
    if constexpr (std::is_same_v<T, std::int32_t>) return ValueType::i32;
    if constexpr (std::is_same_v<T, std::uint32_t>) return ValueType::u32;
    if constexpr (std::is_same_v<T, std::uint64_t>) return ValueType::u64;
    if constexpr (std::is_same_v<T, float>) return ValueType::f32;
    if constexpr (std::is_same_v<T, bool>) return ValueType::flag;
    if constexpr (std::is_same_v<T, std::string>) return ValueType::text;
}

template <class T>
void write_plain(Header& header, const T& value) {
    if constexpr (std::is_same_v<T, std::string>) {
        header.text(value);
    } else if constexpr (std::is_same_v<T, bool>) {
        header.number(static_cast<std::uint8_t>(value));
    } else {
        header.number(value);
    }
}

template <class T>
void write_field(Header& header, const T& value) {
    header.type(type_of<T>());
    write_plain(header, value);
}

template <class T>
void write_field(Header& header, const std::vector<T>& values) {
    header.type(ValueType::list);
    header.type(type_of<T>());
    header.number(std::uint64_t{values.size()});
    for (const T& value : values) write_plain(header, value);
}

Status check_names(std::span<const std::pair<std::string, GgufField>> metadata, std::span<const GgufTensor> tensors) {
    std::set<std::string_view> keys, names;
    for (const auto& [key, value] : metadata)
        if (key.empty() || key.size() > kMaxKey || key == kAlignmentKey || !keys.insert(key).second)
            return fail(ErrorKind::invalid_input, "'{}' cannot be a key here: taken, empty or too long", key);
    for (const GgufTensor& tensor : tensors)
        if (tensor.name.empty() || tensor.name.size() > kMaxName || !names.insert(tensor.name).second)
            return fail(ErrorKind::invalid_input,
                        "a tensor cannot be written under the name '{}': taken, empty, or over {} "
                        "bytes",
                        tensor.name, kMaxName);
    return {};
}

std::size_t aligned(std::size_t size) { return *CheckedSize(size).align_up(kAlignment).value(); }

std::string gguf_header(std::span<const std::pair<std::string, GgufField>> metadata,
                        std::span<const GgufTensor> tensors) {
    Header header;
    for (const char c : kMagic) header.number(c);
    header.number(kVersion);
    header.number(std::uint64_t{tensors.size()});
    header.number(std::uint64_t{metadata.size()});
    for (const auto& [key, value] : metadata) {
        header.text(key);
        std::visit([&](const auto& field) { write_field(header, field); }, value);
    }
    std::uint64_t begin = 0;
    for (const GgufTensor& tensor : tensors) {
        header.text(tensor.name);
        header.number(static_cast<std::uint32_t>(tensor.shape.rank()));
        for (int axis = tensor.shape.rank(); axis-- > 0;) header.number(static_cast<std::uint64_t>(tensor.shape[axis]));
        header.number(number_of(tensor.type));
        header.number(begin);
        begin = aligned(begin + bytes_of(tensor));
    }
    header.pad_to(aligned(header.size()));
    return header.take();
}

}  // namespace

std::size_t bytes_of(const GgufTensor& tensor) {
    return static_cast<std::size_t>(tensor.shape.rows() * row_bytes(tensor.type, tensor.shape.last()));
}

Status write_gguf(Os& os, const Path& path, std::span<const std::pair<std::string, GgufField>> metadata,
                  std::span<const GgufTensor> tensors,
                  FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at, const Resume* resume) {
    if (Status names = check_names(metadata, tensors); !names) return prefix(path.string(), std::move(names).error());
    const std::string head = gguf_header(metadata, tensors);
    std::uint64_t total = head.size();
    for (const GgufTensor& tensor : tensors) total += aligned(bytes_of(tensor));
    return write_resumably(os, path, total, as_bytes(head), resume, [&](ResumableFile& file) -> Status {
        const std::string zeros(kAlignment, '\0');
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            if (const auto note = file.next_kept()) {
                CRIA_TRY(resume->keep(i, *note));
                continue;
            }
            const std::span<const std::byte> bytes = CRIA_TRY(bytes_at(i));
            CRIA_ASSERT(bytes.size() == bytes_of(tensors[i]));
            CRIA_TRY(file.append(bytes));
            CRIA_TRY(file.append(as_bytes(std::string_view(zeros).substr(0, aligned(bytes.size()) - bytes.size()))));
            CRIA_TRY(file.end_piece(resume != nullptr ? resume->note() : ""));
        }
        return {};
    });
}

}  // namespace cria
