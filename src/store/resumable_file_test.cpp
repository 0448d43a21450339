#include "store/resumable_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

constexpr std::string_view kHead = "HEAD";

std::string piece(std::size_t i) { return std::string(40 + 7 * i, static_cast<char>('a' + i)); }
constexpr std::size_t kPieces = 12;

std::string whole() {
    std::string text(kHead);
    for (std::size_t i = 0; i < kPieces; ++i) text += piece(i);
    return text;
}

class Resumable : public testing::Test {
protected:
    struct Run {
        std::string identity = "one";
        std::string head{kHead};
        std::size_t stop_at = kPieces;  // fails instead of giving this piece
    };
    // Writes the file; kept_ and made_ tell which pieces came from where.
    Status write(Os& os, const Run& run) {
        kept_.clear(), made_.clear();
        const auto note = [&] { return fmt::format("note {}", made_.back()); };
        const auto keep = [&](std::size_t i, std::string_view noted) -> Status {
            EXPECT_EQ(noted, fmt::format("note {}", i));
            kept_.push_back(i);
            return {};
        };
        const Resume resume{run.identity, note, keep};
        return write_resumably(os, path_, whole().size(), as_bytes(run.head), &resume,
                               [&](ResumableFile& file) -> Status {
                                   for (std::size_t i = 0; i < kPieces; ++i) {
                                       if (const auto noted = file.next_kept()) {
                                           CRIA_TRY(keep(i, *noted));
                                           continue;
                                       }
                                       if (i == run.stop_at) return fail(ErrorKind::cancelled, "interrupted");
                                       made_.push_back(i);
                                       CRIA_TRY(file.append(as_bytes(piece(i))));
                                       CRIA_TRY(file.end_piece(note()));
                                   }
                                   return {};
                               });
    }
    void expect_whole() {
        EXPECT_EQ(*read_text(real_os(), path_, 1 << 20), whole());
        EXPECT_EQ(real_os().list(folder_.path())->size(), 1u) << "nothing is left beside it";
        EXPECT_EQ(kept_.size() + made_.size(), kPieces);
    }
    Path beside(std::string_view suffix) { return Path(path_) += suffix; }

    TempFolder folder_;
    Path path_ = folder_ / "file";
    std::vector<std::size_t> kept_, made_;
};

TEST_F(Resumable, WritesAtOnce) {
    ASSERT_TRUE(write(real_os(), {}));
    expect_whole();
    EXPECT_TRUE(kept_.empty());
}

TEST_F(Resumable, GoesOnWhereItWasStopped) {
    const Status stopped = write(real_os(), {.stop_at = 7});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
    EXPECT_NE(stopped.error().message.find("goes on"), std::string::npos) << stopped.error().message;
    EXPECT_FALSE(real_os().info(path_)) << "no half file under the good name";
    ASSERT_FALSE(write(real_os(), {.stop_at = 9}));
    EXPECT_EQ(kept_.size(), 7u);
    ASSERT_TRUE(write(real_os(), {}));
    EXPECT_EQ(kept_.size(), 9u);
    expect_whole();
}

TEST_F(Resumable, AnotherSourceBeginsAnew) {
    ASSERT_FALSE(write(real_os(), {.stop_at = 7}));
    ASSERT_FALSE(write(real_os(), {.identity = "two", .stop_at = 8}));
    EXPECT_TRUE(kept_.empty());
    ASSERT_FALSE(write(real_os(), {.identity = "two", .head = "head", .stop_at = 8}));
    EXPECT_TRUE(kept_.empty());
    ASSERT_TRUE(write(real_os(), {}));
    EXPECT_TRUE(kept_.empty());
    expect_whole();
}

TEST_F(Resumable, BelievesOnlyWholeLinesAndPieces) {
    const auto cut = [&](std::string_view suffix, std::uint64_t bytes) {
        std::filesystem::resize_file(beside(suffix), std::filesystem::file_size(beside(suffix)) - bytes);
    };
    ASSERT_FALSE(write(real_os(), {.stop_at = 7}));
    cut(".resume", 3);
    ASSERT_FALSE(write(real_os(), {.stop_at = 8}));
    EXPECT_EQ(kept_.size(), 6u);
    cut(".part", piece(7).size() + 1);
    ASSERT_FALSE(write(real_os(), {.stop_at = 9}));
    EXPECT_EQ(kept_.size(), 6u);
    std::ofstream(beside(".resume"), std::ios::app) << "{\"end\": -1}\n[]\nnonsense";
    ASSERT_FALSE(write(real_os(), {.stop_at = 9}));
    EXPECT_EQ(kept_.size(), 9u);
    std::ofstream(beside(".resume")) << "\xff\n";
    ASSERT_TRUE(write(real_os(), {}));
    EXPECT_TRUE(kept_.empty());
    expect_whole();
}

// As after kill -9 at every call to the system: nothing works any more, not even tidying up; then a second run.
TEST_F(Resumable, SurvivesACrashAtEveryCall) {
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(write(healthy, {}));
    std::size_t most_kept = 0;
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        for (const bool for_good : {true, false}) {
            std::filesystem::remove(path_);
            FaultyOs os(real_os(), {.fail_at_call = call, .fail_ever_after = for_good});
            (void)write(os, {});
            const auto there = read_text(real_os(), path_, 1 << 20);
            EXPECT_TRUE(!there || *there == whole()) << call;
            const Status again = write(real_os(), {});
            ASSERT_TRUE(again) << call << again.error().message;
            most_kept = std::max(most_kept, kept_.size());
            expect_whole();
        }
    }
    EXPECT_GE(most_kept, kPieces - 1);
}

TEST_F(Resumable, CountsTheKeptPartAsDiskSpace) {
    FaultyOs full(real_os(), {.disk_bytes = 500});
    const Status stopped = write(full, {});
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().kind, ErrorKind::no_space);
    ASSERT_TRUE(write(real_os(), {}));
    expect_whole();
}

TEST_F(Resumable, WithoutResumeNothingIsKept) {
    const Status stopped =
        write_resumably(real_os(), path_, 100, as_bytes(kHead), nullptr, [](ResumableFile& file) -> Status {
            EXPECT_FALSE(file.next_kept());
            CRIA_TRY(file.append(as_bytes(std::string_view("some"))));
            CRIA_TRY(file.end_piece(""));
            return fail(ErrorKind::cancelled, "interrupted");
        });
    EXPECT_EQ(stopped.error().message, "interrupted");
    EXPECT_TRUE(real_os().list(folder_.path())->empty());
}

}  // namespace
}  // namespace cria
