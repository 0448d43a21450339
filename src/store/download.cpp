#include "store/download.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "store/safe_path.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxPartsBytes = 16u << 20;
constexpr std::chrono::milliseconds kBetweenReports{100};
constexpr std::chrono::milliseconds kNap{50};  // between looks at the stop flag while waiting

// A piece of a file: bytes first to last, both included.
struct Part {
    std::size_t file = 0;
    std::size_t number = 0;
    std::uint64_t first = 0, last = 0;
};

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "bytes 0-0/1234" -> 0 and 1234 (RFC 9110, section 14.4).
struct ContentRange {
    std::uint64_t first = 0, total = 0;
};
std::optional<ContentRange> content_range(const HttpReply& reply) {
    std::string_view text = reply.header("content-range");
    const std::size_t dash = text.find('-'), slash = text.find('/');
    if (!text.starts_with("bytes ") || dash == text.npos || slash == text.npos || dash < 6) return std::nullopt;
    const auto first = number_in(text.substr(6, dash - 6)), total = number_in(text.substr(slash + 1));
    if (!first || !total) return std::nullopt;
    return ContentRange{*first, *total};
}

bool worth_another_try(int status) { return status == 408 || status == 429 || status >= 500; }

// One file on its way: where it is kept until it is whole, and which parts are.
class Arriving {
public:
    Arriving(Os& os, RemoteFile file, const Path& folder)
        : os_(os),
          file_(std::move(file)),
          final_(folder / file_.path),
          part_(final_.string() + ".part"),
          journal_(final_.string() + ".part.done") {}

    const RemoteFile& remote() const { return file_; }
    const Path& kept_at() const { return part_; }
    std::uint64_t bytes() const { return *file_.bytes; }

    // Under its name already, checked by an earlier call.
    bool is_here() const {
        const auto info = os_.info(final_);
        return info && !info->is_folder && (!file_.bytes || info->size_bytes == *file_.bytes);
    }
    void set_bytes(std::uint64_t bytes) { file_.bytes = bytes; }

    // The parts of `part_bytes` that are missing. Forgets what is kept of another version of the file.
    Result<std::vector<Part>> begin(std::size_t number, std::uint64_t part_bytes) {
        CRIA_TRY(os_.make_folders(final_.parent_path()));
        const std::string header = fmt::format("{} {} {}\n", bytes(), part_bytes, file_.checksum.hex);
        const std::set<std::size_t> complete = complete_parts(header);
        if (complete.empty()) {
            CRIA_TRY(os_.create(part_));
            const auto journal = CRIA_TRY(os_.create(journal_));
            CRIA_TRY(journal->append(as_bytes(header)));
        }
        std::vector<Part> missing;
        for (std::uint64_t first = 0, i = 0; first < bytes(); first += part_bytes, ++i) {
            const Part part{number, i, first, std::min(first + part_bytes, bytes()) - 1};
            if (!complete.contains(i)) missing.push_back(part);
        }
        return missing;
    }

    // From several threads, one at a time.
    Status note_complete(const Part& part) {
        const auto journal = CRIA_TRY(os_.append_to(journal_));
        return journal->append(as_bytes(fmt::format("{}\n", part.number)));
    }

    // Checks the whole file and gives it its name.
    Status finish(FunctionRef<bool(std::uint64_t)> progress) {
        const std::uint64_t size = CRIA_TRY(os_.info(part_)).size_bytes;
        std::string sum;
        if (size == bytes() && file_.checksum.kind != DigestKind::none)
            sum = CRIA_TRY(file_digest(os_, part_, file_.checksum.kind, progress));
        if (size != bytes() || sum != file_.checksum.hex) {
            CRIA_TRY(os_.remove(part_));
            CRIA_TRY(os_.remove(journal_));
            return fail(ErrorKind::corrupt,
                        "{} arrived with {} bytes and the {} checksum {}, but {} bytes and {} were announced; it was "
                        "removed, pull again",
                        file_.path, size, name_of(file_.checksum.kind), sum, bytes(), file_.checksum.hex);
        }
        const auto file = CRIA_TRY(os_.modify(part_));
        CRIA_TRY(file->sync());
        CRIA_TRY(os_.rename(part_, final_));
        CRIA_TRY(os_.sync_folder(final_.parent_path()));
        return os_.remove(journal_);
    }

private:
    std::set<std::size_t> complete_parts(const std::string& header) const {
        const auto journal = read_text(os_, journal_, kMaxPartsBytes);
        if (!journal || !journal->starts_with(header) || !os_.info(part_)) return {};
        std::set<std::size_t> complete;
        std::string_view rest = std::string_view(*journal).substr(header.size());
        // A line that a crash cut off has no end and does not count.
        for (std::size_t end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
            if (const auto number = number_in(rest.substr(0, end))) complete.insert(*number);
            rest.remove_prefix(end + 1);
        }
        return complete;
    }

    Os& os_;
    RemoteFile file_;
    Path final_, part_, journal_;
};

class Downloader {
public:
    Downloader(Os& os, HttpClient& client, const DownloadOptions& options, const ExplainReply& explain)
        : os_(os), client_(client), options_(options), explain_(explain) {}

