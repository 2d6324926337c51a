// SPDX-License-Identifier: Apache-2.0
// Post-conditions on what the container may take of the host: limits, cgroup, devices.
#include <limits>
#include <sstream>

#include "core/verifier_conditions.hpp"

namespace hardened::verifier {
namespace {

constexpr const char* kUnified = "/linux/resources/unified";

// "c 10:229 rwm", as the policy spells devices.
std::optional<Device> device_of(const std::string& text) {
  std::istringstream words(text);
  std::string type, numbers, access;
  words >> type >> numbers >> access;
  const std::size_t colon = numbers.find(':');
  if (colon == std::string::npos) return std::nullopt;
  const auto number = [](const std::string& part) {
    return part.empty() || part.find_first_not_of("0123456789") != std::string::npos
               ? std::int64_t{-1}
               : std::stoll(part);
  };
  return Device{type, number(numbers.substr(0, colon)), number(numbers.substr(colon + 1)), access};
}

bool allowed(const Device& device, const Json& settings) {
  if (default_device(device)) return true;
  return std::ranges::any_of(find_strings(settings, "/allowed"), [&](const std::string& text) {
    const auto wide = device_of(text);
    return wide && covers(*wide, device);
  });
}

void within(const Subject& s, const char* pointer, std::int64_t most) {
  const std::int64_t value = find_integer(s.config, pointer).value_or(0);
  if (value < 0 || value > most) fail(pointer, "is above the profile's limit");
}

// Below a rootless engine without cgroups a limit cannot be had; one that is there is judged.
bool must_be_there(const Subject& s, std::string_view controller, const char* pointer) {
  const auto& missing = s.facts.host.missing_controllers;
  return std::ranges::find(missing, controller) == missing.end() ||
         find_integer(s.config, pointer).value_or(0) != 0;
}

bool real_time(std::string_view policy) {
  return policy != "SCHED_OTHER" && policy != "SCHED_BATCH" && policy != "SCHED_IDLE" &&
         policy != "SCHED_ISO" && !policy.empty();
}

void no_real_time(const Subject& s) {
  within(s, "/linux/resources/cpu/realtimeRuntime", 0);
  if (real_time(text_at(s.config, "/process/scheduler/policy"))) {
    fail("/process/scheduler/policy", "is a real-time policy");
  }
  if (text_at(s.config, "/process/ioPriority/class") == "IOPRIO_CLASS_RT") {
    fail("/process/ioPriority/class", "is the real-time class");
  }
}

}  // namespace

Bounds memory_bounds(std::int64_t most) {
  return {
      {"memory.max", most}, {"memory.swap.max", most}, {"memory.min", most}, {"memory.low", most}};
}

Bounds disk_bounds(const Json& settings) {
  const std::int64_t most = settings.at("block_io_weight");
  return {{"io.weight", most}, {"io.bfq.weight", most}};
}

void pids_limit(const Subject& s) {
  const auto limit = find_integer(s.config, "/linux/resources/pids/limit");
  const auto most = s.settings.at("limit").get<std::int64_t>();
  if (must_be_there(s, "pids", "/linux/resources/pids/limit") &&
      (!limit || *limit <= 0 || *limit > most)) {
    fail("/linux/resources/pids/limit", "must be within the profile's limit");
  }
  unified(s.config, kUnified, "pids-limit", {{"pids.max", most}});
}

std::optional<std::int64_t> memory_share(const Json& settings, const HostFacts& host) {
  const std::int64_t bytes = find_integer(settings, "/bytes").value_or(0);
  if (bytes > 0) return bytes;
  const auto percent = static_cast<double>(find_integer(settings, "/host_percent").value_or(100));
  // dry-run on unknown hosts: the plan says that it could not be bounded.
  if (host.memory_bytes / 100 == 0) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<double>(host.memory_bytes) * percent / 100);
}

