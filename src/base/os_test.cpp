// The real operating system in a folder of its own, and what is left behind when it fails at any call.
#include "base/os.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

std::string contents(const Path& path) { return read_text(real_os(), path, 1 << 20).value_or("(unreadable)"); }

TEST(PosixOs, FilesKeepWhatIsWritten) {
    TempFolder folder;
    Os& os = real_os();
    const Path path = folder / "file";
    EXPECT_EQ(os.open(path).error().kind, ErrorKind::not_found);
    {
        auto file = *os.create(path);
        EXPECT_TRUE(file->append(as_bytes("one")));
        EXPECT_TRUE(file->append(as_bytes("two")));
        EXPECT_TRUE(file->sync());
        EXPECT_EQ(file->size(), 6u);
    }
    EXPECT_TRUE((*os.append_to(path))->append(as_bytes("three")));
    EXPECT_EQ(contents(path), "onetwothree");

    auto file = *os.open(path);
    std::array<std::byte, 8> buffer{};
    EXPECT_EQ(file->read_at(3, buffer), 8u);
    EXPECT_EQ(file->read_at(9, buffer), 2u);
    EXPECT_EQ(file->read_at(100, buffer), 0u);
    EXPECT_FALSE(file->append(as_bytes("x")));  // opened for reading

    EXPECT_EQ((*os.create(path))->size(), 0u);  // truncates
}

TEST(PosixOs, MapsFiles) {
    TempFolder folder;
    ASSERT_TRUE(write_atomically(real_os(), folder / "file", "abc"));
    auto mapping = *real_os().map(folder / "file");
    ASSERT_TRUE(real_os().remove(folder / "file"));  // the mapping keeps the bytes
    EXPECT_EQ(mapping->bytes().size(), 3u);
    EXPECT_EQ(std::to_integer<char>(mapping->bytes()[2]), 'c');
    ASSERT_TRUE(write_atomically(real_os(), folder / "empty", ""));
    EXPECT_TRUE((*real_os().map(folder / "empty"))->bytes().empty());
    EXPECT_EQ(real_os().map(folder / "absent").error().kind, ErrorKind::not_found);
    EXPECT_EQ(real_os().map(folder.path()).error().kind, ErrorKind::io);
}

TEST(PosixOs, Folders) {
    TempFolder folder;
    Os& os = real_os();
    ASSERT_TRUE(os.make_folders(folder / "a/b"));
    ASSERT_TRUE(os.make_folders(folder / "a/b"));
    for (const char* name : {"z", "y", "x"}) ASSERT_TRUE(write_atomically(os, folder / "a" / name, name));
    EXPECT_EQ(*os.list(folder / "a"), (std::vector{folder / "a/b", folder / "a/x", folder / "a/y", folder / "a/z"}));
    EXPECT_TRUE(os.info(folder / "a")->is_folder);
    const auto info = *os.info(folder / "a/x");
    EXPECT_FALSE(info.is_folder);
    EXPECT_EQ(info.size_bytes, 1u);
    EXPECT_LT(std::abs(info.modified_unix_s - std::chrono::system_clock::to_time_t(os.wall())), 60);
    EXPECT_EQ(os.info(folder / "none").error().kind, ErrorKind::not_found);
    EXPECT_EQ(os.list(folder / "none").error().kind, ErrorKind::not_found);
    EXPECT_TRUE(os.rename(folder / "a/x", folder / "a/y"));
    EXPECT_EQ(contents(folder / "a/y"), "x");
    EXPECT_FALSE(os.rename(folder / "none", folder / "a/y"));
    EXPECT_TRUE(os.remove(folder / "a"));
    EXPECT_TRUE(os.remove(folder / "a"));  // gone already
    EXPECT_GT(*os.free_bytes(folder.path()), 0u);
    EXPECT_TRUE(os.free_bytes(""));
    EXPECT_FALSE(os.make_folders("/proc/cria"));
}

TEST(PosixOs, WhatIsPrivateIsOpenToNobodyElse) {
    TempFolder folder;
    Os& os = real_os();
    const auto open_to = [](const Path& path) { return std::filesystem::status(path).permissions(); };
    ASSERT_TRUE(write_atomically(os, folder / "file", "x"));
    ASSERT_TRUE(os.make_private(folder / "file"));
    EXPECT_EQ(open_to(folder / "file"), std::filesystem::perms{0600});
    ASSERT_TRUE(os.make_private(folder.path()));
    EXPECT_EQ(open_to(folder.path()), std::filesystem::perms{0700});
    EXPECT_EQ(os.make_private(folder / "none").error().kind, ErrorKind::not_found);
}

