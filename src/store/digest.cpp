#include "store/digest.h"

#include <openssl/evp.h>

#include <algorithm>
#include <vector>

namespace cria {
namespace {

constexpr std::size_t kBlock = 4u << 20;

struct ContextDeleter {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

const EVP_MD* algorithm(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha256: return EVP_sha256();
        case DigestKind::md5: return EVP_md5();
        case DigestKind::git_blob: return EVP_sha1();
        case DigestKind::none: break;
    }
    return nullptr;
}

// Adds up bytes; hex() ends it.
class Digest {
public:
    explicit Digest(DigestKind kind) : context_(EVP_MD_CTX_new()) {
        good_ = context_ && EVP_DigestInit_ex(context_.get(), algorithm(kind), nullptr) == 1;
    }
    void add(std::span<const std::byte> bytes) {
        good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
    }
    Result<std::string> hex() {
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        if (!good_ || EVP_DigestFinal_ex(context_.get(), sum, &length) != 1)
            return fail(ErrorKind::unsupported, "this system's OpenSSL does not compute the checksum");
        std::string text;
        for (unsigned i = 0; i < length; ++i) text += fmt::format("{:02x}", sum[i]);
        return text;
    }

private:
    std::unique_ptr<EVP_MD_CTX, ContextDeleter> context_;
    bool good_;
};

}  // namespace

Checksum checksum_of_hex(std::string_view hex) {
    Checksum sum{.kind = hex.size() == 32   ? DigestKind::md5
                         : hex.size() == 64 ? DigestKind::sha256
                                            : DigestKind::none,
                 .hex = std::string(hex)};
    for (char& digit : sum.hex) {
        if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
        if (!std::string_view("0123456789abcdef").contains(digit)) return {};
    }
    return sum.kind == DigestKind::none ? Checksum{} : sum;
}

std::string_view name_of(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha256: return "SHA-256";
        case DigestKind::md5: return "MD5";
        case DigestKind::git_blob: return "git SHA-1";
        case DigestKind::none: break;
    }
    return "none";
}

Result<std::string> file_digest(Os& os, const Path& path, DigestKind kind, FunctionRef<bool(std::uint64_t)> progress) {
    const auto file = CRIA_TRY(os.open(path));
    const std::uint64_t size = CRIA_TRY(file->size());
    Digest digest(kind);
    if (kind == DigestKind::git_blob) {
        const std::string head = fmt::format("blob {}", size);
        digest.add(std::as_bytes(std::span(head.c_str(), head.size() + 1)));
    }
    std::vector<std::byte> block(static_cast<std::size_t>(std::min<std::uint64_t>(size, kBlock)));
    for (std::uint64_t at = 0; at < size;) {
        const std::size_t got = CRIA_TRY(file->read_at(at, block));
        if (got == 0) return fail(ErrorKind::io, "{} became shorter while it was read", path.string());
        digest.add(std::span(block).first(got));
        at += got;
        if (!progress(at)) return fail(ErrorKind::cancelled, "stopped");
    }
    return digest.hex();
}

}  // namespace cria
