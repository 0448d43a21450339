// Which processes hold a model at this moment. Each tells of it in a small file of the user's runtime folder for as
// long as it does; `cria ps` reads them.
//
// A file is believed only while its process lives. It names the process by its id and by when it was started, which
// /proc says of every process: after kill -9, or where the id belongs to another process by now, the file is known to
// be stale and is removed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/os.h"
#include "base/result.h"

namespace cria {

struct HeldModel {
    std::string name;               // as the user called it
    std::string command;            // what the process does with it: "run"
    std::uint64_t bytes = 0;        // of memory: weights, keys and values
    std::int64_t context = 0;       // tokens that there is room for
    std::int64_t process = 0;       // this one, where it is announced
    std::int64_t since_unix_s = 0;  // when it was announced
};

// Takes its file away in the end.
class Announcement {
public:
    Announcement(Os& os, Path file) : os_(os), file_(std::move(file)) {}
    Announcement(const Announcement&) = delete;
    Announcement& operator=(const Announcement&) = delete;
    ~Announcement() { (void)os_.remove(file_); }

private:
    Os& os_;
    Path file_;
};

// Tells that this process holds the model until the announcement dies. Makes `folder`, for this user alone. `root` is
// "/" except in tests. Errors: io, no_space; unsupported where the system does not tell of processes.
Result<std::unique_ptr<Announcement>> announce_model(Os& os, const Path& folder, HeldModel model,
                                                     const Path& root = "/");

struct HeldModels {
    std::vector<HeldModel> models;
    std::vector<std::string> faults;  // of files that were passed over: damaged, too large, or another user's
};

// What the processes that live have announced in `folder`; the files of those that do not are removed. A folder that
// does not exist holds none. Errors: io.
Result<HeldModels> list_held_models(Os& os, const Path& folder, const Path& root = "/");

}  // namespace cria
