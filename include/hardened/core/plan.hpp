// SPDX-License-Identifier: Apache-2.0
// What is to be done to a bundle and why: the rewritten document, every change with its reason,
// every refusal. Data only; the shell carries it out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/error.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/mount_operations.hpp"

namespace hardened {

struct Change {
  std::string rule;
  std::string pointer;
  std::optional<Json> before;  // absent: the field was not there
  std::optional<Json> after;   // absent: the field is gone
  std::string reason;          // the attack or the quirk, one line
  std::string reference;       // "CIS 5.26"
};

struct Refusal {
  std::string rule;
  std::string pointer;
  std::string asked;      // what the document asks for, one phrase
  std::string reference;  // "CIS 5.10"
  std::string setting;    // the policy setting that would allow it
};

// What the policy let a container go on without.
struct Degradation {
  std::string rule;
  std::string pointer;
  std::string what;  // "no user namespace of its own: ...", one line
};

struct Plan {
  Json config;                    // what goes into the bundle
  std::vector<Change> changes;    // in catalogue order
  std::vector<Refusal> refusals;  // any: nothing starts
  std::vector<Change> reported;   // what rules in report mode would have changed
  std::vector<Refusal> reported_refusals;
  std::vector<std::string> unverified;  // judged by its text: what could not be looked at
  std::vector<Degradation> degraded;
  // The same of rules in report mode; of the second, `what` could not be looked at.
  std::vector<Degradation> reported_degraded, reported_unverified;
  // The container's ids, where the wrapper lays them over the rootfs and the mounts. Absent: no
  // user namespace, or the engine's own, which prepares its files itself.
  std::optional<IdMaps> mapping;
  std::vector<MountOperation> operations;  // in the runtime's own mount namespace, in this order
};

// "host-namespaces: /linux/namespaces/1: asks for the host's network namespace (CIS 5.10); allowed
// by rules.host-namespaces.network"
std::string describe(const Refusal& refusal);

// The same words for what is refused before there is a plan. The rule may be empty.
Error refused(const Refusal& refusal);
// "user-namespace: /root/path: no user namespace of its own: nfs cannot be id-mapped"
std::string describe(const Degradation& degradation);

// What that rule, in report mode, did to a copy, to tell of it.
void add_reported(Plan& plan, std::string_view rule, Plan would);

// Throws Error(refused) with all of them in one line, for the engine shows one line: three in full,
// then how many more; its pointer is the first one's.
void require_no_refusals(const Plan& plan);

// Throws Error(refused) where a rule had to judge by the text alone: dry-run may assume, what
// starts or changes a container never.
void require_all_seen(const Plan& plan);
// The same of rules in report mode: what they would have refused.
void refuse_reported_unverified(Plan& plan);

}  // namespace hardened
