// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr std::int64_t kNoId = 4294967295;  // (uid_t)-1

struct WorkingDirectory {
  std::string cleaned;
  bool leaves = false;  // goes through /proc or a descriptor on its way
};

// Component by component, so that "/proc/self/fd/7/../.." is seen on its way and not only where it
// ends.
WorkingDirectory walk(std::string_view cwd) {
  WorkingDirectory result;
  while (!cwd.empty()) {
    const std::size_t end = std::min(cwd.find('/'), cwd.size());
    const std::string_view part = cwd.substr(0, end);
    cwd.remove_prefix(std::min(end + 1, cwd.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      result.cleaned.resize(result.cleaned.empty() ? 0 : result.cleaned.rfind('/'));
    } else {
      result.cleaned.append("/").append(part);
    }
    constexpr std::array<std::string_view, 5> kLeaving = {"/proc", "/dev/fd", "/dev/stdin",
                                                          "/dev/stdout", "/dev/stderr"};
    result.leaves |= std::find(kLeaving.begin(), kLeaving.end(), result.cleaned) != kLeaving.end();
  }
  if (result.cleaned.empty()) result.cleaned = "/";
  return result;
}

// CVE-2024-21626: a working directory through a descriptor that the runtime left open is a
// directory of the host.
void vet_cwd(Draft& draft) {
  const std::optional<std::string> cwd = find_string(draft.document(), "/process/cwd");
  if (!cwd) return;
  const WorkingDirectory walked = walk(*cwd);
  if (!cwd->starts_with('/')) {
    draft.refuse("/process/cwd", "the relative working directory \"" + printable(*cwd, 80) + '"',
                 "rules.process.mode", "runtime-spec config.md#process");
  } else if (walked.leaves) {
    draft.refuse("/process/cwd",
                 "the working directory " + printable(*cwd, 80) +
                     ", which leads through /proc or a descriptor",
                 "rules.process.mode", "CVE-2024-21626");
  } else if (("/" + *cwd + "/").find("/../") != std::string::npos) {
    // A link in the image decides where ".." leads; without it there is nothing to decide.
    draft.set("/process/cwd", walked.cleaned, "\"..\" after a link of the image leads anywhere");
  }
}

void vet_id(Draft& draft, const std::string& pointer, std::string_view mappings) {
  const std::int64_t id = find_integer(draft.document(), pointer).value_or(0);
  if (id < 0 || id >= kNoId) {
    // setresuid(2) takes -1 for "leave as it is": root would stay root under another name.
    draft.refuse(pointer, "the id " + std::to_string(id) + ", which the kernel takes for none",
                 "rules.process.mode", "setresuid(2)");
    return;
  }
  const Json& ranges = find_array(draft.document(), mappings);
  if (!maps_id(ranges, id)) {
    draft.refuse(
        pointer,
        "the id " + std::to_string(id) + ", outside the container's own, " + mapped_ids(ranges),
        draft.mapping() ? "rules.user-namespace.range_size" : "rules.process.mode",
        "user_namespaces(7)");
  }
}

void vet_user(Draft& draft, const RuleInput& input) {
  vet_id(draft, "/process/user/uid", "/linux/uidMappings");
  vet_id(draft, "/process/user/gid", "/linux/gidMappings");
  const std::size_t groups = find_array(draft.document(), "/process/user/additionalGids").size();
  for (std::size_t index = 0; index < groups; ++index) {
    vet_id(draft, join("/process/user/additionalGids", index), "/linux/gidMappings");
  }
  if (find_string(input.settings, "/root_user") == "refuse" &&
      find_integer(draft.document(), "/process/user/uid").value_or(0) == 0) {
    draft.refuse("/process/user/uid", "root as the container's user", "rules.process.root_user",
                 "CIS 4.1");
  }
}

// A container below the engine's score is spared when memory runs out, and its neighbours and the
// host's services die.
void raise_oom_score(Draft& draft, const RuleInput& input) {
  constexpr std::string_view kPointer = "/process/oomScoreAdj";
  const std::optional<std::int64_t> least = find_integer(input.settings, "/oom_score_adj_min");
  const std::int64_t score =
      find_integer(draft.document(), kPointer).value_or(input.facts.host.oom_score_adj);
  if (least && score < *least) {
    draft.set(kPointer, *least,
              "the container must not outlive the host's services when memory runs out");
  }
}

// A real-time thread starves whatever shares its processor; the io class does so to the disk.
void vet_priorities(Draft& draft) {
  constexpr std::array<std::string_view, 4> kOrdinary = {"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE",
                                                         "SCHED_ISO"};
  const std::optional<std::string> policy =
      find_string(draft.document(), "/process/scheduler/policy");
  if (policy && std::find(kOrdinary.begin(), kOrdinary.end(), *policy) == kOrdinary.end()) {
    draft.refuse("/process/scheduler/policy", "the scheduling policy " + printable(*policy, 40),
                 "rules.process.mode", "sched(7)");
  }
  if (find_integer(draft.document(), "/process/scheduler/nice").value_or(0) < 0) {
    draft.set("/process/scheduler/nice", 0, "other containers' share of the processors");
  }
  const std::optional<std::string> io_class =
      find_string(draft.document(), "/process/ioPriority/class");
  if (io_class && *io_class != "IOPRIO_CLASS_BE" && *io_class != "IOPRIO_CLASS_IDLE") {
    draft.refuse("/process/ioPriority/class", "the io class " + printable(*io_class, 40),
                 "rules.process.mode", "ioprio_set(2)");
  }
}

void apply(Draft& draft, const RuleInput& input) {
  if (find(draft.document(), "/process") == nullptr) return;
  vet_cwd(draft);
  vet_user(draft, input);
  raise_oom_score(draft, input);
  vet_priorities(draft);
}

}  // namespace

extern const Rule process_rule;
const Rule process_rule{
    "process", "escape through the working directory, ids outside the mapping, unfair priorities",
    "CVE-2024-21626, CIS 4.1", apply};

}  // namespace hardened
