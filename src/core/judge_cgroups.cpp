// SPDX-License-Identifier: Apache-2.0
// What a container may use up. Of cgroup v1 and v2 alike: a limit of the container's own cgroup or
// of any above it holds.
#include <algorithm>
#include <charconv>
#include <limits>

#include "core/judge_checks.hpp"
#include "hardened/core/text.hpp"

namespace hardened::judging {
namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kManyProcesses = 32768;  // what Linux lets a whole 32-bit host have
constexpr std::uint64_t kEqualShares = 1024;     // cpu.shares of everybody, cgroup v1
constexpr std::uint64_t kEqualWeight = 100;      // cpu.weight of everybody, cgroup v2

// nullopt: not a number. "max" and v1's "-1" are no limit.
std::optional<std::uint64_t> amount_of(std::string_view text) {
  text = text.substr(0, text.find_first_of(" \n"));
  if (text == "max" || text == "-1") return kNone;
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

struct Limit {
  std::uint64_t value = kNone;
  std::string evidence;  // "memory.max of /docker/3f2a: 67108864"; empty: no such file was seen
};

// The lowest of that name on the way up.
Limit lowest(const ContainerSighting& container, std::string_view name) {
  Limit limit;
  for (const CgroupFile& file : container.limits) {
    if (file.name != name) continue;
    const std::optional<std::uint64_t> value = amount_of(file.text);
    if (!value || (!limit.evidence.empty() && *value >= limit.value)) continue;
    limit.value = *value;
    limit.evidence =
        file.name + " of " + file.cgroup + ": " + file.text.substr(0, file.text.find('\n'));
  }
  return limit;
}

// v2's name first; a host with both has each controller in one of them.
Limit lowest_of(const Scene& scene, std::string_view v2, std::string_view v1) {
  Limit limit = lowest(scene.container, v2);
  return limit.evidence.empty() ? lowest(scene.container, v1) : limit;
}

// False, and said so, where no file of that controller was seen.
bool seen(const Scene& scene, const Limit& limit, std::string_view what, Finding& finding) {
  for (const std::string& line : scene.container.unseen) {
    if (line.starts_with("cgroup")) finding.warn(line);
  }
  if (!limit.evidence.empty()) return true;
  finding.warn("no " + std::string(what) + " could be looked at");
  return false;
}

// What is outside the container's cgroup is outside its limits.
void outside(const Scene& scene, Finding& finding) {
  for (const ProcessSighting& process : scene.container.processes) {
    if (process.in_cgroup) continue;
    finding.fail(describe(process) + " is in the container but not in its cgroup");
  }
}

}  // namespace

void memory_limit(const Scene& scene, Finding& finding) {
  outside(scene, finding);
  const Limit limit = lowest_of(scene, "memory.max", "memory.limit_in_bytes");
  if (!seen(scene, limit, "memory limit", finding)) return;
  if (limit.value < scene.host.facts.memory_bytes) return finding.pass(limit.evidence);
  finding.fail(limit.evidence + "; the host has " + std::to_string(scene.host.facts.memory_bytes));
}

void cpu_priority(const Scene& scene, Finding& finding) {
  for (const ProcessSighting& process : scene.container.processes) {
    if (process.real_time) finding.fail(describe(process) + " has a real-time scheduler");
  }
  const Limit budget = lowest(scene.container, "cpu.rt_runtime_us");
  if (!budget.evidence.empty() && budget.value != 0 && budget.value != kNone) {
    finding.fail(budget.evidence + ": a budget of real time");
  }
  const Limit quota = lowest_of(scene, "cpu.max", "cpu.cfs_quota_us");
  if (!quota.evidence.empty() && quota.value != kNone) return finding.pass(quota.evidence);
  // The own one alone: a weight is against those beside it.
  const auto own = [&](const CgroupFile& file) {
    return file.name == "cpu.weight" || file.name == "cpu.shares";
  };
  const auto& files = scene.container.limits;
  const auto file = std::find_if(files.begin(), files.end(), own);
  if (file == files.end()) {
    seen(scene, {}, "CPU weight", finding);
    return;
  }
  const std::uint64_t equal = file->name == "cpu.shares" ? kEqualShares : kEqualWeight;
  const std::string evidence = file->name + " of " + file->cgroup + ": " +
                               file->text.substr(0, file->text.find('\n')) + ", no quota";
  if (amount_of(file->text).value_or(kNone) <= equal) {
    return finding.pass(evidence + ": no more than an equal share");
  }
  finding.warn(evidence + ": more than an equal share, which is " + std::to_string(equal));
}

void pids_limit(const Scene& scene, Finding& finding) {
  outside(scene, finding);
  const Limit limit = lowest(scene.container, "pids.max");
  if (!seen(scene, limit, "process limit", finding)) return;
  if (limit.value == kNone) return finding.fail(limit.evidence);
  if (limit.value > kManyProcesses) return finding.warn(limit.evidence + ": as good as none");
  finding.pass(limit.evidence);
}

void own_cgroup(const Scene& scene, Finding& finding) {
  outside(scene, finding);
  const auto& cgroups = scene.container.cgroups;
  if (cgroups.empty()) return finding.warn("the container's cgroup could not be looked at");
  const auto own = std::find_if(cgroups.begin(), cgroups.end(),
                                [](const std::string& cgroup) { return cgroup != "/"; });
  if (own == cgroups.end()) return finding.fail("in the host's root cgroup");
  finding.pass("cgroup " + *own);
}

}  // namespace hardened::judging
