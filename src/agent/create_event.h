// The tool create_event(title, date, time, attendees): writes an .ics file into a folder that the user named.
#pragma once

#include "agent/icalendar.h"
#include "agent/tool.h"
#include "base/os.h"

namespace cria {

// Files are named after the day, event-2026-03-12.ics, always within `folder` (made when the first event is
// written), and never replace one that is there: a second event of a day gets a number.
class CreateEventTool final : public Tool {
public:
    CreateEventTool(Os& os, Path folder);

    const ToolDefinition& definition() const override { return definition_; }
    std::string describe(const OrderedJson& arguments) const override;
    Result<OrderedJson> run(const OrderedJson& arguments) override;

    const Path& folder() const { return folder_; }
    const std::vector<Path>& written() const { return written_; }  // in order

private:
    Result<Path> free_path(std::string_view date) const;

    Os& os_;
    Path folder_;
    ToolDefinition definition_;
    std::vector<Path> written_;
};

}  // namespace cria
