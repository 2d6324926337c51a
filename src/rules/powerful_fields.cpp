// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/document.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

struct PowerfulField {
  std::string_view pointer;
  std::string_view setting;
  std::string_view asked;  // what it would give
  std::string_view reference;
};

constexpr std::string_view kPlatforms = "runtime-spec config.md#platform-specific-configuration";

// Fields that no rule trims: each acts on the host, or on every container of it, and no ordinary
// container has one.
constexpr PowerfulField kFields[] = {
    // The real-time class starves every other reader of the disk, without a capability of the
    // container.
    {"/process/ioPriority", "io_priority", "an I/O priority of its own", "ioprio_set(2)"},
    // The host's firewall and shaping trust these classes to tell whose traffic it is.
    {"/linux/resources/network", "network_classes", "a class for the host's traffic control",
     "runtime-spec config-linux.md#network"},
    // Takes the interface from the host: a stolen uplink, or the host's own traffic to read.
    {"/linux/netDevices", "network_devices", "a network interface of the host",
     "runtime-spec config-linux.md#network-devices"},
    // Writes the host's resctrl file system: cache and bandwidth of every other workload.
    {"/linux/intelRdt", "intel_rdt", "a share of the host's cache and memory bandwidth",
     "runtime-spec config-linux.md#intelrdt"},
    // crun takes flags: ADDR_NO_RANDOMIZE and READ_IMPLIES_EXEC undo what exploits have to defeat.
    {"/linux/personality", "personality", "another execution domain", "personality(2)"},
    // The runtime connects to it as host root and hands over a descriptor that answers for the
    // container's calls; the socket can be any on the host.
    {"/linux/seccomp/listenerPath", "seccomp_listener",
     "a socket of the host that its calls are told to", "runtime-spec config-linux.md#seccomp"},
    // Moves the clocks that the container's audit lines and certificates are judged by.
    {"/linux/timeOffsets", "time_offsets", "clocks set off against the host's",
     "time_namespaces(7)"},
    // Other runtimes act on these: vm names programs and kernels of the host to run.
    {"/solaris", "other_platforms", "settings of another platform", kPlatforms},
    {"/windows", "other_platforms", "settings of another platform", kPlatforms},
    {"/vm", "other_platforms", "settings of another platform", kPlatforms},
    {"/zos", "other_platforms", "settings of another platform", kPlatforms},
    {"/freebsd", "other_platforms", "settings of another platform", kPlatforms},
};

void apply(Draft& draft, const RuleInput& input) {
  for (const PowerfulField& field : kFields) {
    const Json* value = find(draft.document(), field.pointer);
    if (value == nullptr || value->empty()) continue;
    if (input.settings.at(field.setting) == "allow") continue;
    draft.refuse(field.pointer, field.asked, "rules.powerful-fields." + std::string(field.setting),
                 field.reference);
  }
}

}  // namespace

extern const Rule powerful_fields_rule;
const Rule powerful_fields_rule{
    "powerful-fields", "fields of the specification that reach past the container", "", apply};

}  // namespace hardened
