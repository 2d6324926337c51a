// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

// As the cgroupfs driver reads it: a path below the hierarchy's root.
std::string_view fault_of_path(std::string_view path) {
  std::string above;
  for (const std::string& part : split(path, '/')) {
    // crun appends the path as it stands; runc cleans it, and lands elsewhere than engine and
    // policy think.
    if (part == "..") return "a path with \"..\"";
    // A unit of the host: its limits would be overwritten, and the container counted as the
    // service.
    if (part.ends_with(".service") || part == "init.scope") return "a cgroup of the host's own";
    if (part.empty() || part == ".") continue;
    if (above.ends_with(".scope")) return "a cgroup inside another scope";
    above = part;
  }
  if (above.empty()) return "the root cgroup, where no limit holds";
  // All that lies in a slice would be limited, frozen and killed as this container.
  return above.ends_with(".slice") ? "a slice as the container's own cgroup" : "";
}

// As the systemd driver reads it: "slice:prefix:name" for the scope prefix-name.scope in that
// slice. crun joins further parts with dashes, runc refuses them.
std::string_view fault_of_unit(const std::vector<std::string>& parts) {
  constexpr std::string_view kLetters =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.+-@\\";
  if (parts.size() != 3) return "no unit, which is slice:prefix:name";
  for (const std::string& part : parts) {
    if (part.find('/') != std::string::npos) return "a unit name with a slash";
    if (part.find_first_not_of(kLetters) != std::string::npos) return "a unit with such a name";
  }
  if (!parts[0].empty() && !parts[0].ends_with(".slice")) return "a parent that is no slice";
  // runc takes such a name for the unit itself: "::system.slice" is the host's, processes and
  // limits.
  if (parts[2].ends_with(".slice")) return "a slice as the container's own cgroup";
  return parts[2].empty() ? "a scope without a name" : "";
}

// Engines end the path with the container's id, some after a name of their own: "docker:ID",
// "crio-ID", "libpod-payload-ID", "docker-ID.scope".
bool named_after(std::string_view path, std::string_view id) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(id)) {
    path.remove_suffix(id.size());
  } else if (path.ends_with(std::string(id) + ".scope")) {
    path.remove_suffix(id.size() + 6);
  } else {
    return false;
  }
  return path.empty() || path.ends_with('/') || path.ends_with('-') || path.ends_with(':');
}

// What is there already would lose its own limits to this container, be frozen and killed with it,
// or lend it a cgroup that no limit of ours reaches.
std::string_view fault_of_place(const CgroupFact& fact) {
  if (fact.occupied) return "a cgroup that is in use already";
  return fact.parent_occupied ? "a cgroup inside one that has processes of its own" : "";
}

// Every limit is a limit of this cgroup. Absent or empty: the runtime makes one named after the
// container.
void apply(Draft& draft, const RuleInput& input) {
  constexpr std::string_view kPointer = "/linux/cgroupsPath";
  const std::string path = find_string(draft.document(), kPointer).value_or("");
  if (path.empty()) return;
  const std::string shown = "the cgroup " + printable(path, 80);
  const auto refuse = [&](std::string_view fault, std::string_view setting) {
    draft.refuse(kPointer, shown + ": " + std::string(fault), setting);
  };
  const std::vector<std::string> parts = split(path, ':');
  std::string_view fault = fault_of_path(path);
  // Which driver reads it is on the command line. With colons it is a unit's to one and a path's
  // to the other; a path whose parts hold colons is no engine's.
  if (fault.empty() && parts.size() > 1) fault = fault_of_unit(parts);
  if (!fault.empty()) return refuse(fault, "rules.cgroup.mode");
  if (input.facts.cgroup.sight != Sight::seen) draft.unverified(shown);
  const bool any_name = find_string(input.settings, "/other_names") == "allow";
  if (!input.id.empty() && !any_name && !named_after(path, input.id)) {
    refuse("not one named after this container", "rules.cgroup.other_names");
  }
  fault = fault_of_place(input.facts.cgroup);
  if (!fault.empty() && find_string(input.settings, "/occupied") != "allow") {
    refuse(fault, "rules.cgroup.occupied");
  }
}

}  // namespace

extern const Rule cgroup_rule;
const Rule cgroup_rule{"cgroup",
                       "limits that hold for another cgroup than the container's, or for none",
                       "CIS 5.25", apply, "other_names"};

}  // namespace hardened
