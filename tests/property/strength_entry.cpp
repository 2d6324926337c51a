// SPDX-License-Identifier: Apache-2.0
// What enters a running container later, and what its limits become: against the container and the
// policy, not against what was asked.
#include <algorithm>
#include <array>

#include "findings.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/policy.hpp"
#include "strength.hpp"

namespace hardened::property {
namespace {

bool enforced(const Profile& profile, std::string_view rule) {
  return profile.mode(rule) == RuleMode::enforce;
}

void judge_powers(const Json& process, const Json& container, const Profile& profile,
                  Findings& findings) {
  if (enforced(profile, "capabilities")) {
    // Without the object runc takes those of the container as it was created.
    if (find(process, "/capabilities") == nullptr) findings.add("capabilities", "are not stated");
    const auto own = [&](const std::string& set) {
      return names(container, "/process/capabilities/" + set);
    };
    for (const auto& [set, list] : object(process, "/capabilities").items()) {
      if (!list.is_array() || (set != "bounding" && set != "effective" && set != "permitted" &&
                               set != "inheritable" && set != "ambient")) {
        continue;
      }
      const bool lasting = set == "inheritable" || set == "ambient";
      const std::set<std::string> most = own(lasting ? set : "bounding");
      for (const Json& name : list) {
        if (!most.contains(name)) findings.add("capabilities." + set, name.dump());
      }
    }
  }
  if (enforced(profile, "no-new-privileges") && is_true(container, "/process/noNewPrivileges") &&
      !is_true(process, "/noNewPrivileges")) {
    findings.add("noNewPrivileges", "is not set");
  }
  if (!enforced(profile, "lsm")) return;
  for (const char* field : {"apparmorProfile", "selinuxLabel"}) {
    const std::string own = text(container, std::string("/process/") + field);
    const Json* asked = find(process, std::string("/") + field);
    if (!own.empty() && asked != nullptr && *asked != own) findings.add(field, "is another");
    // A domain that nobody looked at when the container was created.
    const bool named = asked != nullptr && asked->is_string() && *asked != "";
    if (own.empty() && named && field == std::string_view("selinuxLabel")) {
      findings.add(field, "is one, and the container has none");
    }
  }
}

void judge_limits(const Json& process, const Json& container, Findings& findings) {
  const auto bound = [](const Json& entry, const char* field) {
    const Amount value = amount_at(entry, field, 0);
    return value < 0 ? kUnbounded : value;
  };
  for (const Json& own : list(container, "/process/rlimits")) {
    bool stated = false;
    for (const Json& entry : list(process, "/rlimits")) {
      if (text(entry, "/type") != text(own, "/type")) continue;
      stated = true;
    }
    if (!stated) findings.add("rlimits", text(own, "/type") + " is the caller's");
  }
  for (const Json& entry : list(process, "/rlimits")) {
    const Json& all = list(container, "/process/rlimits");
    const bool within = std::any_of(all.begin(), all.end(), [&](const Json& own) {
      return text(own, "/type") == text(entry, "/type") &&
             bound(entry, "/hard") <= bound(own, "/hard") &&
             bound(entry, "/soft") <= bound(own, "/hard");
    });
    if (!within) findings.add("rlimits", text(entry, "/type") + " is above the container's");
  }
}

bool is_mapped(const Json& maps, Amount id) {
  if (maps.empty()) return id >= 0 && id < 4294967295.0L;
  return std::any_of(maps.begin(), maps.end(), [&](const Json& map) {
    const Amount first = amount_at(map, "/containerID", 0);
    return id >= first && id < first + amount_at(map, "/size", 0);
  });
}

// CVE-2024-21626: a working directory behind a descriptor that the runtime has open.
bool behind_a_descriptor(const std::string& cwd) {
  const std::string path = lexical_path(cwd);
  return path.starts_with("/proc/") && path.find("/fd/") != std::string::npos;
}

void judge_user(const Json& process, const Json& container, const Profile& profile,
                Findings& findings) {
  if (behind_a_descriptor(text(process, "/cwd"))) findings.add("cwd", "is a descriptor's");
  if (profile.settings("process").at("root_user") == "refuse" &&
      amount_at(process, "/user/uid", 0) == 0) {
    findings.add("user.uid", "is root");
  }
  const Json& users = list(container, "/linux/uidMappings");
  const Json& groups = list(container, "/linux/gidMappings");
  if (!is_mapped(users, amount_at(process, "/user/uid", 0)))
    findings.add("user.uid", "is nobody's");
  if (!is_mapped(groups, amount_at(process, "/user/gid", 0)))
    findings.add("user.gid", "is nobody's");
  for (const Json& group : list(process, "/user/additionalGids")) {
    if (!is_mapped(groups, amount(group))) findings.add("user.additionalGids", "is nobody's");
  }
  const Amount least = amount_at(container, "/process/oomScoreAdj", 0);
  if (amount_at(process, "/oomScoreAdj", least) < least) findings.add("oomScoreAdj", "is lower");
}

void judge_priority(const Json& process, Findings& findings) {
  static const std::set<std::string> kShared{"", "SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE",
                                             "SCHED_ISO"};
  const std::string policy = text(process, "/scheduler/policy");
  if (!kShared.contains(policy)) findings.add("scheduler", policy);
  if (amount_at(process, "/scheduler/nice", 0) < 0) findings.add("scheduler.nice", "is below 0");
  if (text(process, "/ioPriority/class") == "IOPRIO_CLASS_RT") findings.add("ioPriority", "is RT");
}

Amount setting(const Profile& profile, const char* rule, const char* name) {
  return amount(profile.settings(rule).at(name));
}

Amount memory_bound(const Profile& profile, const HostFacts& host) {
  const Amount bytes = setting(profile, "memory-limit", "bytes");
  if (bytes > 0) return bytes;
  return static_cast<Amount>(host.memory_bytes) / 100 *
         setting(profile, "memory-limit", "host_percent");
}

// Of a typed field: unlimited is a negative number.
void judge_field(const Json& resources, const char* pointer, Amount most, Findings& findings) {
  const Amount asked = amount_at(resources, pointer, 0);
  if (asked > most || asked < 0) findings.add(pointer, "is above the policy's");
}

void judge_file(const Json& resources, const std::string& file, Amount most, Findings& findings) {
  const Json& unified = object(resources, "/unified");
  if (!unified.contains(file)) return;
  const std::string value = unified.at(file).is_string() ? unified.at(file).get<std::string>() : "";
  const std::string bound = std::to_string(static_cast<std::uint64_t>(most));
  if (value != bound && is_more(value, bound)) findings.add("unified " + file, value);
}

void judge_memory(const Json& resources, Amount most, Findings& findings) {
  for (const char* field : {"/memory/limit", "/memory/swap", "/memory/reservation"}) {
    judge_field(resources, field, most, findings);
  }
  for (const char* file : {"memory.max", "memory.swap.max", "memory.low", "memory.min"}) {
    judge_file(resources, file, most, findings);
  }
  if (is_true(resources, "/memory/disableOOMKiller")) findings.add("disableOOMKiller", "is set");
}

// Which rule answers for a file of cgroup v2.
std::string_view rule_of(const std::string& file) {
  if (file.find('/') != std::string::npos) return "resources";
  if (file.starts_with("pids.")) return "pids-limit";
  if (file.starts_with("memory.")) return "memory-limit";
  return file.starts_with("cpu.") || file.starts_with("cpuset.") ? "cpu" : "resources";
}

// Documentation/admin-guide/cgroup-v2.rst: files that bound the cgroup itself. Any other moves
// processes, takes from neighbours, or is not known.
bool is_a_bound(const std::string& file, const Json& value) {
  static const std::set<std::string> kBounds{"pids.max",
                                             "memory.max",
                                             "memory.swap.max",
                                             "memory.min",
                                             "memory.low",
                                             "memory.high",
                                             "memory.swap.high",
                                             "memory.oom.group",
                                             "memory.zswap.max",
                                             "memory.reclaim",
                                             "memory.zswap.writeback",
                                             "cpu.weight",
                                             "cpu.weight.nice",
                                             "cpu.max",
                                             "cpu.max.burst",
                                             "cpu.idle",
                                             "cpu.uclamp.max",
                                             "cpuset.cpus",
                                             "cpuset.mems",
                                             "io.max",
                                             "io.weight",
                                             "io.bfq.weight",
                                             "rdma.max",
                                             "misc.max"};
  if (file == "io.prio.class") {
    return value == "no-change" || value == "restrict-to-be" || value == "idle";
  }
  const bool pages = file.starts_with("hugetlb.") && file.ends_with(".max");
  return kBounds.contains(file) || (pages && file.find('/') == std::string::npos);
}

void judge_files(const Json& resources, const Profile& profile, Findings& findings) {
  const Json& allowed = profile.settings("resources").at("allowed_files");
  for (const auto& [file, value] : object(resources, "/unified").items()) {
    const bool named = rule_of(file) == "resources" && file.find('/') == std::string::npos &&
                       std::find(allowed.begin(), allowed.end(), file) != allowed.end();
    if (enforced(profile, rule_of(file)) && !named && !is_a_bound(file, value)) {
      findings.add("unified " + file, "is not the container's to write");
    }
  }
}

void judge_disks(const Json& resources, Amount most, Findings& findings) {
  for (const char* field : {"/weight", "/leafWeight"}) {
    judge_field(resources, (std::string("/blockIO") + field).c_str(), most, findings);
    for (const Json& disk : list(resources, "/blockIO/weightDevice")) {
      judge_field(disk, field, most, findings);
    }
  }
  for (const char* file : {"io.weight", "io.bfq.weight"}) {
    judge_file(resources, file, most, findings);
  }
}

bool refuses(const Profile& profile, const char* field) {
  return enforced(profile, "powerful-fields") &&
         profile.settings("powerful-fields").at(field) == "refuse";
}

}  // namespace

std::vector<std::string> exceeds_container(const Json& process, const Json& container,
                                           const Profile& profile) {
  Findings findings;
  judge_powers(process, container, profile, findings);
  if (enforced(profile, "rlimits")) judge_limits(process, container, findings);
  if (enforced(profile, "process")) judge_user(process, container, profile, findings);
  if (enforced(profile, "cpu") && profile.settings("cpu").at("realtime") == "refuse") {
    judge_priority(process, findings);
  }
  const Json* io_priority = find(process, "/ioPriority");
  if (enforced(profile, "cpu") && refuses(profile, "io_priority") && io_priority != nullptr &&
      !io_priority->is_null()) {
    findings.add("ioPriority", "is set");
  }
  return findings.take();
}

std::vector<std::string> exceeds_policy(const Json& resources, const Profile& profile,
                                        const HostFacts& host) {
  Findings findings;
  if (enforced(profile, "pids-limit")) {
    const Amount most = setting(profile, "pids-limit", "limit");
    const Json* asked = find(resources, "/pids/limit");
    if (asked != nullptr && *asked == 0) findings.add("pids.limit", "is 0, to some no limit");
    judge_field(resources, "/pids/limit", most, findings);
    judge_file(resources, "pids.max", most, findings);
  }
  const Amount memory = memory_bound(profile, host);
  // Of a host whose memory is not known no share can be told.
  if (enforced(profile, "memory-limit") && memory > 0) judge_memory(resources, memory, findings);
  if (enforced(profile, "cpu")) {
    const Amount cpus = std::max<std::uint32_t>(1, host.cpus);
    judge_field(resources, "/cpu/shares", setting(profile, "cpu", "shares") * cpus, findings);
    judge_file(resources, "cpu.weight", 100 * cpus, findings);
    if (profile.settings("cpu").at("realtime") == "refuse" &&
        amount_at(resources, "/cpu/realtimeRuntime", 0) != 0) {
      findings.add("cpu.realtimeRuntime", "is set");
    }
  }
  if (enforced(profile, "resources")) {
    judge_disks(resources, setting(profile, "resources", "block_io_weight"), findings);
  }
  judge_files(resources, profile, findings);
  if (refuses(profile, "network_classes") && !object(resources, "/network").empty()) {
    findings.add("network", "is a class for the host's traffic control");
  }
  if (!enforced(profile, "devices")) return findings.take();
  for (const Json& rule : list(resources, "/devices")) {
    if (is_true(rule, "/allow")) findings.add("devices", "are opened: " + rule.dump());
  }
  return findings.take();
}

std::vector<std::string> weaker_resources(const Json& before, const Json& after) {
  Findings findings;
  compare_resources(before, after, findings);
  return findings.take();
}

}  // namespace hardened::property
