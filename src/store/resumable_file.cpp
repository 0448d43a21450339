#include "store/resumable_file.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/strings.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxJournalBytes = 64u << 20;
// What a stopped run loses at most: a part of the whole, and of a very large one so many bytes.
constexpr std::uint64_t kParts = 16, kMostUnsynced = 256u << 20;
// Files are written by whole blocks of a huge page: then Linux keeps them in huge pages (folios), and who maps the file
// reads it at the rate of memory. With 4 KiB pages it is a fifth slower.
constexpr std::uint64_t kBlock = 2u << 20;

Path with_suffix(Path path, std::string_view suffix) { return path += suffix; }

std::string identity_line(const Resume& resume) {
    return json_text(OrderedJson{{"resume", 1}, {"identity", resume.identity}}) + "\n";
}

std::string piece_line(std::uint64_t end, std::string_view note) {
    return json_text(OrderedJson{{"end", end}, {"note", note}}) + "\n";
}

struct Piece {
    std::uint64_t end = 0;
    std::string note;
};

// Nothing for a line that a crash has cut off.
std::optional<Piece> read_piece(std::string_view line, std::string_view who) {
    const auto json = parse_json(line, who);
    if (!json || !json->is_object() || !json->contains("end") || !json->contains("note")) return std::nullopt;
    const Json &end = (*json)["end"], &note = (*json)["note"];
    if (!end.is_number_unsigned() || !note.is_string()) return std::nullopt;
    return Piece{end.get<std::uint64_t>(), note.get<std::string>()};
}

}  // namespace

ResumableFile::ResumableFile(Os& os, const Path& path, const Resume* resume)
    : os_(os),
      path_(path),
      part_(with_suffix(path, ".part")),
      journal_path_(with_suffix(path, ".resume")),
      resume_(resume) {}

std::optional<std::string> ResumableFile::next_kept() {
    if (next_ >= kept_.size()) return std::nullopt;
    return kept_[next_++];
}

Status ResumableFile::append(std::span<const std::byte> bytes) {
    end_ += bytes.size();
    if (!waiting_.empty()) {
        const std::uint64_t missing = kBlock - (written_ + waiting_.size()) % kBlock;
        const auto some = bytes.first(std::min<std::size_t>(missing, bytes.size()));
        waiting_.insert(waiting_.end(), some.begin(), some.end());
        if (some.size() < missing) return {};
        CRIA_TRY(write_waiting());
        bytes = bytes.subspan(some.size());
    }
    const std::uint64_t boundary = end_ / kBlock * kBlock;
    if (boundary > written_) {
        const auto blocks = bytes.first(boundary - written_);
        CRIA_TRY(write(blocks));
        bytes = bytes.subspan(blocks.size());
    }
    waiting_.assign(bytes.begin(), bytes.end());
    return {};
}

Status ResumableFile::write(std::span<const std::byte> bytes) {
    CRIA_TRY(resume_ != nullptr ? file_->write_at(written_, bytes) : file_->append(bytes));
    written_ += bytes.size();
    return {};
}

Status ResumableFile::write_waiting() {
    CRIA_TRY(write(waiting_));
    waiting_.clear();
    return {};
}

Status ResumableFile::end_piece(std::string_view note) {
    if (resume_ == nullptr) return {};
    lines_ += piece_line(end_, note);
    return end_ - recorded_ >= sync_bytes_ ? record() : Status();
}

Status ResumableFile::open(std::uint64_t total, std::span<const std::byte> head) {
    sync_bytes_ = std::min(total / kParts, kMostUnsynced);
    const bool kept = resume_ != nullptr && find_kept(head);
    const std::uint64_t there = kept ? end_ : 0;
    if (const std::uint64_t free = CRIA_TRY(os_.free_bytes(path_.parent_path())); free + there < total)
        return fail(ErrorKind::no_space, "{} needs {} bytes, the disk has {} left", path_.string(), total - there,
                    free);
    if (kept) return {};
    if (resume_ != nullptr) CRIA_TRY(os_.remove(journal_path_));
    file_ = CRIA_TRY(os_.create(part_));
    if (resume_ != nullptr) file_ = CRIA_TRY(os_.modify(part_));
    return append(head);
}

bool ResumableFile::find_kept(std::span<const std::byte> head) {
    const auto journal = read_text(os_, journal_path_, kMaxJournalBytes);
    const std::string first = identity_line(*resume_);
    if (!journal || !journal->starts_with(first) || !os_.info(part_)) return false;
    auto part = os_.modify(part_);
    if (!part) return false;
    const auto size = (*part)->size();
    std::vector<std::byte> beginning(head.size());
    const auto got = (*part)->read_at(0, beginning);
    if (!size || !got || *got != head.size() || !std::ranges::equal(beginning, head)) return false;
    std::uint64_t end = head.size();
    for (const std::string_view line : split(std::string_view(*journal).substr(first.size()), '\n')) {
        auto piece = read_piece(line, journal_path_.string());
        if (!piece || piece->end <= end || piece->end > *size) break;
        end = piece->end;
        kept_.push_back(std::move(piece->note));
        lines_ += piece_line(end, kept_.back());
    }
    file_ = std::move(*part);
    end_ = written_ = end;
    return true;
}

Status ResumableFile::record() {
    CRIA_TRY(write_waiting());
    CRIA_TRY(file_->sync());
    if (journal_) {
        CRIA_TRY(journal_->append(as_bytes(lines_)));
        CRIA_TRY(journal_->sync());
    } else {
        CRIA_TRY(write_atomically(os_, journal_path_, identity_line(*resume_) + lines_));
        journal_ = CRIA_TRY(os_.append_to(journal_path_));
    }
    lines_.clear();
    recorded_ = end_;
    return {};
}

Status ResumableFile::finish() {
    CRIA_TRY(write_waiting());
    CRIA_TRY(file_->sync());
    file_.reset(), journal_.reset();
    CRIA_TRY(os_.rename(part_, path_));
    if (resume_ != nullptr) CRIA_TRY(os_.remove(journal_path_));
    return os_.sync_folder(path_.parent_path());
}

// Best effort: the first error is the one to tell.
Error ResumableFile::give_up(Error error) {
    if (journal_ || !kept_.empty()) {
        if (!lines_.empty()) (void)record();
        error.message += "; what is written is kept, and the same command goes on from there";
        return error;
    }
    file_.reset(), journal_.reset();
    (void)os_.remove(part_);
    if (resume_ != nullptr) (void)os_.remove(journal_path_);
    return error;
}

Status write_resumably(Os& os, const Path& path, std::uint64_t total, std::span<const std::byte> head,
                       const Resume* resume, FunctionRef<Status(ResumableFile&)> fill) {
    ResumableFile file(os, path, resume);
    Status done = file.open(total, head);
    if (done) done = fill(file);
    if (done) done = file.finish();
    if (!done) return std::unexpected(file.give_up(std::move(done).error()));
    return done;
}

}  // namespace cria
