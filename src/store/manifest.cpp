#include "store/manifest.h"

#include "base/json.h"
#include "base/strings.h"
#include "store/safe_path.h"

namespace cria {
namespace {

constexpr std::string_view kName = "cria-pull.json";
constexpr std::uint64_t kMaxBytes = 16u << 20;
constexpr std::array kKinds{DigestKind::none, DigestKind::sha256, DigestKind::md5, DigestKind::git_blob};

Result<DigestKind> kind_named(std::string_view name, const std::string& who) {
    for (const DigestKind kind : kKinds)
        if (name_of(kind) == name) return kind;
    return fail(ErrorKind::corrupt, "{}: no checksum is called '{}'", who, name);
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& who) {
    const Json json = CRIA_TRY(parse_json(text, who));
    try {
        Manifest manifest{json.at("source"), json.at("revision"), {}};
        for (const Json& entry : json.at("files")) {
            const std::string kind = entry.at("checksum"), hex = entry.at("hex");
            manifest.files.push_back({entry.at("path"), entry.at("bytes"), {CRIA_TRY(kind_named(kind, who)), hex}});
            if (!stays_within(manifest.files.back().path))
                return fail(ErrorKind::corrupt, "{}: '{}' is no place within the folder", who,
                            manifest.files.back().path);
        }
        return manifest;
    } catch (const Json::exception&) {
        return fail(ErrorKind::corrupt, "{} is not what cria pull writes; pull the model again", who);
    }
}

Result<std::optional<std::string>> text_if_there(Os& os, const Path& path) {
    auto text = read_text(os, path, kMaxBytes);
    if (text) return std::optional(std::move(*text));
    if (text.error().kind == ErrorKind::not_found) return std::nullopt;
    return std::unexpected(text.error());
}

// What is wrong with one file; empty when nothing is.
Result<std::string> fault_of(Os& os, const Path& path, const ManifestFile& wanted,
                             FunctionRef<bool(std::uint64_t)> progress) {
    const auto info = os.info(path);
    if (!info) return std::string("is missing");
    if (wanted.bytes != 0 && info->size_bytes != wanted.bytes)
        return fmt::format("has {} bytes instead of {}", info->size_bytes, wanted.bytes);
    if (wanted.checksum.kind == DigestKind::none) return std::string();
    const std::string sum = CRIA_TRY(file_digest(os, path, wanted.checksum.kind, progress));
    if (sum == wanted.checksum.hex) return std::string();
    return fmt::format("has the {} checksum {} instead of {}", name_of(wanted.checksum.kind), sum, wanted.checksum.hex);
}

}  // namespace

Status write_manifest(Os& os, const Path& folder, const Manifest& manifest) {
    OrderedJson files = OrderedJson::array();
    for (const ManifestFile& file : manifest.files)
        files.push_back({{"path", file.path},
                         {"bytes", file.bytes},
                         {"checksum", name_of(file.checksum.kind)},
                         {"hex", file.checksum.hex}});
    const OrderedJson json{{"source", manifest.source}, {"revision", manifest.revision}, {"files", std::move(files)}};
    return write_atomically(os, folder / kName, json_text(json, 2) + "\n");
}

Result<std::optional<Manifest>> read_manifest(Os& os, const Path& folder) {
    const Path own = folder / kName;
    if (const auto text = CRIA_TRY(text_if_there(os, own))) return CRIA_TRY(parse_manifest(*text, own.string()));
    const auto list = CRIA_TRY(text_if_there(os, folder / "checklist.chk"));
    if (!list) return std::nullopt;
    return Manifest{"checklist.chk", "", read_checklist(*list)};
}

Result<std::vector<FileVerdict>> verify_files(Os& os, const Path& folder, const Manifest& manifest,
                                              FunctionRef<bool(std::uint64_t)> progress) {
    std::vector<FileVerdict> verdicts;
    std::uint64_t before = 0;
    for (const ManifestFile& file : manifest.files) {
        const Path path = folder / file.path;
        const auto count = [&](std::uint64_t read) { return progress(before + read); };
        verdicts.push_back({file.path, CRIA_TRY(fault_of(os, path, file, count))});
        if (const auto info = os.info(path)) before += info->size_bytes;
    }
    return verdicts;
}

std::vector<ManifestFile> read_checklist(std::string_view text) {
    std::vector<ManifestFile> files;
    for (const std::string_view each : split(text, '\n')) {
        const std::string_view line = trimmed(each);
        const std::size_t space = line.find(' ');
        const std::size_t name = space == line.npos ? space : line.find_first_not_of(" *", space);
        if (name == line.npos) continue;
        std::string_view file = line.substr(name);
        if (file.starts_with("./")) file.remove_prefix(2);
        const Checksum sum = checksum_of_hex(line.substr(0, space));
        if (sum.kind != DigestKind::none && stays_within(std::string(file)))
            files.push_back({std::string(file), 0, sum});
    }
    return files;
}

}  // namespace cria
