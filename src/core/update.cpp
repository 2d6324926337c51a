// SPDX-License-Identifier: Apache-2.0
// update <= policy: no limit is lifted beyond the profile, by document, flag or `unified`.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/limits.hpp"
#include "hardened/core/plan.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

constexpr ResourcesAt kDocument{"", LeftOut::as_it_is};

// runc leaves devices alone in update, crun writes them: a rule that allows would widen what create
// granted.
void drop_device_rules(Draft& draft, const Json&, const HostFacts&) {
  for (std::size_t index = find_array(draft.document(), "/devices").size(); index-- > 0;) {
    const std::string pointer = join("/devices", index);
    if (find_boolean(draft.document(), pointer + "/allow").value_or(false)) {
      draft.remove(pointer, "an update must not open devices");
    }
  }
}

struct Step {
  std::string_view rule;
  std::string_view reference;
  void (*lower)(Draft&, const Json& settings, const HostFacts&);
};

// runc's update ignores it, crun's writes it.
void refuse_network_classes(Draft& draft, const Json& settings, const HostFacts&) {
  const Json* network = find(draft.document(), "/network");
  if (network != nullptr && !network->empty() && settings.at("network_classes") == "refuse") {
    draft.refuse("/network", "a class for the host's traffic control",
                 "rules.powerful-fields.network_classes");
  }
}

constexpr std::array<Step, 6> kSteps{{
    {"pids-limit", "CIS 5.29",
     [](Draft& draft, const Json& settings, const HostFacts&) {
       limit_pids(draft, kDocument, settings);
     }},
    {"memory-limit", "CIS 5.11",
     [](Draft& draft, const Json& settings, const HostFacts& host) {
       limit_memory(draft, kDocument, settings, host);
     }},
    {"cpu", "CIS 5.12",
     [](Draft& draft, const Json& settings, const HostFacts& host) {
       limit_cpu(draft, kDocument, settings, host);
     }},
    {"resources", "CIS 5.25",
     [](Draft& draft, const Json& settings, const HostFacts&) {
       limit_others(draft, kDocument, settings);
     }},
    {"devices", "CIS 5.18", drop_device_rules},
    {"powerful-fields", "", refuse_network_classes},
}};

void run_step(const Step& step, Plan& plan, const Profile& profile, const HostFacts& host) {
  Draft draft(step.rule, step.reference, plan.config, plan);
  step.lower(draft, profile.settings(step.rule), host);
}

// A flag and its place in the resources document.
struct LimitFlag {
  const char* flag;
  const char* pointer;
  bool size;  // takes 512m and the like
};

constexpr std::array<LimitFlag, 7> kFlags{{{"blkio-weight", "/blockIO/weight", false},
                                           {"pids-limit", "/pids/limit", false},
                                           {"memory", "/memory/limit", true},
                                           {"memory-swap", "/memory/swap", true},
                                           {"memory-reservation", "/memory/reservation", true},
                                           {"cpu-share", "/cpu/shares", false},
                                           {"cpu-rt-runtime", "/cpu/realtimeRuntime", false}}};

[[noreturn]] void not_understood(const LimitFlag& flag, const std::string& text) {
  throw Error(ErrorKind::usage, "update: --" + std::string(flag.flag) + ": \"" +
                                    printable(text, 60) + "\" is no " +
                                    (flag.size ? "size" : "plain number"));
}

// Decimal only: runc takes 0x800, 010 and 1_000 for pids-limit, crun reads another number there.
std::int64_t plain_number(const LimitFlag& flag, const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool padded = text.size() > 1 && text.front() == '0';
  if (text.empty() || padded || error != std::errc() || end != text.data() + text.size()) {
    not_understood(flag, text);
  }
  return value;
}

// As runc's units.RAMInBytes: a decimal number, perhaps a blank, one of kmgtp, perhaps b or ib;
// powers of 1024.
std::int64_t size_in_bytes(const LimitFlag& flag, const std::string& text) {
  if (text == "-1") return -1;
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  double number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + digits, number, std::chars_format::fixed);
  if (digits == 0 || error != std::errc() || end != text.data() + digits)
    not_understood(flag, text);
  std::string suffix = text.substr(digits + (digits < text.size() && text[digits] == ' ' ? 1 : 0));
  for (char& letter : suffix)
    letter = static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
  const std::size_t power =
      suffix.empty() || suffix == "b" ? 0 : std::string_view("kmgtp").find(suffix[0]) + 1;
  const std::string rest = power == 0 ? "" : suffix.substr(1);
  if (power > 5 || (power == 0 && !suffix.empty() && suffix != "b") ||
      (!rest.empty() && rest != "b" && rest != "ib")) {
    not_understood(flag, text);
  }
  const double bytes = std::ldexp(number, static_cast<int>(10 * power));
  if (bytes >= 9223372036854775807.0) return std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(bytes);
}

}  // namespace

Json resources_of_flags(const Invocation& invocation) {
  Json resources = Json::object();
  for (const LimitFlag& flag : kFlags) {
    // Every occurrence must be readable, the last one counts; runc takes an empty one for none.
    for (const std::string& text : invocation.flag_values(flag.flag)) {
      if (text.empty()) continue;
      const std::int64_t value = flag.size ? size_in_bytes(flag, text) : plain_number(flag, text);
      resources[Json::json_pointer(flag.pointer)] = value;
    }
  }
  return resources;
}

Plan plan_update(const Json& resources, const Profile& profile, const HostFacts& host) {
  Plan plan;
  plan.config = resources;
  for (const Step& step : kSteps) {
    const RuleMode mode = profile.mode(step.rule);
    if (mode == RuleMode::enforce) run_step(step, plan, profile, host);
    if (mode != RuleMode::report) continue;
    Plan would;
    would.config = plan.config;
    run_step(step, would, profile, host);
    add_reported(plan, step.rule, std::move(would));
  }
  return plan;
}

namespace {

// linux.intelRdt by another name: they write the host's resctrl file system.
void vet_cache_schemas(Plan& plan, const Invocation& invocation, const Profile& profile) {
  const RuleMode mode = profile.mode("powerful-fields");
  if (mode == RuleMode::off || profile.settings("powerful-fields").at("intel_rdt") == "allow")
    return;
  for (const std::string flag : {"l3-cache-schema", "mem-bw-schema"}) {
    if (invocation.flag(flag).value_or("").empty()) continue;
    (mode == RuleMode::enforce ? plan.refusals : plan.reported_refusals)
        .push_back({"powerful-fields", "/intelRdt",
                    "a share of the host's cache and memory bandwidth (--" + flag + ")",
                    "runtime-spec config-linux.md#intelrdt", "rules.powerful-fields.intel_rdt"});
  }
}

}  // namespace

Plan plan_update_flags(const Invocation& invocation, const Profile& profile,
                       const HostFacts& host) {
  Plan plan = plan_update(resources_of_flags(invocation), profile, host);
  vet_cache_schemas(plan, invocation, profile);
  return plan;
}

void set_update_flags(Invocation& invocation, const Plan& plan) {
  const Json asked = resources_of_flags(invocation);
  for (const LimitFlag& flag : kFlags) {
    const auto value = find_integer(plan.config, flag.pointer);
    if (!value) continue;
    // Repeated: the last counts in runc, and must not hide another one from another reader.
    const bool repeated = invocation.flag_values(flag.flag).size() > 1;
    if (repeated || value != find_integer(asked, flag.pointer)) {
      invocation.set_flag(flag.flag, std::to_string(*value));
    }
  }
}

}  // namespace hardened
