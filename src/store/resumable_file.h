// Writing a large file piece by piece, so that a later run goes on where this one was stopped: by Ctrl-C, an error, or
// kill -9.
//
// The file grows as PATH.part. Beside it PATH.resume has a line for what is being made, and one for every piece that is
// on the disk, written after the pieces were synced: a line can be believed. Both are gone once the file is whole.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/os.h"
#include "base/result.h"

namespace cria {

// What a writer is told so that a later run can go on with its file.
struct Resume {
    std::string identity;             // what the file is made from, and how; a file of another identity is begun anew
    FunctionRef<std::string()> note;  // text that `keep` will want to hear of the piece just written
    FunctionRef<Status(std::size_t, std::string_view)> keep;  // tensor i is there from an earlier run; its note
};

// One owner, one thread. Made by write_resumably().
class ResumableFile {
public:
    // The note of the next piece, where an earlier run has written it: it is passed over. Kept pieces come first.
    std::optional<std::string> next_kept();
    Status append(std::span<const std::byte> bytes);
    // What was appended since the last call is a piece that a later run need not write again.
    Status end_piece(std::string_view note);

private:
    friend Status write_resumably(Os&, const Path&, std::uint64_t, std::span<const std::byte>, const Resume*,
                                  FunctionRef<Status(ResumableFile&)>);
    ResumableFile(Os& os, const Path& path, const Resume* resume);

    Status open(std::uint64_t total, std::span<const std::byte> head);
    // Whether there is a part of this identity that begins with `head`; then kept_ and end_ are set.
    bool find_kept(std::span<const std::byte> head);
    Status write(std::span<const std::byte> bytes);
    Status write_waiting();
    Status record();
    Status finish();
    Error give_up(Error error);

    Os& os_;
    Path path_, part_, journal_path_;
    const Resume* resume_;
    std::unique_ptr<File> file_, journal_;
    std::vector<std::string> kept_;
    std::size_t next_ = 0;
    // Bytes appended, those of them that are written, and those that the journal knows of.
    std::uint64_t end_ = 0, written_ = 0, recorded_ = 0;
    std::vector<std::byte> waiting_;  // appended and not yet written: the beginning of a block
    std::uint64_t sync_bytes_ = 0;    // pieces are synced and noted whenever so many bytes have come together
    std::string lines_;               // of the journal, not yet written
};

// Writes a file that replaces `path` in one step, when it is whole. It begins with `head`; `fill` appends the rest
// piece by piece, and asks next_kept() before each. `total`: bytes of the whole, at least. Without `resume` nothing of
// an interrupted file is kept. Errors: no_space (both numbers), io, and those of `fill`.
Status write_resumably(Os& os, const Path& path, std::uint64_t total, std::span<const std::byte> head,
                       const Resume* resume, FunctionRef<Status(ResumableFile&)> fill);

}  // namespace cria
