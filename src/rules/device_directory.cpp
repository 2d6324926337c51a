// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::string_view kMode = "rules.device-directory.mode";

bool holds(const std::vector<std::string>& list, std::string_view entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

// What is wrong with this mount as the container's /dev; empty: it is a fresh file system in
// memory.
std::string_view fault_of(const Json& mount) {
  const std::vector<std::string> options = find_strings(mount, "/options");
  if (holds(options, "bind") || holds(options, "rbind") ||
      find_string(mount, "/type").value_or("") != "tmpfs") {
    return "a /dev that is no fresh tmpfs";
  }
  return holds(options, "tmpcopyup") ? "a /dev with a copy of the image's" : "";
}

// The runtime opens /dev/null read and write as host root before /proc/sys is read-only, and uses
// it to mask paths. Where an image or a volume brings /dev, its `null` can be a link to
// /proc/sys/kernel/core_pattern: a descriptor of that is then the container's standard input, and a
// program of its choice runs as host root (CVE-2025-31133 class). Only a /dev that is empty when
// the runtime comes to it is safe.
void apply(Draft& draft, const RuleInput&) {
  const Json& mounts = find_array(draft.document(), "/mounts");
  std::size_t count = 0;
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::string place =
        normal_path("/" + find_string(mounts[index], "/destination").value_or(""));
    const std::string pointer = join("/mounts", index);
    if (place == "/") draft.refuse(pointer, "a mount over the whole rootfs", kMode);
    if (place != "/dev") continue;
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
