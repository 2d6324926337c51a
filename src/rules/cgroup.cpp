// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char character : text) {
    if (character == separator) {
      parts.emplace_back();
    } else {
      parts.back() += character;
    }
  }
  return parts;
}

// As the cgroupfs driver reads it: a path below the hierarchy's root.
std::string_view fault_of_path(std::string_view path) {
  bool below_root = false;
  for (const std::string& part : split(path, '/')) {
    // crun appends the path as it stands; runc cleans it, and lands elsewhere than engine and
    // policy think.
    if (part == "..") return "a path with \"..\"";
    // A unit of the host: its limits would be overwritten, and the container counted as the
    // service.
    if (part.ends_with(".service") || part == "init.scope") return "a cgroup of the host's own";
    below_root |= !part.empty() && part != ".";
  }
  return below_root ? "" : "the root cgroup, where no limit holds";
}

// As the systemd driver reads it: "slice:prefix:name" for the scope prefix-name.scope in that
// slice.
std::string_view fault_of_unit(const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    if (part.find('/') != std::string::npos) return "a unit name with a slash";
  }
  if (!parts[0].empty() && !parts[0].ends_with(".slice")) return "a parent that is no slice";
  // runc takes such a name for the unit itself: "::system.slice" is the host's, processes and
  // limits.
  if (parts[2].ends_with(".slice")) return "a slice as the container's own cgroup";
  return parts[2].empty() ? "a scope without a name" : "";
}

// Every limit is a limit of this cgroup. Absent or empty: the runtime makes one named after the
// container.
void apply(Draft& draft, const RuleInput&) {
  constexpr std::string_view kPointer = "/linux/cgroupsPath";
  const std::string path = find_string(draft.document(), kPointer).value_or("");
  if (path.empty()) return;
  const std::vector<std::string> parts = split(path, ':');
  std::string_view fault = fault_of_path(path);
  // Which driver reads it is on the command line. Three parts are a unit's to one and a path's to
  // the other; a path whose parts hold slashes is no engine's.
  if (fault.empty() && parts.size() == 3) fault = fault_of_unit(parts);
  if (!fault.empty()) {
    draft.refuse(kPointer, "the cgroup " + printable(path, 80) + ": " + std::string(fault),
                 "rules.cgroup.mode");
  }
}

}  // namespace

extern const Rule cgroup_rule;
const Rule cgroup_rule{"cgroup",
                       "limits that hold for another cgroup than the container's, or for none",
                       "CIS 5.25", apply};

}  // namespace hardened
