// SPDX-License-Identifier: Apache-2.0
// What a rule is: a name, what it stands for, and one pure function over a draft. The catalogue is
// their order.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "hardened/core/facts.hpp"
#include "hardened/core/json.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/policy.hpp"

namespace hardened {

enum class Operation { create, run, restore, exec, update, forward };

// All that a rule may know.
struct RuleInput {
  const Json& original;    // the document as the engine wrote it, field types checked
  const Profile& profile;  // other rules' settings, where one depends on another
  const Json& settings;    // this rule's own, complete
  const Facts& facts;
  std::string_view id;  // the container's id, empty in dry-run
};

// The document while one rule works on it. Every edit goes through here, so every edit is recorded.
class Draft {
 public:
  Draft(std::string_view rule, std::string_view reference, Json& document, Plan& plan);

  const Json& document() const { return document_; }

  // Sets the value at `pointer`, creating parent objects; "-" at the end of an array appends.
  // Nothing is recorded where the value is that already.
  void set(std::string_view pointer, Json value, std::string_view reason);
  // Removes the value; nothing where it is absent.
  void remove(std::string_view pointer, std::string_view reason);
  // Inserts before `index` into the array at `pointer`, which must exist.
  void insert(std::string_view pointer, std::size_t index, Json value, std::string_view reason);

  // Nothing starts. `asked` is one phrase ("the host's network namespace"), `setting` the key below
  // the profile that would allow it ("rules.host-namespaces.network").
  void refuse(std::string_view pointer, std::string_view asked, std::string_view setting);
  // As above with a reference of its own.
  void refuse(std::string_view pointer, std::string_view asked, std::string_view setting,
              std::string_view reference);

  void unverified(std::string_view what);

  // The policy lets the container go on with less than the rule gives; said, recorded and shown.
  void degrade(std::string_view pointer, std::string_view what);

  // The container's ids, which the shell lays over the rootfs and every mount. Once.
  void map_mounts(IdMaps maps);
  const std::optional<IdMaps>& mapping() const;

 private:
  std::string rule_;
  std::string reference_;
  Json& document_;
  Plan& plan_;
};

struct Rule {
  std::string_view name;       // "no-new-privileges", the key in the policy
  std::string_view stops;      // the attack, one line
  std::string_view reference;  // "CIS 5.26"
  void (*apply)(Draft& draft, const RuleInput& input);
  // Which of its settings somebody changes first whose container it stopped.
  std::string_view setting = "mode";
};

// "rules.capabilities.keep"; of a name that is no rule's, empty.
std::string setting_of(std::string_view rule);

// In catalogue order (src/rules/catalogue.inc).
std::span<const Rule> catalogue();

// One rule, whatever its mode, over plan.config.
void apply_rule(const Rule& rule, Plan& plan, const RuleInput& input);

// Applies every rule in order. Rules in report mode work on a copy whose changes are reported and
// dropped; refusals are collected, not thrown, so that a user sees all of them at once.
Plan make_plan(const Json& document, const Profile& profile, const Facts& facts,
               std::string_view id);

}  // namespace hardened
