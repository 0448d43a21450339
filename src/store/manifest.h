// What is on record about a model that was fetched: where it came from and what its files should be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/os.h"
#include "store/digest.h"

namespace cria {

struct ManifestFile {
    std::string path;  // within the model's folder
    std::uint64_t bytes = 0;
    Checksum checksum{};
};

struct Manifest {
    std::string source;    // for people
    std::string revision;  // a commit, or empty
    std::vector<ManifestFile> files;
};

// Kept beside the model's files as cria-pull.json.
Status write_manifest(Os& os, const Path& folder, const Manifest& manifest);
// That file; else what Meta's checklist.chk says; nothing where there is neither.
Result<std::optional<Manifest>> read_manifest(Os& os, const Path& folder);

struct FileVerdict {
    std::string path;
    std::string fault;  // empty: as it should be
};
// Reads every file of the manifest again. `progress` gets the bytes read so far; false stops.
Result<std::vector<FileVerdict>> verify_files(Os& os, const Path& folder, const Manifest& manifest,
                                              FunctionRef<bool(std::uint64_t)> progress);

// "hex  ./file" lines, as md5sum and sha256sum write them, as files of unknown size.
std::vector<ManifestFile> read_checklist(std::string_view text);

}  // namespace cria
