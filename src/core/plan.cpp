// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "hardened/core/error.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {

#define RULE(name) extern const Rule name##_rule;
#include "rules/catalogue.inc"
#undef RULE

std::span<const Rule> catalogue() {
  static const std::array kRules{
#define RULE(name) name##_rule,
#include "rules/catalogue.inc"
#undef RULE
  };
  return kRules;
}

std::string setting_of(std::string_view rule) {
  for (const Rule& one : catalogue()) {
    if (one.name == rule) return "rules." + std::string(rule) + '.' + std::string(one.setting);
  }
  return "";
}

void apply_rule(const Rule& rule, Plan& plan, const RuleInput& input) {
  Draft draft(rule.name, rule.reference, plan.config, plan);
  rule.apply(draft, input);
}

void add_reported(Plan& plan, std::string_view rule, Plan would) {
  std::ranges::move(would.changes, std::back_inserter(plan.reported));
  std::ranges::move(would.refusals, std::back_inserter(plan.reported_refusals));
  std::ranges::move(would.degraded, std::back_inserter(plan.reported_degraded));
  for (std::string& what : would.unverified) {
    plan.reported_unverified.push_back({std::string(rule), "", std::move(what)});
  }
}

void refuse_reported_unverified(Plan& plan) {
  for (const Degradation& one : std::exchange(plan.reported_unverified, {})) {
    plan.reported_refusals.push_back({one.rule, "", "what could not be looked at: " + one.what, "",
                                      "rules." + one.rule + ".mode"});
  }
}

Plan make_plan(const Json& document, const Profile& profile, const Facts& facts,
               std::string_view id) {
  Plan plan;
  plan.config = document;
  for (const Rule& rule : catalogue()) {
    const RuleInput input{document, profile, profile.settings(rule.name), facts, id};
    switch (profile.mode(rule.name)) {
      case RuleMode::enforce:
        apply_rule(rule, plan, input);
        break;
      case RuleMode::report: {
        Plan would;
        would.config = plan.config;
        would.mapping = plan.mapping;
        apply_rule(rule, would, input);
        add_reported(plan, rule.name, std::move(would));
        break;
      }
      case RuleMode::off:
        break;
    }
  }
  plan.operations = mount_operations(plan.config, facts, plan.mapping);
  return plan;
}

namespace {

std::string without_pointer(const Refusal& refusal) {
  std::string text = "asks for " + printable(refusal.asked, 300);
  if (!refusal.reference.empty()) text += " (" + refusal.reference + ")";
  if (refusal.setting.empty()) return text + "; no policy setting allows it";
  text += "; policy setting: " + refusal.setting;
  // Nothing smaller would allow it.
  if (refusal.setting.ends_with(".mode")) text += ", for the whole rule";
  return text;
}

}  // namespace

Error refused(const Refusal& refusal) {
  Error error(ErrorKind::refused, printable(refusal.pointer), without_pointer(refusal));
  return refusal.rule.empty() ? error : error.within(refusal.rule);
}

std::string describe(const Refusal& refusal) { return refused(refusal).what(); }

std::string describe(const Degradation& degradation) {
  return degradation.rule + ": " + printable(degradation.pointer) + ": " +
         printable(degradation.what, 300);
}

void require_no_refusals(const Plan& plan) {
  constexpr std::size_t kInFull = 3;
  if (plan.refusals.empty()) return;
  Error error = refused(plan.refusals.front());
  for (std::size_t index = 1; index < std::min(plan.refusals.size(), kInFull); ++index) {
    error.followed_by(describe(plan.refusals[index]));
  }
  if (plan.refusals.size() > kInFull) {
    error.followed_by("and " + std::to_string(plan.refusals.size() - kInFull) + " more");
  }
  throw error;
}

void require_all_seen(const Plan& plan) {
  if (plan.unverified.empty()) return;
  throw Error(ErrorKind::refused, "could not be looked at: " + plan.unverified.front());
}

}  // namespace hardened
