#include "store/zip.h"

#include <cstdint>
#include <optional>

#include "base/checked.h"

namespace cria {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint32_t kEnd = 0x06054b50, kEnd64Locator = 0x07064b50, kEnd64 = 0x06064b50;
constexpr std::uint32_t kMember = 0x02014b50, kLocalMember = 0x04034b50;
constexpr std::size_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kMemberBytes = 46, kLocalBytes = 30;
constexpr std::size_t kLongestComment = 0xffff;
constexpr std::uint64_t kMaxMembers = 1 << 20;
constexpr std::uint16_t kExtra64 = 1;

// Little-endian, `at` and what follows known to be inside.
std::uint64_t number(Bytes bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value |= std::uint64_t{std::to_integer<unsigned>(bytes[at + i])} << (8 * i);
    return value;
}

struct Directory {
    std::uint64_t members, bytes, begin;
};

class ZipReader {
public:
    ZipReader(Bytes archive, std::string_view who) : archive_(archive), who_(who) {}

    Result<std::map<std::string, Bytes, std::less<>>> read() {
        const Directory directory = CRIA_TRY(find_directory());
        if (directory.begin > archive_.size() || directory.bytes > archive_.size() - directory.begin ||
            directory.members > kMaxMembers)
            return fail(ErrorKind::corrupt, "{}: the archive's directory of {} members lies outside of the file", who_,
                        directory.members);
        Bytes rest = archive_.subspan(directory.begin, directory.bytes);
        std::map<std::string, Bytes, std::less<>> members;
        for (std::uint64_t i = 0; i < directory.members; ++i) CRIA_TRY(read_member(rest, members));
        return members;
    }

private:
    std::unexpected<Error> broken(std::string_view what) const {
        return fail(ErrorKind::corrupt, "{}: {}; is the file cut off?", who_, what);
    }

    Result<Directory> find_directory() const {
        if (archive_.size() < kEndBytes) return broken("too short for an archive of PyTorch");
        const std::size_t last = archive_.size() - kEndBytes;
        for (std::size_t back = 0; back <= std::min(last, kLongestComment); ++back)
            if (number(archive_, last - back, 4) == kEnd && number(archive_, last - back + 20, 2) == back)
                return directory_at(last - back);
        return broken("no archive of PyTorch (its directory is missing)");
    }

    Result<Directory> directory_at(std::size_t end) const {
        const Directory plain{number(archive_, end + 10, 2), number(archive_, end + 12, 4),
                              number(archive_, end + 16, 4)};
        if (number(archive_, end + 4, 2) != 0 && number(archive_, end + 4, 2) != 0xffff)
            return fail(ErrorKind::unsupported, "{}: an archive in several parts", who_);
        const bool large = plain.members == 0xffff || plain.bytes == 0xffff'ffff || plain.begin == 0xffff'ffff;
        if (!large) return plain;
        if (end < kLocatorBytes || number(archive_, end - kLocatorBytes, 4) != kEnd64Locator)
            return broken("the locator of a large archive's directory is missing");
        const std::uint64_t place = number(archive_, end - kLocatorBytes + 8, 8);
        if (archive_.size() < kEnd64Bytes || place > archive_.size() - kEnd64Bytes ||
            number(archive_, place, 4) != kEnd64)
            return broken("the directory of a large archive is missing");
        return Directory{number(archive_, place + 32, 8), number(archive_, place + 40, 8),
                         number(archive_, place + 48, 8)};
    }

    Status read_member(Bytes& rest, std::map<std::string, Bytes, std::less<>>& members) const {
        if (rest.size() < kMemberBytes || number(rest, 0, 4) != kMember)
            return broken(fmt::format("member {} of the archive's directory is missing", members.size() + 1));
        const std::size_t name_bytes = number(rest, 28, 2), extra_bytes = number(rest, 30, 2);
        const std::size_t whole = kMemberBytes + name_bytes + extra_bytes + number(rest, 32, 2);
        if (rest.size() < whole) return broken("a member of the archive's directory is cut off");
        std::string name(reinterpret_cast<const char*>(rest.data()) + kMemberBytes, name_bytes);
        const std::uint64_t flags = number(rest, 8, 2), method = number(rest, 10, 2);
        if (method != 0 || (flags & 1) != 0)
            return fail(ErrorKind::unsupported, "{}: '{}' is {}; PyTorch stores members as they are", who_, name,
                        method != 0 ? "compressed" : "encrypted");
        std::uint64_t packed = number(rest, 20, 4), size = number(rest, 24, 4), place = number(rest, 42, 4);
        CRIA_TRY(widen(rest.subspan(kMemberBytes + name_bytes, extra_bytes), size, packed, place));
        if (packed != size) return broken(fmt::format("'{}' has two different sizes", name));
        const Bytes bytes = CRIA_TRY(member_bytes(name, place, size));
        if (!members.emplace(name, bytes).second) return broken(fmt::format("'{}' stands there twice", name));
        rest = rest.subspan(whole);
        return {};
    }

    // Sizes and places beyond 32 bits stand in an extra field, in this order, each only where needed.
    Status widen(Bytes extra, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& place) const {
        while (extra.size() >= 4) {
            const std::size_t bytes = number(extra, 2, 2);
            if (bytes > extra.size() - 4) break;
            Bytes field = extra.subspan(4, bytes);
            if (number(extra, 0, 2) == kExtra64) {
                for (std::uint64_t* value : {&size, &packed, &place}) {
                    if (*value != 0xffff'ffff) continue;
                    if (field.size() < 8) return broken("a large member lacks its size");
                    *value = number(field, 0, 8);
                    field = field.subspan(8);
                }
                return {};
            }
            extra = extra.subspan(4 + bytes);
        }
        return {};
    }

    Result<Bytes> member_bytes(const std::string& name, std::uint64_t place, std::uint64_t size) const {
        if (archive_.size() < kLocalBytes || place > archive_.size() - kLocalBytes ||
            number(archive_, place, 4) != kLocalMember)
            return broken(fmt::format("'{}' is not where the directory says", name));
        const CheckedSize begin =
            CheckedSize(place) + kLocalBytes + number(archive_, place + 26, 2) + number(archive_, place + 28, 2);
        if (!(begin + size).fits(archive_.size())) return broken(fmt::format("'{}' ends beyond the file", name));
        return archive_.subspan(*begin.value(), size);
    }

    Bytes archive_;
    std::string_view who_;
};

}  // namespace

Result<std::map<std::string, Bytes, std::less<>>> read_zip(Bytes archive, std::string_view who) {
    return ZipReader(archive, who).read();
}

}  // namespace cria
