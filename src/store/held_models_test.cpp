// Announcements of processes that live, have ended, or were never there, on a machine whose /proc is made up.
#include "store/held_models.h"

#include <gtest/gtest.h>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

class HeldModelsTest : public testing::Test {
protected:
    // This process has the id 71.
    void SetUp() override {
        for (const char* name : {"self", "71"}) put_process(name, 71);
    }
    void put_process(const Path& name, std::int64_t id, std::int64_t started = 5000, char state = 'S') {
        std::string stat = fmt::format("{} (a) (name) {} ", id, state);
        for (int field = 4; field < 22; ++field) stat += fmt::format("{} ", -field);
        ASSERT_TRUE(real_os().make_folders(root_ / "proc" / name));
        ASSERT_TRUE(write_atomically(real_os(), root_ / "proc" / name / "stat", stat + fmt::format("{} 7\n", started)));
    }
    Result<std::unique_ptr<Announcement>> announce(Os& os, std::string name = "tiny") {
        return announce_model(os, folder(), {.name = std::move(name), .command = "run", .bytes = 123, .context = 64},
                              root_.path());
    }
    HeldModels list() {
        auto held = list_held_models(real_os(), folder(), root_.path());
        EXPECT_TRUE(held) << held.error().message;
        return held.value_or(HeldModels{});
    }
    // An announcement that nobody takes back.
    void leave() {
        const auto announcement = announce(real_os());
        ASSERT_TRUE(announcement) << announcement.error().message;
        const std::string text = *read_text(real_os(), files().front(), 1 << 20);
        ASSERT_TRUE(write_atomically(real_os(), folder() / "left.json", text));
    }
    Path folder() const { return root_ / "run/cria"; }
    std::vector<Path> files() const { return *real_os().list(folder()); }

    TempFolder root_;
};

TEST_F(HeldModelsTest, AreListedAsLongAsTheyAreHeld) {
    EXPECT_TRUE(list().models.empty()) << "there is no folder yet";
    {
        const auto first = announce(real_os()), second = announce(real_os(), "other\n\"name\"");
        ASSERT_TRUE(first && second);
        const auto models = list().models;
        ASSERT_EQ(models.size(), 2u);
        EXPECT_EQ(models[0].name, "tiny");
        EXPECT_EQ(models[1].name, "other\n\"name\"");
        EXPECT_EQ(models[0].command, "run");
        EXPECT_EQ(models[0].bytes, 123u);
        EXPECT_EQ(models[0].context, 64);
        EXPECT_EQ(models[0].process, 71);
        EXPECT_LT(std::abs(models[0].since_unix_s - std::chrono::system_clock::to_time_t(real_os().wall())), 60);
        for (const Path& file : files())
            EXPECT_EQ(std::filesystem::status(file).permissions(), std::filesystem::perms{0600});
        EXPECT_EQ(std::filesystem::status(folder()).permissions(), std::filesystem::perms{0700});
    }
    EXPECT_EQ(files().size(), 0u);
}

TEST_F(HeldModelsTest, OfProcessesThatEndedAreRemoved) {
    const auto expect_stale = [&](const char* what) {
        EXPECT_TRUE(list().models.empty()) << what;
        EXPECT_EQ(files().size(), 0u) << what;
    };
    leave();
    EXPECT_EQ(list().models.size(), 1u) << "it lives";
    put_process("71", 71, 5001);
    expect_stale("another process has its id");
    put_process("71", 71);
    leave();
    put_process("71", 71, 5000, 'Z');
    expect_stale("it was killed, and nobody has asked for its exit code yet");
    leave();
    ASSERT_TRUE(real_os().remove(root_ / "proc/71"));
    expect_stale("it is gone");
}

TEST_F(HeldModelsTest, DamagedFilesArePassedOverByName) {
    const auto good = announce(real_os());
    const std::string whole = *read_text(real_os(), files().front(), 1 << 20);
    const auto changed = [&](std::string_view from, std::string_view to) {
        std::string text = whole;
        return text.replace(text.find(from), from.size(), to);
    };
    const std::string texts[] = {"",
                                 "{",
                                 "[]",
                                 "7",
                                 "{}",
                                 whole.substr(0, whole.size() / 2),
                                 std::string(100'000, ' ') + whole,
                                 changed("\"tiny\"", "7"),
                                 changed("\"context\"", "\"text\""),
                                 changed("71", "-71"),
                                 changed("71", "\"71\""),
                                 changed("71", "18446744073709551615"),
                                 changed("71", "7.1")};
    for (const std::string& text : texts) {
        ASSERT_TRUE(write_atomically(real_os(), folder() / "bad.json", text));
        const HeldModels held = list();
        EXPECT_EQ(held.models.size(), 1u) << text;
        ASSERT_EQ(held.faults.size(), 1u) << text;
        EXPECT_NE(held.faults[0].find("bad.json"), std::string::npos) << held.faults[0];
    }
    EXPECT_EQ(files().size(), 2u) << "what is not understood is not removed";
    ASSERT_TRUE(real_os().remove(folder() / "bad.json"));
    ASSERT_TRUE(real_os().make_folders(folder() / "bad.json"));
    EXPECT_EQ(list().faults.size(), 1u);
    ASSERT_TRUE(write_atomically(real_os(), folder() / "notes.txt", "of somebody else"));
    EXPECT_EQ(list().faults.size(), 1u) << "other files are nobody's business";
}

TEST_F(HeldModelsTest, AFaultAtAnyCallLeavesNothing) {
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(announce(healthy));
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        (void)announce(os);
        // Only the last call, which takes the file back, leaves it; the next list knows.
        EXPECT_EQ(files().size(), call == healthy.calls() ? 1u : 0u) << call;
        for (const Path& file : files()) ASSERT_TRUE(real_os().remove(file));
    }
    FaultyOs full(real_os(), {.disk_bytes = 20});
    EXPECT_EQ(announce(full).error().kind, ErrorKind::no_space);
    EXPECT_EQ(files().size(), 0u);
    ASSERT_TRUE(real_os().remove(root_ / "proc"));
    EXPECT_EQ(announce(real_os()).error().kind, ErrorKind::unsupported);
}

TEST_F(HeldModelsTest, ListingSurvivesAFaultAtAnyCall) {
    leave();
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(list_held_models(healthy, folder(), root_.path()));
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call, .fail_ever_after = true});
        const auto held = list_held_models(os, folder(), root_.path());
        EXPECT_TRUE(!held || held->models.size() + held->faults.size() <= 1) << call;
    }
}

}  // namespace
}  // namespace cria