    Status run(std::vector<RemoteFile> files, const Path& folder, FunctionRef<void(const DownloadProgress&)> report) {
        CRIA_TRY(os_.make_folders(folder));
        for (RemoteFile& file : files) {
            if (!stays_within(file.path))
                return fail(ErrorKind::corrupt, "the server names a file '{}', which is no place within a folder",
                            file.path);
            files_.emplace_back(os_, std::move(file), folder);
        }
        CRIA_TRY(plan(folder));
        CRIA_TRY(fetch_all(report));
        for (const std::size_t i : arriving_) {
            const std::string name = files_[i].remote().path;
            CRIA_TRY(files_[i].finish([&](std::uint64_t) {
                report({.done = done_, .total = total_, .verifying = name});
                return !stopped();
            }));
        }
        return {};
    }

private:
    bool stopped() const { return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed); }

    // Sizes, the parts to fetch, and whether the disk has room for them.
    Status plan(const Path& folder) {
        std::uint64_t missing = 0;
        for (std::size_t i = 0; i < files_.size(); ++i) {
            Arriving& file = files_[i];
            if (!file.is_here()) {
                const bool one_part = CRIA_TRY(measure(file));
                arriving_.push_back(i);
                const std::uint64_t part_bytes =
                    one_part ? std::max<std::uint64_t>(file.bytes(), 1) : options_.part_bytes;
                for (const Part& part : CRIA_TRY(file.begin(i, part_bytes))) {
                    queue_.push_back(part);
                    missing += part.last - part.first + 1;
                }
            }
            total_ += file.remote().bytes.value_or(0);
        }
        done_ = total_ - missing;
        const std::uint64_t room = CRIA_TRY(os_.free_bytes(folder));
        if (missing > room)
            return fail(ErrorKind::no_space, "{} more bytes are to be fetched, and {} has {} free; make room for {}",
                        missing, folder.string(), room, missing - room);
        return {};
    }

    // Finds the size, and whether the file comes in one piece because it is small or the server knows no ranges.
    Result<bool> measure(Arriving& file) {
        const RemoteFile& remote = file.remote();
        if (remote.bytes && *remote.bytes <= options_.part_bytes) return true;
        HttpRequest request{.url = remote.url, .headers = remote.headers, .first = 0, .last = 0};
        std::optional<std::uint64_t> whole;
        const auto sink = [&](const HttpReply& reply, std::span<const std::byte>) -> Status {
            if (reply.status != 200) return {};
            whole = number_in(reply.header("content-length"));
            return fail(ErrorKind::cancelled, "known now");
        };
        const HttpReply reply = CRIA_TRY(persistently(remote, [&]() -> Result<HttpReply> {
            auto answer = client_.get(request, sink);
            if (!answer && whole) return HttpReply{.status = 200};
            return answer;
        }));
        const auto range = content_range(reply);
        const std::optional<std::uint64_t> size = range ? range->total : whole;
        if (!size) return fail(ErrorKind::io, "{}: the server does not tell how long {} is", remote.url, remote.path);
        if (remote.bytes && *size != *remote.bytes)
            return fail(ErrorKind::corrupt, "{} has {} bytes on the server, but {} were announced", remote.path, *size,
                        *remote.bytes);
        file.set_bytes(*size);
        return !range || *size <= options_.part_bytes;
    }

    // Calls `attempt` until it gives an answer that is worth something, with growing waits between.
    Result<HttpReply> persistently(const RemoteFile& remote, FunctionRef<Result<HttpReply>()> attempt) {
        auto wait = options_.first_wait;
        for (int tries = 1;; ++tries) {
            const auto reply = attempt();
            if (!reply && reply.error().kind != ErrorKind::io) return reply;
            if (reply && (reply->status == 200 || reply->status == 206)) return reply;
            if (reply && !worth_another_try(reply->status)) return std::unexpected(explain_(*reply, remote));
            if (tries == options_.attempts)
                return reply ? std::unexpected(explain_(*reply, remote)) : gave_up(reply.error(), tries);
            CRIA_TRY(nap(std::max(wait, asked_to_wait(reply))));
            wait *= 2;
        }
    }

    static std::unexpected<Error> gave_up(Error error, int tries) {
        error.message += fmt::format(" ({} attempts); what has arrived is kept, the same command goes on", tries);
        return std::unexpected(std::move(error));
    }

    std::chrono::milliseconds asked_to_wait(const Result<HttpReply>& reply) const {
        const auto seconds = reply ? number_in(reply->header("retry-after")) : std::nullopt;
        const auto longest = static_cast<std::uint64_t>(options_.longest_wait.count());
        return std::chrono::seconds(std::min(seconds.value_or(0), longest));
    }

    Status nap(std::chrono::milliseconds time) {
        for (; time.count() > 0; time -= kNap) {
            if (stopped() || given_up()) return fail(ErrorKind::cancelled, "stopped");
            std::this_thread::sleep_for(std::min(time, kNap));
        }
        return {};
    }

    Status fetch_all(FunctionRef<void(const DownloadProgress&)> report) {
        const std::size_t count = std::min(queue_.size(), static_cast<std::size_t>(std::max(options_.connections, 1)));
        working_ = count;
        std::vector<std::jthread> workers;
        for (std::size_t i = 0; i < count; ++i) workers.emplace_back([this] { work(); });
        std::unique_lock lock(mutex_);
        while (working_ > 0) {
            changed_.wait_for(lock, kBetweenReports);
            const DownloadProgress now{.done = done_, .total = total_};
            lock.unlock();
            report(now);
            lock.lock();
        }
        if (error_) return std::unexpected(*error_);
        return {};
    }

    void work() {
        while (const auto part = next_part()) {
            const Status fetched = fetch(*part);
            const std::lock_guard lock(mutex_);
            if (!fetched && !error_) error_ = fetched.error();
        }
        const std::lock_guard lock(mutex_);
        --working_;
        changed_.notify_one();
    }

    std::optional<Part> next_part() {
        const std::lock_guard lock(mutex_);
        if (error_ || queue_.empty()) return std::nullopt;
        const Part part = queue_.front();
        queue_.pop_front();
        return part;
    }

    bool given_up() {
        const std::lock_guard lock(mutex_);
        return error_.has_value();
    }

    void count(std::uint64_t arrived, std::uint64_t lost) {
        const std::lock_guard lock(mutex_);
        done_ = done_ + arrived - lost;
    }

    // Where a part stands: its next byte, and whether an answer has begun of which nothing was kept yet.
    struct Cursor {
        std::uint64_t at = 0;
        bool new_answer = true;
    };

    // One part, to the disk and into the journal. A broken connection goes on where it broke.
    Status fetch(const Part& part) {
        Arriving& arriving = files_[part.file];
        const RemoteFile& remote = arriving.remote();
        const auto file = CRIA_TRY(os_.modify(arriving.kept_at()));
        Cursor cursor{.at = part.first};
        const std::uint64_t& at = cursor.at;
        while (at <= part.last) {
            const std::uint64_t before = at;
            CRIA_TRY(persistently(remote, [&]() -> Result<HttpReply> {
                const bool whole = part.first == 0 && part.last + 1 == arriving.bytes() && at == 0;
                HttpRequest request{.url = remote.url, .headers = remote.headers};
                if (!whole) request.first = at, request.last = part.last;
                cursor.new_answer = true;
                auto reply = client_.get(request, [&](const HttpReply& head, std::span<const std::byte> bytes) {
                    return keep(*file, part, head, bytes, cursor);
                });
                const bool broke = reply && at <= part.last && (reply->status == 200 || reply->status == 206);
                if (broke && at == before) return fail(ErrorKind::io, "{}: the connection ends early", remote.url);
                // Whatever arrived makes it a new attempt.
                if (!reply && reply.error().kind == ErrorKind::io && at > before) return HttpReply{.status = 206};
                return reply;
            }));
        }
        CRIA_TRY(file->sync());
        const std::lock_guard lock(mutex_);
        return arriving.note_complete(part);
    }

    Status keep(File& file, const Part& part, const HttpReply& head, std::span<const std::byte> bytes, Cursor& cursor) {
        if (given_up()) return fail(ErrorKind::cancelled, "stopped");
        if (head.status != 200 && head.status != 206) return {};
        const std::string& path = files_[part.file].remote().path;
        const bool from_the_start = head.status == 200 && cursor.new_answer && cursor.at != 0;
        cursor.new_answer = false;
        if (from_the_start && !begin_again(part, cursor))
            return fail(ErrorKind::corrupt, "the server sends all of {} where a part was asked for", path);
        if (bytes.size() > part.last + 1 - cursor.at)
            return fail(ErrorKind::corrupt, "the server sends more of {} than it announced ({} bytes)", path,
                        files_[part.file].bytes());
        CRIA_TRY(file.write_at(cursor.at, bytes));
        cursor.at += bytes.size();
        count(bytes.size(), 0);
        return {};
    }

    // A server without ranges sends a file from its beginning again.
    bool begin_again(const Part& part, Cursor& cursor) {
        if (part.first != 0 || part.last + 1 != files_[part.file].bytes()) return false;
        count(0, cursor.at);
        cursor.at = 0;
        return true;
    }

    Os& os_;
    HttpClient& client_;
    const DownloadOptions& options_;
    const ExplainReply& explain_;
    std::deque<Arriving> files_{};
    std::vector<std::size_t> arriving_{};  // of files_

    std::mutex mutex_{};  // guards all below
    std::condition_variable changed_{};
    std::deque<Part> queue_{};
    std::size_t working_ = 0;
    std::uint64_t done_ = 0, total_ = 0;
    std::optional<Error> error_{};
};

}  // namespace

Status download_files(Os& os, HttpClient& client, std::vector<RemoteFile> files, const Path& folder,
                      const DownloadOptions& options, const ExplainReply& explain,
                      FunctionRef<void(const DownloadProgress&)> progress) {
    return Downloader(os, client, options, explain).run(std::move(files), folder, progress);
}

}  // namespace cria
