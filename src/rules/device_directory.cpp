// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "hardened/core/document.hpp"
#include "hardened/core/mount_options.hpp"
#include "hardened/core/mount_places.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::string_view kMode = "rules.device-directory.mode";

// What runtimes make in /dev and open there themselves; without a number: never a bind.
struct Node {
  std::string_view path;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
};
constexpr std::array<Node, 14> kNodes{{{"/dev/null", 1, 3},
                                       {"/dev/zero", 1, 5},
                                       {"/dev/full", 1, 7},
                                       {"/dev/random", 1, 8},
                                       {"/dev/urandom", 1, 9},
                                       {"/dev/tty", 5, 0},
                                       {"/dev/console"},
                                       {"/dev/core"},
                                       {"/dev/fd"},
                                       {"/dev/ptmx"},
                                       {"/dev/pts"},
                                       {"/dev/stderr"},
                                       {"/dev/stdin"},
                                       {"/dev/stdout"}}};

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

// What is wrong with this mount as the container's /dev; empty: it is a fresh file system in
// memory.
std::string_view fault_of(const Json& mount) {
  const std::vector<std::string> options = find_strings(mount, "/options");
  if (is_bind(mount) || find_string(mount, "/type").value_or("") != "tmpfs") {
    return "a /dev that is no fresh tmpfs";
  }
  return holds(options, "tmpcopyup") ? "a /dev with a copy of the image's" : "";
}

// The same, node by node: a volume on /dev/pts brings a `ptmx` of its own. Only the host's node of
// that kind and number may stand there, as rootless engines have it.
bool replaces_a_node(const Json& mount, const std::vector<std::string>& places,
                     const Facts& facts) {
  if (!is_bind(mount)) return false;
  for (const Node& node : kNodes) {
    if (std::none_of(places.begin(), places.end(),
                     [&](const std::string& place) { return at_or_below(place, node.path); })) {
      continue;
    }
    const std::string source = find_string(mount, "/source").value_or("");
    const auto found = facts.sources.find(source);
    if (found == facts.sources.end() || found->second.sight != Sight::seen) {
      return source != node.path || node.major == 0;
    }
    const SourceFact& fact = found->second;
    return node.major == 0 || fact.kind != FileKind::character || fact.major != node.major ||
           fact.minor != node.minor;
  }
  return false;
}

// The runtime opens /dev/null read and write as host root before /proc/sys is read-only, and uses
// it to mask paths. Where an image or a volume brings /dev, its `null` can be a link to
// /proc/sys/kernel/core_pattern: a descriptor of that is then the container's standard input, and a
// program of its choice runs as host root (CVE-2025-31133 class). Only a /dev that is empty when
// the runtime comes to it is safe.
void apply(Draft& draft, const RuleInput& input) {
  const Json& mounts = find_array(draft.document(), "/mounts");
  std::size_t count = 0;
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::vector<std::string> places = mount_places(mounts[index], input.facts);
    const std::string pointer = join("/mounts", index);
    if (holds(places, "/")) draft.refuse(pointer, "a mount over the whole rootfs", kMode);
    if (replaces_a_node(mounts[index], places, input.facts)) {
      draft.refuse(pointer, "a mount at " + places.front() + ", which the runtime itself opens",
                   kMode);
    }
    if (!holds(places, "/dev")) continue;
    const std::string_view fault = ++count > 1 ? "a second mount on /dev" : fault_of(mounts[index]);
    if (!fault.empty()) draft.refuse(pointer, fault, kMode);
  }
  if (count == 0) draft.refuse("/mounts", "the image's own /dev", kMode);
}

}  // namespace

extern const Rule device_directory_rule;
const Rule device_directory_rule{
    "device-directory", "host files opened by the runtime through links in the image's /dev",
    "CVE-2025-31133", apply};

}  // namespace hardened
