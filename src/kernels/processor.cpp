#include "kernels/processor.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "kernels/cpu/features.h"
#include "kernels/kernels.h"

namespace cria {
namespace {

std::optional<std::int64_t> number(std::string_view text) {
    text = trimmed(text);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

// What follows `key` and any of " \t:" on the line that starts with it.
std::string_view field(std::string_view text, std::string_view key) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = text.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with(key)) continue;
        line.remove_prefix(key.size());
        if (line.empty() || std::string_view(" \t:").find(line.front()) == std::string_view::npos) continue;
        const std::size_t value = line.find_first_not_of(" \t:");
        return value == std::string_view::npos ? std::string_view{} : trimmed(line.substr(value));
    }
    return {};
}

// The folders of the control groups that hold this process for one controller, innermost first. A container often
// sees its own group as the root of the tree, so the root is always among them.
std::vector<Path> groups(Os& os, const Path& root, std::string_view controller) {
    const std::string text = read_system_file(os, root / "proc/self/cgroup");
    const Path mount = root / "sys/fs/cgroup";
    std::vector<Path> found;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = std::string_view(text).substr(at, end - at);
        at = end + 1;
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string names = "," + std::string(line.substr(first + 1, second - first - 1)) + ",";
        const bool unified = names == ",,";
        if (!unified && names.find("," + std::string(controller) + ",") == std::string::npos) continue;
        const Path top = unified ? mount : mount / std::string(controller);
        Path inner = Path(line.substr(second + 1)).relative_path();
        for (; !inner.empty() && inner != "."; inner = inner.parent_path()) found.push_back(top / inner);
        found.push_back(top);
    }
    return found;
}

// The least processor time that any enclosing group allows, in threads.
std::optional<double> quota(Os& os, const Path& root) {
    std::optional<double> least;
    const auto limit = [&least](std::optional<std::int64_t> time, std::optional<std::int64_t> period) {
        if (!time || !period || *time <= 0 || *period <= 0) return;
        const double threads = static_cast<double>(*time) / static_cast<double>(*period);
        least = std::min(least.value_or(threads), threads);
    };
    for (const Path& group : groups(os, root, "cpu")) {
        const std::string both = read_system_file(os, group / "cpu.max");  // "200000 100000" or "max 100000"
        if (const std::size_t space = both.find(' '); space != std::string::npos)
            limit(number(both.substr(0, space)), number(both.substr(space)));
        limit(number(read_system_file(os, group / "cpu.cfs_quota_us")),
              number(read_system_file(os, group / "cpu.cfs_period_us")));
    }
    return least;
}

void find_memory(Os& os, const Path& root, Processor& p) {
    const auto kib = [](std::string_view text) { return static_cast<std::uint64_t>(number(text).value_or(0)) * 1024; };
    const std::string meminfo = read_system_file(os, root / "proc/meminfo");
    p.memory_bytes = kib(field(meminfo, "MemTotal"));
    p.memory_available_bytes = kib(field(meminfo, "MemAvailable"));
    struct Names {
        const char *limit, *used, *reclaimable;
    };
    constexpr Names kVersion2 = {"memory.max", "memory.current", "inactive_file"};
    constexpr Names kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
    for (const Path& group : groups(os, root, "memory")) {
        for (const Names& names : {kVersion2, kVersion1}) {
            const auto limit = number(read_system_file(os, group / names.limit));
            if (!limit || *limit <= 0) continue;
            const std::int64_t used = number(read_system_file(os, group / names.used)).value_or(0);
            const std::string stat = read_system_file(os, group / "memory.stat");
            const std::int64_t held =
                std::max<std::int64_t>(0, used - number(field(stat, names.reclaimable)).value_or(0));
            const std::int64_t left = std::max<std::int64_t>(0, *limit - held);
            p.memory_bytes = std::min(p.memory_bytes, static_cast<std::uint64_t>(*limit));
            p.memory_available_bytes = std::min(p.memory_available_bytes, static_cast<std::uint64_t>(left));
        }
    }
}

int allowed_threads(int online) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (::sched_getaffinity(0, sizeof(set), &set) != 0) return online;  // more processors than the set holds
    return std::max(1, CPU_COUNT(&set));
}

}  // namespace

Processor describe_processor(Os& os, const Path& root) {
    Processor p;
    const std::string cpuinfo = read_system_file(os, root / "proc/cpuinfo");
    p.name = std::string(field(cpuinfo, "model name"));
    if (p.name.empty()) p.name = std::string(field(cpuinfo, "CPU part"));
    if (p.name.empty()) p.name = "unknown";
    p.instruction_sets = instruction_sets();

    p.online_threads = static_cast<int>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    p.allowed_threads = allowed_threads(p.online_threads);
    p.quota_threads = quota(os, root);
    p.threads = p.allowed_threads;
    if (p.quota_threads)
        p.threads = std::clamp(static_cast<int>(std::ceil(std::min(*p.quota_threads, 1e6))), 1, p.allowed_threads);
    find_memory(os, root, p);
    return p;
}

}  // namespace cria
