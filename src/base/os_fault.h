// An Os for tests that passes every call on to another one, and fails at the call whose number is chosen.
#pragma once

#include <atomic>
#include <memory>

#include "base/os.h"

namespace cria {

struct FaultPlan {
    std::uint64_t fail_at_call = 0;  // 1 is the first call that can fail; 0 never
    bool fail_ever_after = false;    // false: that one call only
    ErrorKind kind = ErrorKind::io;
    std::uint64_t disk_bytes = UINT64_MAX;  // appends beyond this many bytes in all fail with no_space
    Path read_only{};                       // in this folder nothing can be made, changed or taken away; empty: none
    bool still_clock = false;               // monotonic() is always 0, so that a run depends on no time
};

class FaultyOs final : public Os {
public:
    FaultyOs(Os& inner, FaultPlan plan) : inner_(inner), plan_(plan) {}

    std::uint64_t calls() const { return calls_; }

    Result<std::unique_ptr<File>> open(const Path& path) override;
    Result<std::unique_ptr<File>> create(const Path& path) override;
    Result<std::unique_ptr<File>> append_to(const Path& path) override;
    Result<std::unique_ptr<File>> modify(const Path& path) override;
    Result<std::shared_ptr<Mapping>> map(const Path& path) override;
    Status rename(const Path& from, const Path& to) override;
    Status remove(const Path& path) override;
    Status make_folders(const Path& path) override;
    Status sync_folder(const Path& path) override;
    Result<FileInfo> info(const Path& path) override;
    Result<std::vector<Path>> list(const Path& folder) override;
    Result<std::uint64_t> free_bytes(const Path& folder) override;
    std::chrono::nanoseconds monotonic() override {
        return plan_.still_clock ? std::chrono::nanoseconds(0) : inner_.monotonic();
    }
    std::chrono::system_clock::time_point wall() override { return inner_.wall(); }
    std::uint64_t random_seed() override { return 0; }
    Status make_private(const Path& path) override;

    // Counts a call; an error when this is the one that must fail. Used by the files it opens.
    Status step(std::string_view what);
    // Takes `bytes` from the simulated disk.
    Status spend(std::uint64_t bytes);

private:
    Result<std::unique_ptr<File>> wrap(Result<std::unique_ptr<File>> file);
    // The same as step() for a call that changes `path`.
    Status step_to_change(std::string_view what, const Path& path);

    Os& inner_;
    FaultPlan plan_;
    std::atomic<std::uint64_t> calls_ = 0;
    std::atomic<std::uint64_t> written_bytes_ = 0;
};

}  // namespace cria
