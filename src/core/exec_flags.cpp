// SPDX-License-Identifier: Apache-2.0
// exec's flags are a small process document: they are lowered as one and written back.
#include <algorithm>
#include <charconv>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// runc reads an int and cuts it to 32 bits, so that 4294967296 is root; here only digits that fit
// pass.
std::uint32_t parse_id(std::string_view text, const std::string& flag) {
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    throw Error(ErrorKind::usage, "exec: --" + flag + ": \"" + printable(text, 60) + "\" is no id");
  }
  return id;
}

void read_user(Json& process, const Invocation& invocation) {
  if (const auto user = invocation.flag("user"); user && !user->empty()) {
    const std::size_t colon = user->find(':');
    process["user"]["uid"] = parse_id(std::string_view(*user).substr(0, colon), "user");
    if (colon != std::string::npos) {
      process["user"]["gid"] = parse_id(std::string_view(*user).substr(colon + 1), "user");
    }
  }
  for (const std::string& gid : invocation.flag_values("additional-gids")) {
    process["user"]["additionalGids"].push_back(parse_id(gid, "additional-gids"));
  }
}

Json process_of(const Invocation& invocation) {
  Json process = Json::object();
  read_user(process, invocation);
  if (const auto cwd = invocation.flag("cwd")) process["cwd"] = *cwd;
  if (const auto label = invocation.flag("apparmor")) process["apparmorProfile"] = *label;
  if (const auto label = invocation.flag("process-label")) process["selinuxLabel"] = *label;
  const std::vector<std::string> capabilities = invocation.flag_values("cap");
  if (!capabilities.empty()) process["capabilities"]["bounding"] = capabilities;
  return process;
}

// runc's form is [CONTROLLER[,CONTROLLER...]:]PATH, the path below the container's cgroup; "/" is
// that cgroup.
void vet_cgroup(const std::string& value) {
  const std::string path =
      value.substr(value.find(':') == std::string::npos ? 0 : value.find(':') + 1);
  const bool climbs = ("/" + path + "/").find("/../") != std::string::npos;
  if (climbs || (path.starts_with('/') && path != "/") || path.find(':') != std::string::npos) {
    throw Error(ErrorKind::refused, "exec: --cgroup: asks for " + printable(value, 100) +
                                        ", which may not be the container's own cgroup");
  }
}

}  // namespace

void lower_exec_flags(Invocation& invocation, const Ceiling& ceiling) {
  for (const std::string& cgroup : invocation.flag_values("cgroup")) vet_cgroup(cgroup);
  // --user names the user only if it is given: without it the bundle's own stands, which create
  // vetted.
  Json process = process_of(invocation);
  Ceiling most = ceiling;
  if (!process.contains("user") || !process.at("user").contains("uid")) most.json.erase("rootUser");
  const Plan plan = plan_exec(process, most);
  require_no_refusals(plan);
  if (!invocation.flag_values("cap").empty()) {
    invocation.set_flag_values("cap", find_strings(plan.config, "/capabilities/bounding"));
  }
  if (const auto label = find_string(plan.config, "/apparmorProfile"))
    invocation.set_flag("apparmor", *label);
  if (const auto label = find_string(plan.config, "/selinuxLabel"))
    invocation.set_flag("process-label", *label);
  // crun starts an exec without this flag from false, whatever the container has.
  if (find_boolean(plan.config, "/noNewPrivileges").value_or(false))
    invocation.set_flag("no-new-privs", "true");
}

}  // namespace hardened
