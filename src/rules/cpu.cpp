// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/limits.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// A real-time thread starves whatever shares its processor; the io class does so to the disk.
void vet_priorities(Draft& draft, const Json& cpu) {
  constexpr std::array<std::string_view, 4> kOrdinary = {"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE",
                                                         "SCHED_ISO"};
  const bool refused = find_string(cpu, "/realtime").value_or("refuse") == "refuse";
  const std::optional<std::string> policy =
      find_string(draft.document(), "/process/scheduler/policy");
  if (refused && policy &&
      std::find(kOrdinary.begin(), kOrdinary.end(), *policy) == kOrdinary.end()) {
    draft.refuse("/process/scheduler/policy", "the scheduling policy " + printable(*policy, 40),
                 "rules.cpu.realtime", "sched(7)");
  }
  if (find_integer(draft.document(), "/process/scheduler/nice").value_or(0) < 0) {
    draft.set("/process/scheduler/nice", 0, "other containers' share of the processors");
  }
  const std::optional<std::string> io_class =
      find_string(draft.document(), "/process/ioPriority/class");
  if (refused && io_class && *io_class != "IOPRIO_CLASS_BE" && *io_class != "IOPRIO_CLASS_IDLE") {
    draft.refuse("/process/ioPriority/class", "the io class " + printable(*io_class, 40),
                 "rules.cpu.realtime", "ioprio_set(2)");
  }
}

void apply(Draft& draft, const RuleInput& input) {
  limit_cpu(draft, created(draft, input.facts.host, "cpu"), input.settings, input.facts.host);
  if (find(draft.document(), "/process") != nullptr) vet_priorities(draft, input.settings);
}

}  // namespace

extern const Rule cpu_rule;
const Rule cpu_rule{"cpu", "the host's processors taken by one container", "CIS 5.12", apply,
                    "shares"};

}  // namespace hardened