TEST(PosixOs, SystemFilesAreReadToTheirEnd) {
    EXPECT_TRUE(read_system_file(real_os(), "/proc/self/status").starts_with("Name:"));
    EXPECT_EQ(read_system_file(real_os(), "/proc/none"), "");
}

TEST(PosixOs, ClockAndSeed) {
    const auto before = real_os().monotonic();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GT(real_os().monotonic(), before);
    EXPECT_NE(real_os().random_seed(), real_os().random_seed());
}

TEST(PosixOs, FullDiskHasItsOwnKind) {
    auto full = real_os().append_to("/dev/full");
    if (!full) GTEST_SKIP() << "no /dev/full here";
    EXPECT_EQ((*full)->append(as_bytes("x")).error().kind, ErrorKind::no_space);
}

TEST(ReadText, RefusesWhatIsTooLong) {
    TempFolder folder;
    ASSERT_TRUE(write_atomically(real_os(), folder / "file", "12345"));
    EXPECT_EQ(*read_text(real_os(), folder / "file", 5), "12345");
    const auto refused = read_text(real_os(), folder / "file", 4);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(refused.error().message.find("5 bytes; at most 4"), std::string::npos) << refused.error().message;
    EXPECT_EQ(read_text(real_os(), folder.path(), 1 << 20).error().kind, ErrorKind::io);
}

TEST(ReadText, FailsAtEveryCall) {
    TempFolder folder;
    ASSERT_TRUE(write_atomically(real_os(), folder / "file", "12345"));
    for (std::uint64_t call = 1; call <= 3; ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        EXPECT_EQ(read_text(os, folder / "file", 5).error().kind, ErrorKind::io) << call;
    }
    FaultyOs os(real_os(), {.fail_at_call = 4});
    EXPECT_TRUE(read_text(os, folder / "file", 5));
}

// One fault, or a disk that stays broken from there on: the reader sees the old or the new file, whole.
void walk_all_faults(bool fail_ever_after) {
    TempFolder folder;
    const Path path = folder / "file";
    constexpr std::uint64_t kCalls = 5;  // create, append, sync, rename, sync the folder
    for (std::uint64_t call = 1; call <= kCalls + 1; ++call) {
        ASSERT_TRUE(write_atomically(real_os(), path, "old contents"));
        FaultyOs os(real_os(), {.fail_at_call = call, .fail_ever_after = fail_ever_after});
        const Status done = write_atomically(os, path, "new");
        EXPECT_EQ(done.has_value(), call > kCalls) << call;
        EXPECT_EQ(contents(path), call < kCalls ? "old contents" : "new") << call;
        if (!done) {
            EXPECT_NE(done.error().message.find("injected"), std::string::npos);
        }
        const bool part_left = real_os().info(folder / "file.part").has_value();
        EXPECT_TRUE(!part_left || fail_ever_after) << call;  // only a disk that refuses the removal keeps it
    }
}

TEST(WriteAtomically, OldOrNewWhicheverCallFails) { walk_all_faults(false); }
TEST(WriteAtomically, OldOrNewWhenTheDiskStaysBroken) { walk_all_faults(true); }

TEST(WriteAtomically, FullDiskKeepsTheOldFile) {
    TempFolder folder;
    ASSERT_TRUE(write_atomically(real_os(), folder / "file", "old"));
    for (std::uint64_t room = 0; room < 8; ++room) {
        FaultyOs os(real_os(), {.disk_bytes = room});
        const auto fill = [](File& file) -> Status {
            CRIA_TRY(file.append(as_bytes("abcd")));
            return file.append(as_bytes("efgh"));
        };
        EXPECT_EQ(write_atomically(os, folder / "file", fill).error().kind, ErrorKind::no_space);
        EXPECT_EQ(contents(folder / "file"), "old");
        EXPECT_FALSE(real_os().info(folder / "file.part"));
    }
    FaultyOs os(real_os(), {.disk_bytes = 8});
    EXPECT_TRUE(write_atomically(os, folder / "file", "abcdefgh"));
}

TEST(WriteAtomically, OverwritesWhatACrashLeft) {
    TempFolder folder;
    ASSERT_TRUE((*real_os().create(folder / "file.part"))->append(as_bytes("half of something long")));
    EXPECT_TRUE(write_atomically(real_os(), folder / "file", "new"));
    EXPECT_EQ(contents(folder / "file"), "new");
}

}  // namespace
}  // namespace cria
