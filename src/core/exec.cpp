// SPDX-License-Identifier: Apache-2.0
// exec <= container: every engine builds an exec's document from its own original configuration,
// not from ours.
#include <algorithm>
#include <array>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

using Names = std::vector<std::string>;

bool among(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void keep_only(Draft& draft, const std::string& set, const Names& allowed,
               std::string_view reason) {
  const std::string pointer = "/capabilities/" + set;
  const Names given = find_strings(draft.document(), pointer);
  Json kept = Json::array();
  for (const std::string& name : given) {
    if (among(allowed, name)) kept.push_back(name);
  }
  if (kept.size() != given.size()) draft.set(pointer, std::move(kept), reason);
}

// Sets that do not nest make the runtime's capset fail with EPERM, so they are cut from the outside
// in. Names are compared exactly: what the container's document does not spell like this is not in
// it.
void lower_capabilities(Draft& draft, const Ceiling& ceiling) {
  const Names most = find_strings(ceiling.json, "/capabilities");
  const auto now = [&](const std::string& set) {
    return find_strings(draft.document(), "/capabilities/" + set);
  };
  constexpr std::string_view kReason = "docker exec --privileged must not exceed the container";
  const Json* given = find(draft.document(), "/capabilities");
  if (given == nullptr || given->is_null()) {
    // runc would take what the container was created with, which nobody has lowered where that was
    // by runc alone. As the kernel has it: the user's own only for root.
    const Json used =
        find_integer(draft.document(), "/user/uid").value_or(0) == 0 ? Json(most) : Json::array();
    draft.set("/capabilities",
              {{"bounding", most},
               {"effective", used},
               {"inheritable", Json::array()},
               {"permitted", used},
               {"ambient", Json::array()}},
              kReason);
  }
  for (const std::string set : {"bounding", "permitted"}) keep_only(draft, set, most, kReason);
  // Root of a container gets what is permitted by being root; somebody else keeps over an execve
  // only what is in these two, and the container's own process has none there (CVE-2022-29162).
  for (const std::string set : {"inheritable", "ambient"})
    keep_only(draft, set, find_strings(ceiling.json, "/" + set), kReason);
  keep_only(draft, "inheritable", now("bounding"), "inheritable lies within bounding");
  keep_only(draft, "permitted", now("bounding"), "permitted lies within bounding");
  keep_only(draft, "effective", now("permitted"), "effective lies within permitted");
  keep_only(draft, "ambient", now("permitted"), "ambient lies within permitted");
  keep_only(draft, "ambient", now("inheritable"), "ambient lies within inheritable");
}

void lower_no_new_privileges(Draft& draft, const Ceiling& ceiling) {
  // Absent means false in the runtime, whatever the container has.
  if (find_boolean(ceiling.json, "/noNewPrivileges").value_or(false)) {
    draft.set("/noNewPrivileges", true,
              "the container has it; an exec without it could raise privileges");
  }
}

// An absent label is the container's own in runc and crun; an empty or another one is replaced.
void lower_labels(Draft& draft, const Ceiling& ceiling) {
  for (const std::string pointer : {"/apparmorProfile", "/selinuxLabel"}) {
    const auto own = find_string(ceiling.json, pointer);
    if (own && find_string(draft.document(), pointer)) {
      draft.set(pointer, *own, "an exec is confined like its container");
    }
  }
  // A domain that create never looked at; whether it has less than the runtime's own, which such a
  // container runs in, cannot be told.
  const std::string label = find_string(draft.document(), "/selinuxLabel").value_or("");
  if (!label.empty() && !find_string(ceiling.json, "/selinuxLabel")) {
    draft.refuse("/selinuxLabel",
                 "the SELinux label " + printable(label, 80) + ", and the container has none",
                 "rules.lsm.mode", "CIS 5.3");
  }
}

std::uint64_t limit_of(const Json& rlimit, const std::string& pointer, const char* key) {
  const auto member = rlimit.find(key);
  if (member == rlimit.end()) return 0;
  // Not compared as JSON: there "unlimited" (2^64 - 1) would be below 0.
  if (!member->is_number_unsigned() &&
      !(member->is_number_integer() && member->get<std::int64_t>() >= 0)) {
    throw Error(ErrorKind::invalid_input, join(pointer, key), "expected an unsigned integer");
  }
  return member->get<std::uint64_t>();
}

// The lowest of several entries of one type: which of them counts is the runtime's choice.
const Json* limit_named(const Json& rlimits, const std::string& type) {
  const Json* lowest = nullptr;
  for (const Json& limit : rlimits) {
    if (find_string(limit, "/type") != type) continue;
    if (lowest == nullptr ||
        limit_of(limit, "/rlimits", "hard") < limit_of(*lowest, "/rlimits", "hard"))
      lowest = &limit;
  }
  return lowest;
}

// runc does not carry the container's rlimits over to an exec, so they are added. A type that the
// container's document leaves out is inherited from the runtime's caller there and here: no entry
// may change it.
void lower_rlimits(Draft& draft, const Ceiling& ceiling) {
  const Json& own = find_array(ceiling.json, "/rlimits");
  const Json given = find_array(draft.document(), "/rlimits");
  Json lowered = Json::array();
  for (std::size_t index = 0; index < given.size(); ++index) {
    const std::string pointer = join("/rlimits", index);
    const Json* bound = limit_named(own, find_string(given[index], "/type").value_or(""));
    if (bound == nullptr) continue;
    const std::uint64_t hard =
        std::min(limit_of(given[index], pointer, "hard"), limit_of(*bound, pointer, "hard"));
    Json entry = given[index];
    entry["hard"] = hard;
    entry["soft"] = std::min(limit_of(given[index], pointer, "soft"), hard);
    lowered.push_back(std::move(entry));
  }
  for (const Json& bound : own) {
    const std::string type = find_string(bound, "/type").value_or("");
    if (limit_named(given, type) == nullptr && limit_named(own, type) == &bound)
      lowered.push_back(bound);
  }
  if (lowered != given)
    draft.set("/rlimits", lowered, "an exec has its container's limits, not its caller's");
}

bool mapped(const Json& mappings, std::int64_t id) {
  if (id < 0 || id >= UINT32_MAX) return false;
  if (mappings.empty()) return true;
  return std::any_of(mappings.begin(), mappings.end(), [&](const Json& mapping) {
    const std::int64_t first = find_integer(mapping, "/containerID").value_or(0);
    return id >= first && id - first < find_integer(mapping, "/size").value_or(0);
  });
}

void vet_id(Draft& draft, const std::string& pointer, const Json& mappings) {
  const auto id = find_integer(draft.document(), pointer);
  if (id && !mapped(mappings, *id)) {
    draft.refuse(pointer,
                 "the id " + std::to_string(*id) + ", which the container's mapping does not have",
                 "rules.process.mode");
  }
}

void vet_user(Draft& draft, const Ceiling& ceiling) {
  const Json& gids = find_array(ceiling.json, "/gidMappings");
  vet_id(draft, "/user/uid", find_array(ceiling.json, "/uidMappings"));
  vet_id(draft, "/user/gid", gids);
  for (std::size_t index = 0; index < find_array(draft.document(), "/user/additionalGids").size();
       ++index) {
    vet_id(draft, join("/user/additionalGids", index), gids);
  }
  if (find_string(ceiling.json, "/rootUser") == "refuse" &&
      find_integer(draft.document(), "/user/uid").value_or(0) == 0) {
    draft.refuse("/user/uid", "root in a container that must not have it",
                 "rules.process.root_user", "CIS 5.24");
  }
}

void lower_process(Draft& draft, const Ceiling& ceiling) {
  vet_user(draft, ceiling);
  if (through_descriptor(find_string(draft.document(), "/cwd").value_or(""))) {
    draft.refuse("/cwd", "a working directory through a descriptor", "rules.process.mode",
                 "CVE-2024-21626");
  }
  const std::int64_t least = find_integer(ceiling.json, "/oomScoreAdj").value_or(0);
  const auto asked = find_integer(draft.document(), "/oomScoreAdj");
  if (asked && *asked < least) {
    draft.set("/oomScoreAdj", least, "the host's processes must not be killed in its place");
  }
}

// execCPUAffinity stays: the kernel keeps it inside the container's cpuset.
void lower_priority(Draft& draft, const Ceiling& ceiling) {
  constexpr std::string_view kReason = "a priority over the host's own processes";
  // Of every class where create refuses the field, else of those that come before the host's own.
  if (find_string(ceiling.json, "/ioPriority") == "refuse") draft.remove("/ioPriority", kReason);
  if (find_string(ceiling.json, "/realtime") != "refuse") return;
  const std::string policy =
      find_string(draft.document(), "/scheduler/policy").value_or("SCHED_OTHER");
  if (policy != "SCHED_OTHER" && policy != "SCHED_BATCH" && policy != "SCHED_IDLE" &&
      policy != "SCHED_ISO") {
    draft.remove("/scheduler", kReason);
  } else if (find_integer(draft.document(), "/scheduler/nice").value_or(0) < 0) {
    draft.set("/scheduler/nice", 0, kReason);
  }
  const auto io_class = find_string(draft.document(), "/ioPriority/class");
  if (io_class && *io_class != "IOPRIO_CLASS_BE" && *io_class != "IOPRIO_CLASS_IDLE") {
    draft.remove("/ioPriority", kReason);
  }
}

struct Step {
  std::string_view rule;
  std::string_view reference;
  void (*lower)(Draft&, const Ceiling&);
};

constexpr std::array<Step, 6> kSteps{{{"capabilities", "CIS 5.23", lower_capabilities},
                                      {"no-new-privileges", "CIS 5.26", lower_no_new_privileges},
                                      {"lsm", "CIS 5.2", lower_labels},
                                      {"rlimits", "CIS 5.19", lower_rlimits},
                                      {"process", "CIS 5.24", lower_process},
                                      {"cpu", "CIS 5.12", lower_priority}}};

}  // namespace

