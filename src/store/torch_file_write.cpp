// Writing PyTorch checkpoints: a zip archive of stored members, each at a multiple of 64 bytes as PyTorch has them, and
// the pickle of a state dict (protocol 2).
#include <zlib.h>

#include <charconv>
#include <set>

#include "base/assert.h"
#include "store/torch_file.h"

namespace cria {
namespace {

constexpr std::size_t kStorageAlignment = 64;
constexpr std::uint64_t kFits32 = 0xffffffffu;  // itself no size: it says that the 64-bit field has it

void put(std::string& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i));
}

std::uint32_t crc_of(std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// ---- The archive (APPNOTE.TXT of PKWARE, 4.3 and 4.5.3) ----

// Knows where the members stand; the bytes of headers and directory are the caller's to append, in the order of the
// calls.
class ZipWriter {
public:
    // What stands before the member's own bytes.
    std::string header(const std::string& name, std::uint32_t crc, std::uint64_t size) {
        const bool large = size >= kFits32;
        std::string extra;
        if (large) {
            put(extra, 1, 2), put(extra, 16, 2);
            put(extra, size, 8), put(extra, size, 8);
        }
        constexpr std::size_t kLocal = 30, kExtraHead = 4;
        const std::size_t unpadded = kLocal + name.size() + extra.size() + kExtraHead;
        const std::size_t padding = (kStorageAlignment - (offset_ + unpadded) % kStorageAlignment) % kStorageAlignment;
        put(extra, 0x4246, 2), put(extra, padding, 2);  // "FB", as PyTorch marks it
        extra.append(padding, 'Z');

        std::string local("PK\x03\x04");
        put_common(local, large, crc, size);
        put(local, name.size(), 2), put(local, extra.size(), 2);
        local += name + extra;
        note(name, crc, size);
        offset_ += local.size() + size;
        return local;
    }

    // A short member, whole.
    std::string member(const std::string& name, std::string_view bytes) {
        return header(name, crc_of(as_bytes(bytes)), bytes.size()) + std::string(bytes);
    }

    // After the last member.
    std::string directory() {
        const std::uint64_t begin = offset_, size = directory_.size();
        std::string end = std::move(directory_);
        if (begin + size >= kFits32 || members_ >= 0xffff) {
            std::string last("PK\x06\x06");
            put(last, 44, 8), put(last, 45, 2), put(last, 45, 2), put(last, 0, 4), put(last, 0, 4);
            put(last, members_, 8), put(last, members_, 8), put(last, size, 8), put(last, begin, 8);
            last += "PK\x06\x07";
            put(last, 0, 4), put(last, begin + size, 8), put(last, 1, 4);
            end += last;
        }
        end += "PK\x05\x06";
        put(end, 0, 4);
        put(end, std::min<std::uint64_t>(members_, 0xffff), 2), put(end, std::min<std::uint64_t>(members_, 0xffff), 2);
        put(end, std::min(size, kFits32), 4), put(end, std::min(begin, kFits32), 4);
        put(end, 0, 2);
        return end;
    }

private:
    // What a local header and an entry of the directory share.
    static void put_common(std::string& to, bool large, std::uint32_t crc, std::uint64_t size) {
        put(to, large ? 45 : 20, 2), put(to, 0, 2), put(to, 0, 2);  // version needed, flags, stored
        put(to, 0, 2), put(to, 0x21, 2);                            // no time, 1 January 1980
        put(to, crc, 4), put(to, std::min(size, kFits32), 4), put(to, std::min(size, kFits32), 4);
    }

    void note(const std::string& name, std::uint32_t crc, std::uint64_t size) {
        std::string extra;
        if (size >= kFits32) put(extra, size, 8), put(extra, size, 8);
        if (offset_ >= kFits32) put(extra, offset_, 8);
        if (!extra.empty()) {
            std::string head;
            put(head, 1, 2), put(head, extra.size(), 2);
            extra = head + extra;
        }
        directory_ += "PK\x01\x02";
        put(directory_, 45, 2);
        put_common(directory_, !extra.empty(), crc, size);
        put(directory_, name.size(), 2), put(directory_, extra.size(), 2);
        put(directory_, 0, 2), put(directory_, 0, 2), put(directory_, 0, 2), put(directory_, 0, 4);
        put(directory_, std::min(offset_, kFits32), 4);
        directory_ += name + extra;
        ++members_;
    }

    std::string directory_;
    std::uint64_t offset_ = 0, members_ = 0;
};

// A kept tensor's note: its checksum, which the directory repeats, and the note of whoever made it.
std::string noted(std::uint32_t crc, std::string_view note) { return fmt::format("{:08x} {}", crc, note); }

Result<std::uint32_t> noted_crc(std::string_view text) {
    std::uint32_t crc = 0;
    constexpr std::size_t kDigits = 8;
    if (text.size() > kDigits && text[kDigits] == ' ' &&
        std::from_chars(text.data(), text.data() + kDigits, crc, 16).ptr == text.data() + kDigits)
        return crc;
    return fail(ErrorKind::corrupt, "the notes of an interrupted file are damaged; remove it to begin anew");
}

// ---- The pickle (Lib/pickletools.py of Python describes the instructions) ----

class PickleWriter {
public:
    void text(std::string_view value) {
        out_ += 'X';
        put(out_, value.size(), 4);
        out_ += value;
    }
    void integer(std::int64_t value) {
        CRIA_ASSERT(value >= 0);
        if (value < std::int64_t{1} << 31) {
            out_ += 'J';
            put(out_, static_cast<std::uint64_t>(value), 4);
        } else {
            out_ += "\x8a\x08";
            put(out_, static_cast<std::uint64_t>(value), 8);
        }
    }
    void global(std::string_view module, std::string_view name) { out_ += fmt::format("c{}\n{}\n", module, name); }
    void code(std::string_view codes) { out_ += codes; }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

std::string_view storage_name(DType type) {
    switch (type) {
        case DType::f32: return "FloatStorage";
        case DType::bf16: return "BFloat16Storage";
        case DType::f16: return "HalfStorage";
        case DType::i8: return "CharStorage";
        case DType::i32: return "IntStorage";
    }
    return "";
}

// torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)
void pickle_tensor(PickleWriter& out, const PlannedTensor& plan, std::size_t key) {
    out.global("torch._utils", "_rebuild_tensor_v2");
    out.code("((");
    out.text("storage");
    out.global("torch", storage_name(plan.dtype));
    out.text(fmt::format("{}", key));
    out.text("cpu");
    out.integer(plan.shape.elements());
    out.code("tQ");
    out.integer(0);
    out.code("(");
    for (int axis = 0; axis < plan.shape.rank(); ++axis) out.integer(plan.shape[axis]);
    out.code("t(");
    std::int64_t stride = plan.shape.elements();
    for (int axis = 0; axis < plan.shape.rank(); ++axis) {
        stride /= std::max<std::int64_t>(plan.shape[axis], 1);
        out.integer(stride);
    }
    out.code("t\x89");
    out.global("collections", "OrderedDict");
    out.code(")RtR");
}

std::string pickle_of(std::span<const PlannedTensor> plans) {
    PickleWriter out;
    out.code("\x80\x02}(");
    for (std::size_t i = 0; i < plans.size(); ++i) {
        out.text(plans[i].name);
        pickle_tensor(out, plans[i], i);
    }
    out.code("u.");
    return out.take();
}

Status check_plans(const Path& path, std::span<const PlannedTensor> plans) {
    std::set<std::string_view> names;
    for (const PlannedTensor& plan : plans)
        if (!names.insert(plan.name).second)
            return fail(ErrorKind::invalid_input, "{}: two tensors are called '{}'", path.string(), plan.name);
    return {};
}

}  // namespace

Status write_torch_file(Os& os, const Path& path, std::span<const PlannedTensor> plans,
                        FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at, const Resume* resume) {
    CRIA_TRY(check_plans(path, plans));
    const std::string folder = path.stem().string();
    ZipWriter zip;
    std::string head = zip.member(folder + "/data.pkl", pickle_of(plans));
    head += zip.member(folder + "/byteorder", "little");
    std::uint64_t total = head.size();
    for (const PlannedTensor& plan : plans) total += plan.bytes() + 4 * kStorageAlignment + 2 * plan.name.size();
    return write_resumably(os, path, total, as_bytes(head), resume, [&](ResumableFile& file) -> Status {
        for (std::size_t i = 0; i < plans.size(); ++i) {
            const std::string name = fmt::format("{}/data/{}", folder, i);
            if (const auto note = file.next_kept()) {
                (void)zip.header(name, CRIA_TRY(noted_crc(*note)), plans[i].bytes());
                CRIA_TRY(resume->keep(i, std::string_view(*note).substr(noted(0, "").size())));
                continue;
            }
            const std::span<const std::byte> bytes = CRIA_TRY(bytes_at(i));
            CRIA_ASSERT(bytes.size() == plans[i].bytes());
            const std::uint32_t crc = crc_of(bytes);
            CRIA_TRY(file.append(as_bytes(zip.header(name, crc, bytes.size()))));
            CRIA_TRY(file.append(bytes));
            CRIA_TRY(file.end_piece(noted(crc, resume != nullptr ? resume->note() : "")));
        }
        std::string tail = zip.member(folder + "/version", "3\n");
        tail += zip.directory();
        return file.append(as_bytes(tail));
    });
}

}  // namespace cria
