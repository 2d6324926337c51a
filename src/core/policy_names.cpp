// SPDX-License-Identifier: Apache-2.0
#include "core/policy_names.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "core/ceiling_parts.hpp"
#include "core/seccomp_tables.hpp"
#include "hardened/core/devices.hpp"
#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

using Names = std::vector<std::string_view>;

Names names_of(std::span<const seccomp::Named> named) {
  Names names;
  for (const seccomp::Named& one : named) names.push_back(one.name);
  return names;
}

struct List {
  const char* pointer;  // below a profile's rules
  Names (*known)();
};

const std::array kLists{
    List{"/capabilities/keep", [] { return capability_names(); }},
    List{"/capabilities/engine_defaults", [] { return capability_names(); }},
    List{"/seccomp/socket_families", [] { return names_of(seccomp::families()); }},
    List{"/seccomp/socketpair_families", [] { return names_of(seccomp::families()); }},
    List{"/seccomp/netlink_protocols", [] { return names_of(seccomp::netlink_protocols()); }},
    List{"/seccomp/inet_protocols", [] { return names_of(seccomp::inet_protocols()); }}};

void check_list(const Json& over, const std::string& pointer, const Names& known) {
  const std::vector<std::string> names = find_strings(over, pointer);
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (std::find(known.begin(), known.end(), names[index]) != known.end()) continue;
    throw Error(
        ErrorKind::invalid_input, printable(join(pointer, index)),
        "\"" + printable(names[index], 60) + "\" is not known" + did_you_mean(names[index], known));
  }
}

// Lists of whole names, in which a pattern would match nothing and nobody would be told.
constexpr std::array kWholeNames{"/sysctl/allowed", "/annotations/denied_prefixes",
                                 "/annotations/denied_names", "/annotations/allowed_names"};

void check_whole(const Json& over, const std::string& pointer) {
  const std::vector<std::string> names = find_strings(over, pointer);
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (names[index].find('*') == std::string::npos) continue;
    throw Error(ErrorKind::invalid_input, printable(join(pointer, index)),
                "\"" + printable(names[index], 60) + "\": * stands for nothing in this list");
  }
}

}  // namespace

void check_policy_names(const Json& over) {
  for (const auto& [name, profile] : find_object(over, "/profiles").items()) {
    const std::string rules = join("/profiles", name) + "/rules";
    for (const List& list : kLists) check_list(over, rules + list.pointer, list.known());
    for (const char* list : kWholeNames) check_whole(over, rules + list);
    const std::string devices = rules + "/devices/allowed";
    const std::vector<std::string> allowed = find_strings(over, devices);
    for (std::size_t index = 0; index < allowed.size(); ++index) {
      parse_device(allowed[index], printable(join(devices, index)));
    }
  }
}

}  // namespace hardened
