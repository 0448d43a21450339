// Reading safetensors: the header goes through a SAX parser (no tree, so a header of the largest size costs
// memory only for its tensors), then the places of the tensors are checked against the file.
#include "store/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/checked.h"
#include "base/json.h"

namespace cria {
namespace {

constexpr std::size_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr std::string_view kMetadataName = "__metadata__";

// A name from a file, fit for a message: short, without control characters.
std::string shown(std::string_view name) {
    constexpr std::size_t kLongest = 100;
    std::string text(name.substr(0, kLongest));
    std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return name.size() > kLongest ? text + "..." : text;
}

std::optional<DType> dtype_of(std::string_view name) {
    if (name == "F32") return DType::f32;
    if (name == "BF16") return DType::bf16;
    if (name == "F16") return DType::f16;
    if (name == "I8") return DType::i8;
    if (name == "I32") return DType::i32;
    return std::nullopt;
}

// Types that the format has and Cria does not compute with.
bool known_elsewhere(std::string_view name) {
    constexpr std::array<std::string_view, 15> kNames = {"BOOL", "U8",  "I16",     "U16",     "U32",
                                                         "I64",  "U64", "F64",     "F8_E5M2", "F8_E4M3",
                                                         "C64",  "F4",  "F6_E2M3", "F6_E3M2", "F8_E8M0"};
    return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Builds entries from the events of a JSON parser; the first thing that is wrong stops it, and is error().
class HeaderReader final : public nlohmann::json_sax<Json> {
public:
    std::vector<SafetensorsEntry> entries;
    std::map<std::string, std::size_t, std::less<>> index;
    SafetensorsMetadata metadata;

    Error error() const { return error_.value_or(Error{ErrorKind::corrupt, "the header is not JSON"}); }

    bool null() override { return unexpected_value("null"); }
    bool boolean(bool) override { return unexpected_value("a truth value"); }
    bool number_integer(number_integer_t value) override { return unexpected_value(fmt::format("{}", value)); }
    bool number_float(number_float_t, const string_t& text) override { return unexpected_value(shown(text)); }
    bool binary(binary_t&) override { return unexpected_value("binary data"); }

    bool number_unsigned(number_unsigned_t value) override {
        if (at_ == At::offsets) {
            if (offset_count_ == 2)
                return refuse(ErrorKind::corrupt, "{} has more than two data_offsets", tensor_name());
            offsets_[offset_count_++] = value;
            return true;
        }
        if (at_ != At::shape) return unexpected_value(fmt::format("{}", value));
        if (rank_ == Shape::kMaxRank)
            return refuse(ErrorKind::unsupported, "{} has more than {} dimensions", tensor_name(), Shape::kMaxRank);
        if (value > INT64_MAX) return refuse(ErrorKind::corrupt, "{} has a dimension of {}", tensor_name(), value);
        sizes_[rank_++] = static_cast<std::int64_t>(value);
        return true;
    }

    bool string(string_t& value) override {
        if (at_ == At::metadata) {
            metadata.insert_or_assign(field_, std::move(value));
            return true;
        }
        if (at_ != At::tensor || field_ != "dtype") return unexpected_value("text");
        dtype_ = dtype_of(value);
        if (dtype_) return true;
        if (known_elsewhere(value))
            return refuse(ErrorKind::unsupported, "{} has elements of type {}; Cria reads F32, BF16, F16, I8 and I32",
                          tensor_name(), value);
        return refuse(ErrorKind::corrupt, "{} has elements of an unknown type '{}'", tensor_name(), shown(value));
    }

    bool key(string_t& value) override {
        if (at_ == At::top) return start_entry(value);
        field_ = value;
        if (at_ == At::metadata)
            return !metadata.contains(field_) ||
                   refuse(ErrorKind::corrupt, "__metadata__ has '{}' twice", shown(field_));
        const unsigned bit = field_ == "dtype" ? 1u : field_ == "shape" ? 2u : field_ == "data_offsets" ? 4u : 0u;
        if (bit == 0) return refuse(ErrorKind::corrupt, "{} has an unknown field '{}'", tensor_name(), shown(field_));
        if ((seen_ & bit) != 0) return refuse(ErrorKind::corrupt, "{} has '{}' twice", tensor_name(), field_);
        seen_ |= bit;
        return true;
    }

    bool start_object(std::size_t) override {
        if (at_ == At::before) {
            at_ = At::top;
        } else if (at_ == At::top) {
            at_ = name_ == kMetadataName ? At::metadata : At::tensor;
        } else {
            return unexpected_value("an object");
        }
        return true;
    }

    bool start_array(std::size_t) override {
        if (at_ != At::tensor || field_ == "dtype") return unexpected_value("a list");
        at_ = field_ == "shape" ? At::shape : At::offsets;
        return true;
    }

    bool end_array() override {
        at_ = At::tensor;
        return true;
    }

    bool end_object() override {
        if (at_ == At::tensor && !finish_entry()) return false;
        at_ = At::top;
        return true;
    }

    bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
        return refuse(ErrorKind::corrupt, "the header is not JSON at its byte {}", position);
    }

private:
    enum class At { before, top, metadata, tensor, shape, offsets };

    template <class... Args>
    bool refuse(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
        error_ = Error{kind, fmt::format(format, std::forward<Args>(args)...)};
        return false;
    }

    std::string tensor_name() const { return fmt::format("tensor '{}'", shown(name_)); }

    bool unexpected_value(std::string_view what) {
        switch (at_) {
            case At::before: return refuse(ErrorKind::corrupt, "the header is {}; an object is wanted", what);
            case At::top: return refuse(ErrorKind::corrupt, "{} is {}; an object is wanted", tensor_name(), what);
            case At::metadata:
                return refuse(ErrorKind::corrupt, "__metadata__ '{}' is {}; text is wanted", shown(field_), what);
            case At::tensor:
                return refuse(ErrorKind::corrupt, "{}: {} is {}; {} is wanted", tensor_name(), field_, what,
                              field_ == "dtype" ? "text" : "a list");
            case At::shape:
                return refuse(ErrorKind::corrupt, "{}: shape holds {}; whole numbers are wanted", tensor_name(), what);
            case At::offsets: break;
        }
        return refuse(ErrorKind::corrupt, "{}: data_offsets holds {}; whole numbers are wanted", tensor_name(), what);
    }

    bool start_entry(const std::string& name) {
        name_ = name;
        seen_ = 0;
        rank_ = offset_count_ = 0;
        if (name == kMetadataName) {
            if (seen_metadata_) return refuse(ErrorKind::corrupt, "__metadata__ stands there twice");
            seen_metadata_ = true;
        }
        return !index.contains(name) || refuse(ErrorKind::corrupt, "{} stands there twice", tensor_name());
    }

    bool finish_entry() {
        if (seen_ != 7 || offset_count_ != 2)
            return refuse(ErrorKind::corrupt, "{} lacks one of dtype, shape and two data_offsets", tensor_name());
        const auto [begin, end] = offsets_;
        // Empty dimensions count as one here: Shape multiplies from left to right and must not overflow on the way.
        CheckedSize limit = bytes_of(*dtype_);
        bool any_empty = false;
        for (std::size_t axis = 0; axis < rank_; ++axis) {
            any_empty = any_empty || sizes_[axis] == 0;
            limit *= std::max<std::int64_t>(sizes_[axis], 1);
        }
        const Shape shape(std::span<const std::int64_t>(sizes_).first(rank_));
        if (!limit.fits(INT64_MAX))
            return refuse(ErrorKind::corrupt, "{} has the impossible shape {}", tensor_name(), shape.text());
        const std::uint64_t wanted = any_empty ? 0 : *limit.value();
        if (end < begin || end - begin != wanted)
            return refuse(ErrorKind::corrupt, "{} stands at [{}, {}), but its shape {} needs {} bytes", tensor_name(),
                          begin, end, shape.text(), wanted);
        index.emplace(name_, entries.size());
        entries.push_back({name_, *dtype_, shape, begin, wanted});
        return true;
    }

    std::optional<Error> error_;
    At at_ = At::before;
    std::string name_, field_;
    unsigned seen_ = 0;  // bits: dtype, shape, data_offsets
    bool seen_metadata_ = false;
    std::optional<DType> dtype_;
    std::array<std::int64_t, Shape::kMaxRank> sizes_{};
    std::size_t rank_ = 0;
    std::array<std::uint64_t, 2> offsets_{};
    std::size_t offset_count_ = 0;
};

// The tensors, sorted by place, must fill the data from its first to its last byte.
Status check_places(std::span<const SafetensorsEntry> entries, std::uint64_t data_bytes, std::string_view who) {
    std::uint64_t filled = 0;
    for (const SafetensorsEntry& entry : entries) {
        if (entry.begin != filled)
            return fail(ErrorKind::corrupt,
                        "{}: tensor '{}' begins at byte {} of the data, the one before it ends at {}", who,
                        shown(entry.name), entry.begin, filled);
        filled += entry.bytes;  // at most twice 2^63 - 1: no overflow, as the check below stops it
        if (filled > data_bytes)
            return fail(ErrorKind::corrupt, "{}: tensor '{}' ends at byte {} of the data, the file has {}", who,
                        shown(entry.name), filled, data_bytes);
    }
    if (filled != data_bytes)
        return fail(ErrorKind::corrupt, "{}: the tensors fill {} bytes of the data, the file has {}", who, filled,
                    data_bytes);
    return {};
}

// The header's text, within the file and the limit.
Result<std::string_view> header_of(std::span<const std::byte> bytes, std::string_view who) {
    if (bytes.size() < kLengthBytes)
        return fail(ErrorKind::corrupt, "{}: {} bytes are too few for a safetensors file", who, bytes.size());
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i)
        length |= std::uint64_t{std::to_integer<unsigned>(bytes[i])} << (8 * i);
    if (length > kMaxHeaderBytes)
        return fail(ErrorKind::corrupt,
                    "{}: the header says it has {} bytes, at most {} are read; no safetensors file?", who, length,
                    kMaxHeaderBytes);
    if (length > bytes.size() - kLengthBytes)
        return fail(ErrorKind::corrupt, "{}: the header says it has {} bytes, {} are there; is the file cut off?", who,
                    length, bytes.size() - kLengthBytes);
    const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length);
    if (!header.starts_with('{')) return fail(ErrorKind::corrupt, "{}: the header does not begin with '{{'", who);
    return header;
}

}  // namespace

