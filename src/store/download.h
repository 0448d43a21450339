// Files from the network onto the disk: in parts and over several connections at a time, resumable after a crash,
// checked before they get their name.
//
// While a file is on its way there are PATH.part, as long as the file will be, and PATH.part.done, which lists the
// parts that are complete. What is unfinished is asked for again by the next call with the same files.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/os.h"
#include "http/http.h"
#include "store/digest.h"

namespace cria {

struct RemoteFile {
    std::string path;  // within the folder, "original/params.json"; checked to stay within it
    std::string url;
    std::vector<std::string> headers{};
    std::optional<std::uint64_t> bytes{};  // unknown: asked from the server
    Checksum checksum{};                   // none: only the size is checked
};

struct DownloadOptions {
    int connections = 8;
    std::uint64_t part_bytes = 32u << 20;
    int attempts = 6;                           // in a row without a byte, until a part gives up
    std::chrono::milliseconds first_wait{500};  // before the second attempt; doubles each time
    std::chrono::seconds longest_wait{60};      // also where the server names a longer one
    const std::atomic<bool>* stop = nullptr;
};

struct DownloadProgress {
    std::uint64_t done = 0, total = 0;  // bytes; those of an earlier call count as done
    std::string_view verifying{};       // the file whose checksum is being computed, else empty
};

// What a status other than success means here, for a person.
using ExplainReply = std::function<Error(const HttpReply&, const RemoteFile&)>;

// Fetches what is missing of `files` into `folder`, which is made. Returns when all are there under their names,
// with the size and checksum that were announced.
// Errors: no_space before the first byte when the disk is too small; corrupt for a wrong checksum (the file is
// removed); io when a connection keeps breaking (what came stays for the next call); cancelled; what `explain` says.
Status download_files(Os& os, HttpClient& client, std::vector<RemoteFile> files, const Path& folder,
                      const DownloadOptions& options, const ExplainReply& explain,
                      FunctionRef<void(const DownloadProgress&)> progress);

}  // namespace cria
