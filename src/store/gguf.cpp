#include "store/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "base/checked.h"
#include "base/strings.h"
#include "store/gguf_format.h"

namespace cria {

using namespace gguf_format;

namespace {

// A name from a file, fit for a message: short, without control characters.
// Numbers and texts one after the other; nothing is read beyond the end.
class Reader {
public:
    Reader(std::span<const std::byte> bytes, std::string_view who) : bytes_(bytes), who_(who) {}

    std::size_t position() const { return at_; }
    std::size_t left() const { return bytes_.size() - at_; }

    template <class T>
    Result<T> number() {
        CRIA_TRY(need(sizeof(T)));
        std::array<std::byte, sizeof(T)> raw;
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), sizeof(T), raw.begin());
        if constexpr (std::endian::native == std::endian::big) std::ranges::reverse(raw);
        at_ += sizeof(T);
        return std::bit_cast<T>(raw);
    }

    Result<std::string_view> text(std::uint64_t longest) {
        const auto length = CRIA_TRY(number<std::uint64_t>());
        if (length > longest)
            return fail(ErrorKind::corrupt, "{}: a text of {} bytes at byte {}; at most {} make sense there", who_,
                        length, at_, longest);
        CRIA_TRY(need(length));
        const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
        at_ += length;
        return text;
    }

private:
    Status need(std::uint64_t count) const {
        if (count <= left()) return {};
        return fail(ErrorKind::corrupt, "{}: the header needs {} bytes at byte {}, {} are there; is the file cut off?",
                    who_, count, at_, left());
    }

    std::span<const std::byte> bytes_;
    std::string_view who_;
    std::size_t at_ = 0;
};

template <class From, class To>
Result<To> number_as(Reader& reader) {
    return static_cast<To>(CRIA_TRY(reader.number<From>()));
}

// Whole numbers beyond 2^63 - 1 are bit patterns nobody writes; they come out negative and fail every range check.
Result<std::optional<std::int64_t>> read_integer(Reader& reader, std::uint32_t type) {
    using I = std::int64_t;
    switch (static_cast<ValueType>(type)) {
        case ValueType::u8: return number_as<std::uint8_t, I>(reader);
        case ValueType::i8: return number_as<std::int8_t, I>(reader);
        case ValueType::u16: return number_as<std::uint16_t, I>(reader);
        case ValueType::i16: return number_as<std::int16_t, I>(reader);
        case ValueType::u32: return number_as<std::uint32_t, I>(reader);
        case ValueType::i32: return number_as<std::int32_t, I>(reader);
        case ValueType::u64: return number_as<std::uint64_t, I>(reader);
        case ValueType::i64: return number_as<std::int64_t, I>(reader);
        default: return std::optional<I>();
    }
}

Result<bool> read_flag(Reader& reader, std::string_view who) {
    const auto byte = CRIA_TRY(reader.number<std::uint8_t>());
    if (byte > 1)
        return fail(ErrorKind::corrupt, "{}: a truth value of {} at byte {}", who, byte, reader.position() - 1);
    return byte == 1;
}

std::size_t least_bytes(std::uint32_t type) {
    switch (static_cast<ValueType>(type)) {
        case ValueType::u16:
        case ValueType::i16: return 2;
        case ValueType::u32:
        case ValueType::i32:
        case ValueType::f32: return 4;
        case ValueType::u64:
        case ValueType::i64:
        case ValueType::f64:
        case ValueType::text: return 8;
        default: return 1;
    }
}

