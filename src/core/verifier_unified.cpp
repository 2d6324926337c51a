// SPDX-License-Identifier: Apache-2.0
// Post-conditions on linux.resources.unified: cgroup files by name, which the runtime writes last.
#include "core/verifier_conditions.hpp"

namespace hardened::verifier {
namespace {

std::string_view rule_of(std::string_view file) {
  if (file.find('/') != std::string_view::npos) return "resources";
  if (file.starts_with("pids.")) return "pids-limit";
  if (file.starts_with("memory.")) return "memory-limit";
  return file.starts_with("cpu.") || file.starts_with("cpuset.") ? "cpu" : "resources";
}

// Whatever is written there, nobody else has less for it.
bool burdens_its_own(std::string_view file) {
  constexpr std::array<std::string_view, 15> kFiles{
      "memory.high",      "memory.swap.high", "memory.oom.group",
      "memory.zswap.max", "memory.reclaim",   "memory.zswap.writeback",
      "cpu.max",          "cpu.max.burst",    "cpu.idle",
      "cpu.uclamp.max",   "cpuset.cpus",      "cpuset.mems",
      "io.max",           "rdma.max",         "misc.max"};
  return std::find(kFiles.begin(), kFiles.end(), file) != kFiles.end() ||
         (file.starts_with("hugetlb.") && file.ends_with(".max"));
}

bool is_harmless(std::string_view file, const std::string& value) {
  if (file == "io.prio.class") {
    return value == "idle" || value == "restrict-to-be" || value == "no-change";
  }
  return file == "cpu.weight.nice" ? cgroup_value(value).has_value() : burdens_its_own(file);
}

}  // namespace

void unified(const Json& document, std::string_view pointer, std::string_view rule,
             const Bounds& bounds, const Strings& allowed) {
  for (const auto& [file, value] : find_object(document, pointer).items()) {
    if (rule_of(file) != rule || !value.is_string()) continue;
    const std::string member = join(pointer, file);
    const std::string text = value.get<std::string>();
    const auto bound = bounds.find(file);
    if (bound == bounds.end()) {
      const bool named = contains(allowed, file) && file.find('/') == std::string::npos;
      if (!is_harmless(file, text) && !named) fail(member, "is not only a limit");
      continue;
    }
    // "100", and of disks "default 100" and "8:0 100".
    const auto number = cgroup_value(text.substr(text.rfind(' ') + 1));
    if (!number || *number > bound->second) fail(member, "is above the profile's limit");
  }
}

}  // namespace hardened::verifier
