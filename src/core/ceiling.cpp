// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/ceiling.hpp"

#include <array>

#include "core/ceiling_parts.hpp"
#include "hardened/core/document.hpp"

namespace hardened {

void add_policy(Json& ceiling, const Profile& profile) {
  constexpr std::array<std::string_view, 7> kAtExec{
      "capabilities", "no-new-privileges", "lsm", "rlimits", "process", "cpu", "user-namespace"};
  ceiling["enforced"] = Json::array();
  ceiling["reported"] = Json::array();
  for (const std::string_view rule : kAtExec) {
    if (profile.mode(rule) == RuleMode::enforce) ceiling["enforced"].push_back(rule);
    if (profile.mode(rule) == RuleMode::report) ceiling["reported"].push_back(rule);
  }
  ceiling["rootUser"] = profile.settings("process").at("root_user");
  ceiling["realtime"] = profile.settings("cpu").at("realtime");
  if (profile.mode("powerful-fields") == RuleMode::enforce) {
    ceiling["ioPriority"] = profile.settings("powerful-fields").at("io_priority");
  }
  ceiling["unlistedFields"] =
      profile.unlisted_fields() == UnlistedFields::refuse ? "refuse" : "keep";
}

Ceiling ceiling_of(const Json& config, const Profile& profile) {
  Json ceiling = Json::object();
  // The bounding set: what an exec as another user, or a set-user-ID file, could ever get.
  ceiling["capabilities"] = find_array(config, "/process/capabilities/bounding");
  // The two sets that survive an execve of somebody who is not root.
  for (const std::string set : {"inheritable", "ambient"}) {
    ceiling[set] = find_array(config, "/process/capabilities/" + set);
  }
  ceiling["noNewPrivileges"] = find_boolean(config, "/process/noNewPrivileges").value_or(false);
  for (const std::string key : {"apparmorProfile", "selinuxLabel", "oomScoreAdj"}) {
    if (const Json* value = find(config, "/process/" + key)) ceiling[key] = *value;
  }
  ceiling["rlimits"] = find_array(config, "/process/rlimits");
  for (const std::string key : {"uidMappings", "gidMappings"}) {
    ceiling[key] = find_array(config, "/linux/" + key);
  }
  add_policy(ceiling, profile);
  return {std::move(ceiling)};
}

}  // namespace hardened