Result<GgufList> read_list(Reader& reader, std::string_view who) {
    const auto type = CRIA_TRY(reader.number<std::uint32_t>());
    const auto count = CRIA_TRY(reader.number<std::uint64_t>());
    if (count > reader.left() / least_bytes(type))
        return fail(ErrorKind::corrupt, "{}: a list of {} values at byte {}, where {} bytes are left", who, count,
                    reader.position(), reader.left());
    const auto each = [&]<class T>(std::vector<T> values, auto&& read) -> Result<GgufList> {
        values.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) values.push_back(CRIA_TRY(read()));
        return GgufList{std::move(values)};
    };
    switch (static_cast<ValueType>(type)) {
        case ValueType::text:
            return each(std::vector<std::string>(),
                        [&]() -> Result<std::string> { return std::string(CRIA_TRY(reader.text(kMaxText))); });
        case ValueType::f32: return each(std::vector<double>(), [&] { return number_as<float, double>(reader); });
        case ValueType::f64: return each(std::vector<double>(), [&] { return reader.number<double>(); });
        case ValueType::flag:
            return each(std::vector<std::int64_t>(), [&]() -> Result<std::int64_t> {
                return static_cast<std::int64_t>(CRIA_TRY(read_flag(reader, who)));
            });
        case ValueType::list:
            return fail(ErrorKind::unsupported, "{}: a list of lists at byte {}", who, reader.position());
        default: break;
    }
    if (type > kLastValueType)
        return fail(ErrorKind::corrupt, "{}: a list of values of the unknown type {} at byte {}", who, type,
                    reader.position());
    return each(std::vector<std::int64_t>(),
                [&]() -> Result<std::int64_t> { return *CRIA_TRY(read_integer(reader, type)); });
}

Result<GgufValue> read_value(Reader& reader, std::string_view who) {
    const auto type = CRIA_TRY(reader.number<std::uint32_t>());
    switch (static_cast<ValueType>(type)) {
        case ValueType::f32: return static_cast<double>(CRIA_TRY(reader.number<float>()));
        case ValueType::f64: return CRIA_TRY(reader.number<double>());
        case ValueType::flag: return CRIA_TRY(read_flag(reader, who));
        case ValueType::text: return std::string(CRIA_TRY(reader.text(kMaxText)));
        case ValueType::list: return CRIA_TRY(read_list(reader, who));
        default: break;
    }
    const auto integer = CRIA_TRY(read_integer(reader, type));
    if (!integer)
        return fail(ErrorKind::corrupt, "{}: a value of the unknown type {} at byte {}", who, type, reader.position());
    return *integer;
}

}  // namespace

class GgufParser {
public:
    GgufParser(std::span<const std::byte> bytes, std::string_view who) : bytes_(bytes), who_(who), reader_(bytes, who) {
        file_.who_ = who;
    }

    Result<GgufFile> parse(std::shared_ptr<const void> keeper) {
        CRIA_TRY(read_magic());
        const auto tensors = CRIA_TRY(reader_.number<std::uint64_t>());
        const auto fields = CRIA_TRY(reader_.number<std::uint64_t>());
        CRIA_TRY(read_metadata(fields));
        CRIA_TRY(read_alignment());
        CRIA_TRY(read_tensors(tensors));
        CRIA_TRY(place_data());
        file_.storage_ = Storage::wrap(file_.data_, std::move(keeper));
        return std::move(file_);
    }

private:
    Status read_magic() {
        if (reader_.left() < kMagic.size() || std::memcmp(bytes_.data(), kMagic.data(), kMagic.size()) != 0)
            return fail(ErrorKind::corrupt, "{}: does not begin with GGUF; no GGUF file?", who_);
        CRIA_TRY(reader_.number<std::uint32_t>());
        const auto version = CRIA_TRY(reader_.number<std::uint32_t>());
        if (version == 2 || version == 3) return {};
        if (version == 0x0200'0000 || version == 0x0300'0000)
            return fail(ErrorKind::unsupported, "{}: a GGUF file of a big-endian machine; convert it there", who_);
        return fail(version == 1 ? ErrorKind::unsupported : ErrorKind::corrupt,
                    "{}: GGUF version {}; versions 2 and 3 are read", who_, version);
    }