void memory_limit(const Subject& s) {
  if (find_boolean(s.config, "/linux/resources/memory/disableOOMKiller") == true) {
    fail("/linux/resources/memory/disableOOMKiller", "lets the container hang in the kernel");
  }
  const auto most = memory_share(s.settings, s.facts.host);
  if (!most || *most < 4096) {
    unified(s.config, kUnified, "memory-limit",
            memory_bounds(std::numeric_limits<std::int64_t>::max()));
    return;
  }
  const auto limit = find_integer(s.config, "/linux/resources/memory/limit");
  const bool bounded = must_be_there(s, "memory", "/linux/resources/memory/limit");
  if (bounded && (!limit || *limit == 0)) {
    fail("/linux/resources/memory/limit", "must be present");
  }
  const auto swap = find_integer(s.config, "/linux/resources/memory/swap");
  if (bounded && s.facts.host.swap_accounting && (!swap || *swap == 0)) {
    fail("/linux/resources/memory/swap", "must be present");
  }
  for (const char* field : {"limit", "swap", "reservation"}) {
    within(s, join("/linux/resources/memory", field).c_str(), *most);
  }
  unified(s.config, kUnified, "memory-limit", memory_bounds(*most));
}

void resources(const Subject& s) {
  within(s, "/linux/resources/blockIO/weight", s.settings.at("block_io_weight"));
  within(s, "/linux/resources/blockIO/leafWeight", s.settings.at("block_io_weight"));
  const std::size_t disks = find_array(s.config, "/linux/resources/blockIO/weightDevice").size();
  for (std::size_t index = 0; index < disks; ++index) {
    const std::string disk = join("/linux/resources/blockIO/weightDevice", index);
    for (const char* field : {"weight", "leafWeight"}) {
      within(s, join(disk, field).c_str(), s.settings.at("block_io_weight"));
    }
  }
  unified(s.config, kUnified, "resources", disk_bounds(s.settings),
          find_strings(s.settings, "/allowed_files"));
}

void cpu(const Subject& s) {
  constexpr const char* kShares = "/linux/resources/cpu/shares";
  const std::int64_t cpus = std::max<std::int64_t>(1, s.facts.host.cpus);
  if (must_be_there(s, "cpu", kShares) && find_integer(s.config, kShares).value_or(0) == 0) {
    fail(kShares, "must be present");
  }
  within(s, kShares, s.settings.at("shares").get<std::int64_t>() * cpus);
  if (refused(s.settings, "realtime")) no_real_time(s);
  if (find_integer(s.config, "/process/scheduler/nice").value_or(0) < 0) {
    fail("/process/scheduler/nice", "is a priority over the host's processes");
  }
  unified(s.config, kUnified, "cpu", {{"cpu.weight", 100 * cpus}});
}

void cgroup(const Subject& s) {
  constexpr const char* kPointer = "/linux/cgroupsPath";
  const std::string path = text_at(s.config, kPointer);
  if (path.empty()) return;
  if (normal(path) == "/" || ("/" + path + "/").find("/../") != std::string::npos) {
    fail(kPointer, "leaves the engine's part of the hierarchy");
  }
  const bool host_unit = ("/" + path + "/").find(".service/") != std::string::npos ||
                         ("/" + path + "/").find("/init.scope/") != std::string::npos;
  // "::system.slice" is that slice itself to the systemd driver.
  if (host_unit || (path.ends_with(".slice") && path.find(':') != std::string::npos)) {
    fail(kPointer, "is a unit of the host");
  }
}

void devices(const Subject& s) {
  constexpr const char* kRules = "/linux/resources/devices";
  const Json& list = find_array(s.config, kRules);
  for (std::size_t index = 0; index < list.size() || index == 0; ++index) {
    const bool allow = index < list.size() && find_boolean(list[index], "/allow").value_or(false);
    const Device device = index < list.size() ? verifier::device_of(list[index]) : Device{};
    if (index == 0 && (allow || !covers(device, {"a", -1, -1, "rwm"}))) {
      fail(kRules, "must begin by denying all");
    }
    if (allow && !allowed(device, s.settings)) {
      fail(join(kRules, index), "allows a device that the profile does not");
    }
  }
  const Json& nodes = find_array(s.config, "/linux/devices");
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    if (text_at(nodes[index], "/type") == "p") continue;
    Device device = verifier::device_of(nodes[index]);
    device.access = "r";
    if (!allowed(device, s.settings)) {
      fail(join("/linux/devices", index), "is a device that the profile does not allow");
    }
  }
}

}  // namespace hardened::verifier
