// SPDX-License-Identifier: Apache-2.0
// Which devices a container reaches, and whether it has so much that it is the host.
#include <algorithm>
#include <bit>

#include "core/judge_checks.hpp"
#include "hardened/core/devices.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/mount_origins.hpp"
#include "hardened/core/text.hpp"

namespace hardened::judging {
namespace {

constexpr int kNearlyAll = 30;  // of 41: `--privileged --cap-drop X` is still privileged

std::uint64_t bit_of(const std::string& name) { return capability_mask({name}); }

bool has_nearly_all(const ProcessSighting& process) {
  const std::uint64_t has = process.capabilities.bounding | process.capabilities.effective;
  return std::popcount(has) >= kNearlyAll && (has & bit_of("CAP_SYS_ADMIN")) != 0;
}

// The kernel lets nobody make nodes from within another user namespace than its first.
const ProcessSighting* maker_of_nodes(const Scene& scene) {
  const auto hosts = scene.host.namespaces.find("user");
  for (const ProcessSighting& process : scene.container.processes) {
    const auto own = process.namespaces.find("user");
    const bool first = own == process.namespaces.end() || hosts == scene.host.namespaces.end() ||
                       hosts->second.contains(own->second);
    if (first && (process.capabilities.all() & bit_of("CAP_MKNOD")) != 0) return &process;
  }
  return nullptr;
}

DeviceAccess access_to(const DeviceSighting& node) {
  return {node.kind == FileKind::block ? 'b' : 'c', node.major, node.minor, "rw"};
}

// "a *:* rwm" of cgroup v1, or every device of one kind, open for more than making nodes.
bool allows_every_device(const DeviceAccess& rule) {
  return rule.major == kAnyNumber && rule.access.find_first_of("rw") != std::string::npos;
}

// Lines of the v1 file that cannot be read are taken for what allows everything.
std::vector<DeviceAccess> device_rules(const ContainerSighting& container) {
  std::vector<DeviceAccess> rules;
  for (const CgroupFile& file : container.limits) {
    if (file.name != "devices.list") continue;
    for (const std::string& line : split(file.text, '\n')) {
      if (line.empty()) continue;
      try {
        rules.push_back(parse_device(line, ""));
      } catch (const Error&) {
        rules.push_back({});
      }
    }
    break;  // the container's own; those above only take away
  }
  return rules;
}

void judge_rules(const Scene& scene, const std::vector<DeviceAccess>& permitted, Finding& finding) {
  const ProcessSighting* maker = maker_of_nodes(scene);
  if (scene.host.facts.cgroup_version == 2) {
    if (maker != nullptr) {
      finding.warn(describe(*maker) +
                   " can make nodes (CAP_MKNOD), and cgroup v2 filters devices by a program that "
                   "no file shows");
    }
    return;
  }
  for (const DeviceAccess& rule : device_rules(scene.container)) {
    if (allows_every_device(rule)) {
      finding.fail("devices.list: " + describe(rule));
    } else if (maker != nullptr && rule.access.find_first_of("rw") != std::string::npos &&
               !within(rule, permitted)) {
      finding.warn("devices.list: " + describe(rule) + ", and " + describe(*maker) +
                   " can make a node for it (CAP_MKNOD)");
    }
  }
}

}  // namespace

void devices(const Scene& scene, Finding& finding) {
  for (const std::string& line : scene.container.unseen) {
    if (line.starts_with("devices") || line.starts_with("cgroup")) finding.warn(line);
  }
  if (scene.container.views.empty()) finding.warn("no device could be looked at");
  const std::vector<DeviceAccess> permitted = permitted_devices(scene.profile.settings("devices"));
  for (const DeviceSighting& node : scene.container.devices) {
    if (within(access_to(node), permitted)) continue;
    finding.fail(node.path + " (" + describe(access_to(node)) + ")");
  }
  judge_rules(scene, permitted, finding);
  finding.pass("the " + std::to_string(scene.container.devices.size()) +
               " nodes in /dev are those that every container has");
}

void privileged(const Scene& scene, Finding& finding) {
  Finding devices_found;
  devices(scene, devices_found);
  Finding masks;
  masked_paths(scene, masks);
  each_process(scene, finding, "status", [&](const ProcessSighting& process) {
    if (!has_nearly_all(process)) {
      return finding.pass("no process has nearly every capability");
    }
    std::string signs;
    if (process.seccomp == 0) signs += ", no seccomp filter";
    if (devices_found.verdict() == Verdict::fail) signs += ", devices of the host";
    if (masks.verdict() == Verdict::fail) signs += ", kernel files that nothing masks";
    const std::string evidence = describe(process) + " has nearly every capability" + signs;
    if (signs.empty()) {
      finding.warn(evidence + " (see 5.4), but none of the other signs");
    } else {
      finding.fail(evidence);
    }
  });
}

}  // namespace hardened::judging