    Status read_metadata(std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {  // each takes 13 bytes at least: a lie ends with the file
            const std::string key(CRIA_TRY(reader_.text(kMaxKey)));
            GgufValue value = CRIA_TRY(read_value(reader_, who_));
            if (!file_.metadata_.emplace(key, std::move(value)).second)
                return fail(ErrorKind::corrupt, "{}: the key '{}' stands there twice", who_, printable(key, kMaxName));
        }
        return {};
    }

    Status read_alignment() {
        if (!file_.metadata_.contains(kAlignmentKey)) return {};
        const std::int64_t wanted = CRIA_TRY(file_.integer(kAlignmentKey));
        if (wanted < 1 || wanted > kMaxAlignment || !std::has_single_bit(static_cast<std::uint64_t>(wanted)))
            return fail(ErrorKind::corrupt, "{}: {} is {}; a power of two up to {} is wanted", who_, kAlignmentKey,
                        wanted, kMaxAlignment);
        alignment_ = static_cast<std::size_t>(wanted);
        return {};
    }

    Status read_tensors(std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {  // each takes 32 bytes at least
            GgufEntry entry = CRIA_TRY(read_tensor());
            if (!file_.index_.emplace(entry.name, file_.entries_.size()).second)
                return fail(ErrorKind::corrupt, "{}: tensor '{}' stands there twice", who_,
                            printable(entry.name, kMaxName));
            file_.entries_.push_back(std::move(entry));
        }
        return {};
    }

    Result<GgufEntry> read_tensor() {
        GgufEntry entry;
        entry.name = CRIA_TRY(reader_.text(kMaxName));
        const auto rank = CRIA_TRY(reader_.number<std::uint32_t>());
        if (rank < 1 || rank > Shape::kMaxRank)
            return fail(ErrorKind::corrupt, "{}: tensor '{}' has {} dimensions; 1 to {} are possible", who_,
                        printable(entry.name, kMaxName), rank, Shape::kMaxRank);
        std::array<std::int64_t, Shape::kMaxRank> sizes{};
        CheckedSize elements = 1;
        for (std::uint32_t axis = rank; axis-- > 0;) {
            const auto size = CRIA_TRY(reader_.number<std::uint64_t>());
            elements *= size;
            if (size < 1 || !elements.fits(kMaxElements))
                return fail(ErrorKind::corrupt, "{}: tensor '{}' has an impossible size, {}", who_,
                            printable(entry.name, kMaxName), size);
            sizes[axis] = static_cast<std::int64_t>(size);
        }
        entry.shape = Shape(std::span<const std::int64_t>(sizes).first(rank));
        const auto type = CRIA_TRY(reader_.number<std::uint32_t>());
        const auto known = element_type(type);
        if (!known)
            return fail(ErrorKind::unsupported, "{}: tensor '{}' has elements of type {}, which Cria does not know",
                        who_, printable(entry.name, kMaxName), type);
        entry.type = *known;
        if (const auto* block = std::get_if<BlockType>(&entry.type);
            block != nullptr && entry.shape.last() % layout_of(*block).elements != 0)
            return fail(ErrorKind::corrupt, "{}: tensor '{}' has rows of {}, no whole number of blocks of {} ({})",
                        who_, printable(entry.name, kMaxName), entry.shape.last(), layout_of(*block).elements,
                        name_of(entry.type));
        entry.bytes = static_cast<std::size_t>(entry.shape.rows() * row_bytes(entry.type, entry.shape.last()));
        entry.begin = CRIA_TRY(reader_.number<std::uint64_t>());
        return entry;
    }

