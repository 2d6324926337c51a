// SPDX-License-Identifier: Apache-2.0
// exec's flags are a process document in other words: they become one, and are lowered as one.
#include <algorithm>
#include <array>
#include <charconv>

#include "hardened/core/ceiling.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/plan.hpp"
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

void set_user(Json& process, const Invocation& invocation) {
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

// Added to the sets that count for a program; not to the inheritable one (CVE-2022-29162).
void add_capabilities(Json& process, const Invocation& invocation) {
  for (const std::string& name : invocation.flag_values("cap")) {
    for (const std::string set : {"bounding", "effective", "permitted"}) {
      Json& names = process["capabilities"][set];
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
}

// runc's form is [CONTROLLER[,CONTROLLER...]:]PATH, the path below the container's cgroup; "/" is
// that cgroup.
void vet_cgroup(const std::string& value) {
  const std::string path =
      value.substr(value.find(':') == std::string::npos ? 0 : value.find(':') + 1);
  const bool climbs = ("/" + path + "/").find("/../") != std::string::npos;
  if (climbs || (path.starts_with('/') && path != "/") || path.find(':') != std::string::npos) {
    throw refused({"exec: --cgroup", "",
                   printable(value, 100) + ", which may not be the container's own cgroup",
                   "CIS 5.25", ""});
  }
}

}  // namespace

Json process_of_flags(const Json& own, const Invocation& invocation) {
  Json process = own;
  const auto& words = invocation.positionals();
  if (words.size() < 2) throw Error(ErrorKind::usage, "exec: no command given");
  process["args"] = std::vector<std::string>(words.begin() + 1, words.end());
  process["terminal"] = invocation.flag("tty") == "true";
  for (const std::string& variable : invocation.flag_values("env")) {
    process["env"].push_back(variable);
  }
  constexpr std::array<std::pair<const char*, const char*>, 3> kTexts{
      {{"cwd", "cwd"}, {"apparmor", "apparmorProfile"}, {"process-label", "selinuxLabel"}}};
  for (const auto& [flag, member] : kTexts) {
    const std::string text = invocation.flag(flag).value_or("");
    if (!text.empty()) process[member] = text;
  }
  if (const auto set = invocation.flag("no-new-privs")) process["noNewPrivileges"] = *set == "true";
  set_user(process, invocation);
  add_capabilities(process, invocation);
  return process;
}

void settle_exec_flags(Invocation& invocation) {
  for (const std::string& cgroup : invocation.flag_values("cgroup")) vet_cgroup(cgroup);
  for (const char* flag : {"additional-gids", "apparmor", "cap", "cwd", "env", "no-new-privs",
                           "process-label", "tty", "user"}) {
    invocation.remove_flag(flag);
  }
}

}  // namespace hardened