Plan plan_exec(const Json& process, const Ceiling& ceiling) {
  const Names enforced = find_strings(ceiling.json, "/enforced");
  const Names reported = find_strings(ceiling.json, "/reported");
  Plan plan;
  plan.config = process;
  const auto run = [&](const Step& step, Plan& onto) {
    Draft draft(step.rule, step.reference, onto.config, onto);
    step.lower(draft, ceiling);
  };
  for (const Step& step : kSteps) {
    if (among(enforced, std::string(step.rule))) run(step, plan);
    if (!among(reported, std::string(step.rule))) continue;
    Plan would;
    would.config = plan.config;
    run(step, would);
    add_reported(plan, step.rule, std::move(would));
  }
  return plan;
}

bool through_descriptor(std::string_view cwd) {
  Names parts;
  bool up = false;
  bool named = false;
  while (!cwd.empty()) {
    const std::size_t end = std::min(cwd.find('/'), cwd.size());
    const std::string part(cwd.substr(0, end));
    cwd.remove_prefix(std::min(end + 1, cwd.size()));
    if (part.empty() || part == ".") continue;
    up = up || part == "..";
    named = named || part == "proc" || part == "fd";
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  if (up && named) return true;  // where ".." leads through a link cannot be told by the text
  const bool device =
      parts.size() > 1 && parts[0] == "dev" &&
      (parts[1] == "fd" || parts[1] == "stdin" || parts[1] == "stdout" || parts[1] == "stderr");
  return device || (!parts.empty() && parts[0] == "proc");
}

}  // namespace hardened