    // The tensors stand one after the other, in the order of the header, without a gap but for the alignment.
    Status place_data() {
        const CheckedSize start = CheckedSize(reader_.position()).align_up(alignment_);
        if (!file_.entries_.empty() && !start.fits(bytes_.size()))
            return fail(ErrorKind::corrupt, "{}: ends before its data; is the file cut off?", who_);
        file_.data_ = bytes_.subspan(std::min(*start.value(), bytes_.size()));
        CheckedSize wanted = 0;
        for (const GgufEntry& entry : file_.entries_) {
            if (entry.begin != wanted.value())
                return fail(ErrorKind::corrupt, "{}: tensor '{}' begins at byte {} of the data; {} was wanted", who_,
                            printable(entry.name, kMaxName), entry.begin, wanted.value().value_or(0));
            const CheckedSize end = wanted + entry.bytes;
            if (!end.fits(file_.data_.size()))
                return fail(ErrorKind::corrupt,
                            "{}: tensor '{}' needs {} bytes from byte {} of the data, which has {}; "
                            "is the file cut off?",
                            who_, printable(entry.name, kMaxName), entry.bytes, entry.begin, file_.data_.size());
            wanted = end.align_up(alignment_);
        }
        return {};
    }

    std::span<const std::byte> bytes_;
    std::string_view who_;
    Reader reader_;
    std::size_t alignment_ = kAlignment;
    GgufFile file_;
};

const GgufEntry* GgufFile::find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second];
}

Tensor GgufFile::tensor(const GgufEntry& entry) const {
    const DType type = std::get<DType>(entry.type);
    std::byte* place = storage_->data() + entry.begin;
    if (reinterpret_cast<std::uintptr_t>(place) % bytes_of(type) == 0) return {type, entry.shape, place, storage_};
    Tensor copy = Tensor::zeros(type, entry.shape);
    std::memcpy(copy.raw(), place, entry.bytes);
    return copy;
}

Result<const GgufValue*> GgufFile::value(std::string_view key) const {
    const auto found = metadata_.find(key);
    if (found == metadata_.end()) return fail(ErrorKind::not_found, "{}: the key '{}' is missing", who_, key);
    return &found->second;
}

namespace {

template <class T>
const T* list_of(const GgufValue& value) {
    const auto* list = std::get_if<GgufList>(&value);
    return list == nullptr ? nullptr : std::get_if<T>(&list->values);
}

std::unexpected<Error> of_another_type(std::string_view who, std::string_view key, std::string_view wanted) {
    return fail(ErrorKind::corrupt, "{}: the key '{}' has another type; {} was wanted", who, key, wanted);
}

}  // namespace

Result<std::int64_t> GgufFile::integer(std::string_view key) const {
    const auto* integer = std::get_if<std::int64_t>(CRIA_TRY(value(key)));
    if (integer == nullptr) return of_another_type(who_, key, "a whole number");
    return *integer;
}

Result<double> GgufFile::number(std::string_view key) const {
    const GgufValue* found = CRIA_TRY(value(key));
    if (const auto* number = std::get_if<double>(found)) return *number;
    if (const auto* integer = std::get_if<std::int64_t>(found)) return static_cast<double>(*integer);
    return of_another_type(who_, key, "a number");
}

Result<std::string> GgufFile::text(std::string_view key) const {
    const auto* text = std::get_if<std::string>(CRIA_TRY(value(key)));
    if (text == nullptr) return of_another_type(who_, key, "a text");
    return *text;
}

Result<std::vector<std::string>> GgufFile::texts(std::string_view key) const {
    const auto* list = list_of<std::vector<std::string>>(*CRIA_TRY(value(key)));
    if (list == nullptr) return of_another_type(who_, key, "a list of texts");
    return *list;
}

Result<std::vector<std::int64_t>> GgufFile::integers(std::string_view key) const {
    const auto* list = list_of<std::vector<std::int64_t>>(*CRIA_TRY(value(key)));
    if (list == nullptr) return of_another_type(who_, key, "a list of whole numbers");
    return *list;
}

Result<GgufFile> open_gguf(Os& os, const Path& path) {
    auto mapping = CRIA_TRY(os.map(path));
    const auto bytes = mapping->bytes();
    return parse_gguf(bytes, std::move(mapping), path.string());
}

Result<GgufFile> parse_gguf(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                            std::string_view who) {
    return GgufParser(bytes, who).parse(std::move(keeper));
}

}  // namespace cria
