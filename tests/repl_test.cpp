// The conversation at a terminal.
#include <gtest/gtest.h>

#include <thread>

#include "base/temp_folder.h"
#include "child.h"
#include "engine/tiny_model.h"

namespace cria {
namespace {

using namespace std::chrono_literals;

constexpr auto kSoon = 20s;  // generous: other tests may keep the machine busy

class Repl : public testing::Test {
protected:
    static void SetUpTestSuite() {
        folder_ = new TempFolder;
        write_tiny_model(*folder_ / "tiny", {.says = letters("Hi you!")});
        write_tiny_model(*folder_ / "endless", {.says = letters("abcdef "), .endless = true, .context = 1 << 20});
        write_tiny_model(
            *folder_ / "events",
            {.says = {"[create_event(title='Plan', date='2026-03-12', time='14:00', attendees=['Ana Li'])]"}});
    }
    static void TearDownTestSuite() { delete folder_; }

    static Child run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "run");
        arguments.insert(arguments.end(), {"--temperature", "0"});
        return {.arguments = std::move(arguments),
                .environment = {"CRIA_MODELS=" + folder_->path().string(), "NO_COLOR=1"}};
    }

    static void expect(TerminalChild& child, std::string_view text) {
        ASSERT_TRUE(child.read_until(text, kSoon)) << "never saw: " << text;
    }

    // Ctrl-D, again where the first came before the program had switched the terminal to single keys.
    static std::optional<int> leave(TerminalChild& child) {
        std::optional<int> code;
        for (int i = 0; i < 20 && !code; ++i) {
            child.type("\x04");
            code = child.wait(1s);
        }
        return code;
    }

    static TempFolder* folder_;
};
TempFolder* Repl::folder_ = nullptr;

TEST_F(Repl, AnswersAndLeavesAtCtrlD) {
    TerminalChild child(run({"tiny"}));
    expect(child, ">>> ");
    child.type("hello\r");
    expect(child, "Hi you!");
    expect(child, ">>> ");
    EXPECT_EQ(leave(child), 0);
}

TEST_F(Repl, ByeLeaves) {
    TerminalChild child(run({"tiny"}));
    expect(child, ">>> ");
    child.type("/bye\r");
    EXPECT_EQ(child.wait(kSoon), 0);
}

TEST_F(Repl, CtrlCStopsTheAnswerNotTheProgram) {
    TerminalChild child(run({"endless", "--context", "1000000"}));
    expect(child, ">>> ");
    child.type("go\r");
    expect(child, "abcdef abcdef");
    child.type("\x03");
    expect(child, "(stopped)");
    expect(child, ">>> ");
    child.type("/show settings\r");
    expect(child, "temperature     0");
    expect(child, ">>> ");
    child.type("half a li\x03");
    expect(child, "Ctrl-D or /bye leaves.");
    expect(child, ">>> ");
    EXPECT_EQ(leave(child), 0);
}

TEST_F(Repl, WaitingUsesNoProcessor) {
    TerminalChild child(run({"tiny"}));
    expect(child, ">>> ");
    child.type("hello\r");
    expect(child, "Hi you!");
    expect(child, ">>> ");
    std::this_thread::sleep_for(200ms);  // spinning workers go to sleep
    const double before = child.cpu_seconds();
    std::this_thread::sleep_for(1s);
    EXPECT_LE(child.cpu_seconds() - before, 0.01) << "one tick of the clock at most";
}

TEST_F(Repl, SeveralLinesAreOneMessage) {
    TerminalChild child(run({"tiny"}));
    expect(child, ">>> ");
    child.type("\"\"\"one\r");
    expect(child, "... ");
    child.type("two\"\"\"\r");
    expect(child, "Hi you!");
    expect(child, ">>> ");
    child.type("three\\\r");
    expect(child, "... ");
    child.type("four\r");
    expect(child, "Hi you!");
    expect(child, ">>> ");
    child.type("\x1b[200~five\rsix\x1b[201~\r");  // a paste with a line break is one message
    expect(child, "Hi you!");
    expect(child, ">>> ");
    child.type("/show messages\r");
    for (const char* text : {"user  one", "two", "user  three", "four", "user  five", "six"}) expect(child, text);
}

TEST_F(Repl, CommandsDoWhatTheySay) {
    const std::string saved = (*folder_ / "saved.json").string();
    TerminalChild child(run({"tiny"}));
    expect(child, ">>> ");
    child.type("/?\r");
    expect(child, "/regen");
    child.type("/set system Be brief.\r/show system\r");
    expect(child, "system  Be brief.");
    child.type("/set temprature 1\r");
    expect(child, "not 'temprature'");
    child.type("/set temperature -1\r");
    expect(child, "temperature is -1");
    child.type("/sho\r");
    expect(child, "did you mean /show?");
    child.type("hello\r");
    expect(child, "Hi you!");
    child.type("/regen\r");
    expect(child, "Hi you!");
    child.type("/save " + saved + "\r");
    expect(child, "Saved 3 messages");
    child.type("/undo\r");
    expect(child, "Taken back.");
    child.type("/load " + saved + "\r");
    expect(child, "Loaded 3 messages");
    child.type("/clear\r/show messages\r/set verbose\rhello\r");
    expect(child, "eval rate:");
    child.type("/exit\r");
    EXPECT_EQ(child.wait(kSoon), 0);
}

TEST_F(Repl, AToolRunsOnlyWithPermission) {
    const Path calendar = *folder_ / "calendar";
    TerminalChild child(run({"events"}));
    expect(child, ">>> ");
    child.type("/tools calendar " + calendar.string() + "\r");
    expect(child, "create_event");
    expect(child, ">>> ");
    child.type("go\r");
    expect(child, "Permit it? [y/N] ");
    child.type("n\r");
    expect(child, "did not permit");
    EXPECT_FALSE(real_os().info(calendar / "event-2026-03-12.ics"));
    expect(child, "Permit it? [y/N] ");
    child.type("y\r");
    expect(child, "\"status\": \"created\"");
    EXPECT_TRUE(real_os().info(calendar / "event-2026-03-12.ics"));
    expect(child, "Permit it? [y/N] ");
    child.type("\x03");
    expect(child, ">>> ");
}

}  // namespace
}  // namespace cria
