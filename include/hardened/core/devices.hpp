// SPDX-License-Identifier: Apache-2.0
// Which device nodes a container may have: the harmless ones that every container gets, and those
// that the policy adds ("c 10:229 rwm"). Shared by the rules devices and mounts, for a node can
// come either way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hardened/core/json.hpp"

namespace hardened {

constexpr std::int64_t kAnyNumber = -1;

// A set of devices and what may be done to them.
struct DeviceAccess {
  char type = 'a';  // 'c', 'b', 'a' for both
  std::int64_t major = kAnyNumber;
  std::int64_t minor = kAnyNumber;
  std::string access = "rwm";
};

// "c 10:229 rwm", "c 226:* rw". Throws Error(invalid_input) with `pointer`.
DeviceAccess parse_device(std::string_view text, std::string_view pointer);

// An entry of linux.resources.devices. A number below 0 and a missing one stand for any, a missing
// type or access for all: the widest reading of any runtime.
DeviceAccess device_of_rule(const Json& entry);

// Whether everything in `asked` lies within one entry of `permitted`.
bool within(const DeviceAccess& asked, const std::vector<DeviceAccess>& permitted);

// null, zero, full, random, urandom, tty, console, ptmx and pts, then the policy's (settings of the
// rule devices).
std::vector<DeviceAccess> permitted_devices(const Json& settings);

// "c 10:229 rwm"
std::string describe(const DeviceAccess& device);

}  // namespace hardened
