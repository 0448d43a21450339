#include "agent/create_event.h"

#include <gtest/gtest.h>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

OrderedJson arguments() {
    return {
        {"title", "Atlas review"}, {"date", "2026-03-12"}, {"time", "14:00"}, {"attendees", {"Ana Petrova", "Jo Lee"}}};
}

TEST(CreateEvent, WritesIntoAFolderThatItMakes) {
    TempFolder temp;
    CreateEventTool tool(real_os(), temp / "new/calendar");
    const auto result = tool.run(arguments());
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->dump(), R"({"status":"created","file":"event-2026-03-12.ics"})");
    ASSERT_EQ(tool.written().size(), 1u);
    const auto text = read_text(real_os(), temp / "new/calendar/event-2026-03-12.ics", 10000);
    ASSERT_TRUE(text);
    EXPECT_NE(text->find("SUMMARY:Atlas review\r\n"), std::string::npos);
    EXPECT_NE(text->find("CN=\"Jo Lee\""), std::string::npos);
}

TEST(CreateEvent, NeverReplacesAFile) {
    TempFolder temp;
    ASSERT_TRUE(write_atomically(real_os(), temp / "event-2026-03-12.ics", "mine"));
    CreateEventTool tool(real_os(), temp.path());
    ASSERT_TRUE(tool.run(arguments()));
    ASSERT_TRUE(tool.run(arguments()));
    EXPECT_EQ(*read_text(real_os(), temp / "event-2026-03-12.ics", 100), "mine");
    EXPECT_EQ(tool.written()[0].filename(), "event-2026-03-12-2.ics");
    EXPECT_EQ(tool.written()[1].filename(), "event-2026-03-12-3.ics");
}

TEST(CreateEvent, BadArgumentsWriteNothing) {
    TempFolder temp;
    CreateEventTool tool(real_os(), temp / "calendar");
    for (const auto& [key, value] :
         {std::pair{"date", "../../etc"}, {"date", "2026-02-30"}, {"time", "25:00"}, {"title", ""}}) {
        OrderedJson bad = arguments();
        bad[key] = value;
        const auto result = tool.run(bad);
        ASSERT_FALSE(result) << key;
        EXPECT_NE(result.error().message.find(key), std::string::npos) << result.error().message;
    }
    EXPECT_FALSE(real_os().info(temp / "calendar")) << "not even the folder was made";
}

TEST(CreateEvent, AFullDiskIsAnErrorAndLeavesNoFile) {
    TempFolder temp;
    FaultyOs os(real_os(), {.disk_bytes = 50});
    CreateEventTool tool(os, temp.path());
    const auto result = tool.run(arguments());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::no_space);
    EXPECT_TRUE(tool.written().empty());
    EXPECT_TRUE(real_os().list(temp.path())->empty());
}

}  // namespace
}  // namespace cria
