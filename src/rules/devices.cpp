// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/devices.hpp"

#include <algorithm>
#include <utility>

#include "hardened/core/document.hpp"
#include "hardened/core/paths.hpp"
#include "hardened/core/rule.hpp"

namespace hardened {
namespace {

constexpr std::string_view kRules = "/linux/resources/devices";
constexpr std::string_view kNodes = "/linux/devices";
constexpr std::string_view kAllowed = "rules.devices.allowed";
constexpr std::string_view kMode = "rules.devices.mode";

bool allows(const Json& entry) { return find_boolean(entry, "/allow").value_or(false); }

bool is_any_number(const DeviceAccess& device) {
  return device.major == kAnyNumber && device.minor == kAnyNumber;
}

bool denies_everything(const Json& entry) {
  const DeviceAccess device = device_of_rule(entry);
  return !allows(entry) && device.type == 'a' &&
         device.access.find_first_of('r') != std::string::npos &&
         device.access.find_first_of('w') != std::string::npos &&
         device.access.find_first_of('m') != std::string::npos;
}

// The trace of --privileged: that is the rule privileged's to refuse, in one line instead of one
// per device.
bool asks_for_everything(const Json& document) {
  const Json& rules = find_array(document, kRules);
  return std::any_of(rules.begin(), rules.end(), [](const Json& entry) {
    const DeviceAccess device = device_of_rule(entry);
    return allows(entry) && device.type == 'a' && device.access != "m";
  });
}

// Later rules win over earlier ones, so the author's denials stay where they are.
void cut_rules(Draft& draft, const std::vector<DeviceAccess>& permitted) {
  for (std::size_t index = find_array(draft.document(), kRules).size(); index-- > 0;) {
    const std::string pointer = join(kRules, index);
    const Json& entry = *find(draft.document(), pointer);
    const DeviceAccess device = device_of_rule(entry);
    if (!allows(entry) || within(device, permitted)) continue;
    if (device.type == 'a' || (is_any_number(device) && device.access == "m")) {
      draft.remove(pointer, device.access == "m"
                                ? "creating device nodes is not for containers"
                                : "access to every device of the host is the host");
    } else {
      draft.refuse(pointer, "access to the devices " + describe(device), kAllowed);
    }
  }
  if (find(draft.document(), kRules) == nullptr) {
    draft.set(kRules, Json::array(), "devices are denied unless listed");
  }
  const Json& rules = find_array(draft.document(), kRules);
  if (rules.empty() || !denies_everything(rules.front())) {
    draft.insert(kRules, 0, Json::object({{"allow", false}, {"access", "rwm"}}),
                 "devices are denied unless listed");
  }
}

void judge_place(Draft& draft, const std::string& pointer, const std::string& path) {
  const std::string normal = normal_path(path);
  if (climbs(path) || !normal.starts_with('/') || at_or_below(normal, "/proc") ||
      at_or_below(normal, "/sys")) {
    draft.refuse(pointer + "/path", "a device node at " + path, kMode);
  }
}

void cut_nodes(Draft& draft, const std::vector<DeviceAccess>& permitted, bool trim) {
  for (std::size_t index = find_array(draft.document(), kNodes).size(); index-- > 0;) {
    const std::string pointer = join(kNodes, index);
    const Json& node = *find(draft.document(), pointer);
    const std::string path = find_string(node, "/path").value_or("");
    const std::string type = find_string(node, "/type").value_or("");
    if (type == "p") {  // a FIFO reaches nothing
      judge_place(draft, pointer, path);
      continue;
    }
    DeviceAccess device = device_of_rule(node);
    device.access = "r";
    if (within(device, permitted)) {
      judge_place(draft, pointer, path);
    } else if (trim) {
      draft.remove(pointer, "a device of the host");
    } else {
      device.access = "rwm";
      draft.refuse(pointer, "the device " + path + " (" + describe(device) + ")", kAllowed);
    }
  }
}

// The runtime, or we for it, would give the node to nobody.
void vet_owners(Draft& draft) {
  const std::size_t count = find_array(draft.document(), kNodes).size();
  for (std::size_t index = 0; index < count; ++index) {
    for (const auto& [field, list] :
         {std::pair{"uid", "/linux/uidMappings"}, std::pair{"gid", "/linux/gidMappings"}}) {
      const std::string pointer = join(join(kNodes, index), field);
      const std::int64_t id = find_integer(draft.document(), pointer).value_or(0);
      const Json& mappings = find_array(draft.document(), list);
      if (maps_id(mappings, id)) continue;
      draft.refuse(pointer,
                   "the owner " + std::to_string(id) + ", outside the container's ids, " +
                       mapped_ids(mappings),
                   draft.mapping() && fits_a_range(id) ? "rules.user-namespace.range_size" : kMode,
                   "user_namespaces(7)");
    }
  }
}

void apply(Draft& draft, const RuleInput& input) {
  const std::vector<DeviceAccess> permitted = permitted_devices(input.settings);
  const bool everything = asks_for_everything(draft.document());
  cut_nodes(draft, permitted, everything);
  cut_rules(draft, permitted);
  vet_owners(draft);
}

}  // namespace

extern const Rule devices_rule;
const Rule devices_rule{"devices", "reach into the host's disks, memory and hardware", "CIS 5.18",
                        apply, "allowed"};

}  // namespace hardened
