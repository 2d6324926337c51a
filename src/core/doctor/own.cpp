// SPDX-License-Identifier: Apache-2.0
// hardened's own: its policy, its state, and what running containers go without.
#include <array>

#include "core/doctor/checks.hpp"
#include "hardened/core/audit_settings.hpp"

namespace hardened {
namespace {

Judgement policy(const Observation& seen) {
  if (seen.policy_error.empty()) {
    return {Verdict::ok, "in force; the default profile is " + seen.policy.default_profile(), ""};
  }
  return {
      Verdict::fail,
      "no container starts until it is right (what follows is judged by the built-in policy): " +
          seen.policy_error,
      "hardened policy check; files below /etc/hardened belong to root and are written by "
      "nobody else"};
}

Judgement state(const Observation& seen) {
  if (seen.state_error.empty()) return {Verdict::ok, "its own, or not made yet", ""};
  return {seen.root ? Verdict::fail : Verdict::unknown, seen.state_error,
          seen.root ? "chown root:root /run/hardened && chmod 0711 /run/hardened" : ""};
}

Judgement trail(const Observation& seen) {
  const AuditSettings settings = audit_settings(seen.policy);
  if (settings.destination == AuditSettings::Destination::none) {
    return {Verdict::warn, "nothing is recorded, as the policy says",
            "audit.destination in the policy: auto, journald or file"};
  }
  if (!seen.trail_error.empty()) {
    return {seen.root ? Verdict::fail : Verdict::unknown,
            std::string(settings.required ? "no container starts: " : "decisions leave no line: ") +
                seen.trail_error,
            seen.root ? "give hardened a journal, or a /var/log/hardened of root's own whose lock "
                        "nobody keeps"
                      : ""};
  }
  if (!seen.trail_loss.empty()) {
    return {Verdict::warn, "a decision left no line, the last at " + seen.trail_loss,
            "make room, then remove /run/hardened/trail-lost"};
  }
  return {Verdict::ok, "can be written", ""};
}

Judgement degraded(const Observation& seen) {
  if (!seen.state_error.empty()) return {Verdict::unknown, "no record can be read", ""};
  if (!seen.root && seen.records.empty()) {
    return {Verdict::unknown, "records are root's to read", ""};
  }
  std::vector<std::string> lines;
  std::size_t unread = 0;
  for (const RecordSeen& record : seen.records) {
    if (!record.error.empty()) {
      lines.push_back(record.container + ": its record cannot be believed: " + record.error);
      ++unread;
    }
    for (const std::string& what : record.degraded) lines.push_back(record.container + ": " + what);
  }
  if (lines.empty()) {
    return {Verdict::ok,
            std::to_string(seen.records.size()) + " running under hardened, none without something",
            ""};
  }
  return {Verdict::warn, "containers run without what the host could not give",
          unread == 0 ? "see the checks of the kernel and the host, then start them again"
                      : "start them again",
          std::move(lines)};
}

constexpr std::array kChecks{
    Check{"hardened/policy", "the installed policy", "hardened-policy(5)", policy},
    Check{"hardened/state", "the state directory", "", state},
    Check{"hardened/audit-trail", "the audit trail", "hardened-log(5)", trail},
    Check{"hardened/degraded", "containers that go without something", "", degraded},
};

}  // namespace

Findings judge_own(const Observation& seen) {
  Findings findings;
  for (const Check& check : kChecks) findings.push_back(finding_of(check, seen));
  return findings;
}

}  // namespace hardened