class SafetensorsParser {
public:
    static Result<SafetensorsFile> parse(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                         std::string_view who) {
        const std::string_view header = CRIA_TRY(header_of(bytes, who));
        HeaderReader reader;
        if (!Json::sax_parse(header, &reader)) return prefix(who, reader.error());

        SafetensorsFile file;
        file.who_ = who;
        file.entries_ = std::move(reader.entries);
        file.metadata_ = std::move(reader.metadata);
        std::sort(file.entries_.begin(), file.entries_.end(), [](const auto& a, const auto& b) {
            return std::pair(a.begin, a.bytes) < std::pair(b.begin, b.bytes);
        });
        file.data_ = bytes.subspan(kLengthBytes + header.size());
        CRIA_TRY(check_places(file.entries_, file.data_.size(), who));
        file.index_ = std::move(reader.index);
        for (std::size_t i = 0; i < file.entries_.size(); ++i) file.index_.find(file.entries_[i].name)->second = i;
        file.storage_ = Storage::wrap(file.data_, std::move(keeper));
        return file;
    }
};

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &entries_[found->second];
}

Tensor SafetensorsFile::tensor(const SafetensorsEntry& entry) const {
    std::byte* place = storage_->data() + entry.begin;
    if (reinterpret_cast<std::uintptr_t>(place) % bytes_of(entry.dtype) == 0)
        return {entry.dtype, entry.shape, place, storage_};
    Tensor copy = Tensor::zeros(entry.dtype, entry.shape);
    std::memcpy(copy.raw(), place, entry.bytes);
    return copy;
}

Result<Tensor> SafetensorsFile::tensor(std::string_view name) const {
    const SafetensorsEntry* entry = find(name);
    if (entry == nullptr) return fail(ErrorKind::not_found, "{}: no tensor '{}'", who_, shown(name));
    return tensor(*entry);
}

Result<SafetensorsFile> open_safetensors(Os& os, const Path& path) {
    auto mapping = CRIA_TRY(os.map(path));
    const auto bytes = mapping->bytes();
    return parse_safetensors(bytes, std::move(mapping), path.string());
}

Result<SafetensorsFile> parse_safetensors(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                          std::string_view who) {
    return SafetensorsParser::parse(bytes, std::move(keeper), who);
}

}  // namespace cria
