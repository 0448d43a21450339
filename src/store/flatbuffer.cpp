#include "store/flatbuffer.h"

namespace cria {

Result<FlatTable> FlatVector::table(std::size_t i) const {
    CRIA_ASSERT(width_ == 4 && i < size());
    const auto at = static_cast<std::size_t>(bytes_.data() - buffer_.data()) + 4 * i;
    const std::size_t there = CRIA_TRY(FlatTable::follow(buffer_, at, who_));
    return FlatTable::at(buffer_, there, who_);
}

Result<FlatTable> FlatTable::root(std::span<const std::byte> buffer, std::string_view who) {
    if (buffer.size() < 8) return fail(ErrorKind::corrupt, "{}: {} bytes are no FlatBuffer", who, buffer.size());
    const std::size_t there = CRIA_TRY(follow(buffer, 0, who));
    return at(buffer, there, who);
}

// Where the offset at `at`, which must be inside, leads to: a place with four bytes at least.
Result<std::size_t> FlatTable::follow(std::span<const std::byte> buffer, std::size_t at, std::string_view who) {
    const auto offset = flat_number<std::uint32_t>(buffer, at);
    if (offset > buffer.size() - at || buffer.size() - at - offset < 4)
        return fail(ErrorKind::corrupt, "{}: the offset at byte {} leads {} bytes on, beyond the end (byte {})", who,
                    at, offset, buffer.size());
    return at + offset;
}

Result<FlatTable> FlatTable::at(std::span<const std::byte> buffer, std::size_t at, std::string_view who) {
    FlatTable table;
    table.buffer_ = buffer, table.at_ = at, table.who_ = who;
    const auto vtable = static_cast<std::int64_t>(at) - flat_number<std::int32_t>(buffer, at);
    if (vtable < 0 || vtable > static_cast<std::int64_t>(buffer.size()) - 4)
        return fail(ErrorKind::corrupt, "{}: the table at byte {} has no field list (it would be at byte {})", who, at,
                    vtable);
    table.vtable_ = static_cast<std::size_t>(vtable);
    table.vtable_bytes_ = flat_number<std::uint16_t>(buffer, table.vtable_);
    table.bytes_ = flat_number<std::uint16_t>(buffer, table.vtable_ + 2);
    if (table.vtable_bytes_ < 4 || table.vtable_bytes_ > buffer.size() - table.vtable_ || table.bytes_ < 4 ||
        table.bytes_ > buffer.size() - at)
        return fail(ErrorKind::corrupt, "{}: the table at byte {} and its field list have {} and {} bytes", who, at,
                    table.bytes_, table.vtable_bytes_);
    return table;
}

Result<std::size_t> FlatTable::place(int field, std::size_t width) const {
    const std::size_t entry = 4 + 2 * static_cast<std::size_t>(field);
    if (entry + 2 > vtable_bytes_) return 0;
    const std::size_t offset = flat_number<std::uint16_t>(buffer_, vtable_ + entry);
    if (offset == 0) return 0;
    if (offset < 4 || offset > bytes_ || width > bytes_ - offset)
        return fail(ErrorKind::corrupt, "{}: field {} of the table at byte {} lies outside of it", who_, field, at_);
    return at_ + offset;
}

Result<std::optional<FlatTable>> FlatTable::find(int field) const {
    const std::size_t at = CRIA_TRY(place(field, 4));
    if (at == 0) return std::nullopt;
    const std::size_t there = CRIA_TRY(follow(buffer_, at, who_));
    return FlatTable::at(buffer_, there, who_);
}

Result<FlatTable> FlatTable::table(int field) const {
    const auto found = CRIA_TRY(find(field));
    if (!found) return fail(ErrorKind::corrupt, "{}: the table at byte {} lacks field {}", who_, at_, field);
    return *found;
}

Result<std::string_view> FlatTable::text(int field) const {
    const FlatVector letters = CRIA_TRY(vector(field, 1));
    return std::string_view(reinterpret_cast<const char*>(letters.bytes().data()), letters.size());
}

Result<FlatVector> FlatTable::vector(int field, std::size_t width) const {
    FlatVector vector;
    vector.buffer_ = buffer_, vector.width_ = width, vector.who_ = who_;
    const std::size_t offset = CRIA_TRY(place(field, 4));
    if (offset == 0) return vector;
    const std::size_t at = CRIA_TRY(follow(buffer_, offset, who_));
    const std::size_t count = flat_number<std::uint32_t>(buffer_, at);
    if (count > (buffer_.size() - at - 4) / width)
        return fail(ErrorKind::corrupt, "{}: {} elements of {} bytes at byte {} do not fit into {} bytes", who_, count,
                    width, at, buffer_.size());
    vector.bytes_ = buffer_.subspan(at + 4, count * width);
    return vector;
}

}  // namespace cria
