#include "store/held_models.h"

#include <charconv>
#include <optional>

#include "base/json.h"
#include "base/strings.h"

namespace cria {
namespace {

constexpr std::uint64_t kMaxEntryBytes = 16384;  // a name may be a long path

struct Process {
    std::int64_t id = 0;
    std::int64_t started = 0;  // clock ticks after the machine did; of two processes with one id never the same
};

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// What proc(5) says in /proc/ID/stat: "ID (name) state ...", the name being any text, and the start is field 22.
// Nothing of a process that has ended, also where nobody has asked for its exit code yet.
std::optional<Process> read_process(Os& os, const Path& folder) {
    constexpr std::size_t kState = 0, kStarted = 22 - 3;  // after the name
    const std::string text = read_system_file(os, folder / "stat");
    const std::size_t name = text.find(" ("), rest = text.rfind(") ");
    if (name == std::string::npos || rest == std::string::npos) return std::nullopt;
    const auto fields = split(std::string_view(text).substr(rest + 2), ' ');
    if (fields.size() <= kStarted || fields[kState] == "Z" || fields[kState] == "X") return std::nullopt;
    const auto id = whole_number(std::string_view(text).substr(0, name)), started = whole_number(fields[kStarted]);
    if (!id || !started) return std::nullopt;
    return Process{*id, *started};
}

struct Entry {
    HeldModel model;
    std::int64_t started = 0;
};

std::string entry_text(const Entry& entry) {
    const HeldModel& model = entry.model;
    return json_text(OrderedJson{{"name", model.name},
                                 {"command", model.command},
                                 {"size", model.bytes},
                                 {"context", model.context},
                                 {"pid", model.process},
                                 {"started", entry.started},
                                 {"since", model.since_unix_s}}) +
           "\n";
}

Result<Entry> read_entry(Os& os, const Path& file) {
    const std::string who = file.string(), bytes = CRIA_TRY(read_text(os, file, kMaxEntryBytes));
    const Json json = CRIA_TRY(parse_json(bytes, who));
    for (const char* key : {"name", "command"})
        if (!json.contains(key) || !json[key].is_string())
            return fail(ErrorKind::corrupt, "{} tells of no model: '{}' must be a text", who, key);
    for (const char* key : {"size", "context", "pid", "started", "since"})
        if (!json.contains(key) || !json[key].is_number_unsigned() || json[key].get<std::uint64_t>() > INT64_MAX)
            return fail(ErrorKind::corrupt, "{} tells of no model: '{}' must be a whole number", who, key);
    return Entry{{.name = json["name"].get<std::string>(),
                  .command = json["command"].get<std::string>(),
                  .bytes = json["size"].get<std::uint64_t>(),
                  .context = json["context"].get<std::int64_t>(),
                  .process = json["pid"].get<std::int64_t>(),
                  .since_unix_s = json["since"].get<std::int64_t>()},
                 json["started"].get<std::int64_t>()};
}

}  // namespace

Result<std::unique_ptr<Announcement>> announce_model(Os& os, const Path& folder, HeldModel model, const Path& root) {
    const auto self = read_process(os, root / "proc/self");
    if (!self) return fail(ErrorKind::unsupported, "{} does not tell of this process", (root / "proc").string());
    model.process = self->id;
    model.since_unix_s = std::chrono::floor<std::chrono::seconds>(os.wall()).time_since_epoch().count();
    CRIA_TRY(os.make_folders(folder));
    CRIA_TRY(os.make_private(folder));
    // A process may hold several models; its clock never gives one time twice.
    const Path file = folder / fmt::format("{}-{}.json", self->id, os.monotonic().count());
    auto announcement = std::make_unique<Announcement>(os, file);  // also removes what fails halfway
    CRIA_TRY(write_atomically(os, file, entry_text({model, self->started})));
    CRIA_TRY(os.make_private(file));
    return announcement;
}

Result<HeldModels> list_held_models(Os& os, const Path& folder, const Path& root) {
    HeldModels held;
    const auto files = os.list(folder);
    if (!files && files.error().kind == ErrorKind::not_found) return held;
    if (!files) return std::unexpected(files.error());
    for (const Path& file : *files) {
        if (file.extension() != ".json") continue;
        auto entry = read_entry(os, file);
        if (!entry) {  // not_found: its process has just ended
            if (entry.error().kind != ErrorKind::not_found) held.faults.push_back(std::move(entry).error().message);
            continue;
        }
        const auto process = read_process(os, root / "proc" / fmt::format("{}", entry->model.process));
        if (process && process->started == entry->started)
            held.models.push_back(std::move(entry->model));
        else
            (void)os.remove(file);
    }
    return held;
}

}  // namespace cria
