// SPDX-License-Identifier: Apache-2.0
#include "hardened/core/devices.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "hardened/core/document.hpp"
#include "hardened/core/error.hpp"
#include "hardened/core/text.hpp"

namespace hardened {
namespace {

std::optional<std::int64_t> number_of(std::string_view text) {
  if (text == "*") return kAnyNumber;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

bool covers(std::int64_t permitted, std::int64_t asked) {
  return permitted == kAnyNumber || permitted == asked;
}

bool covers(const DeviceAccess& permitted, const DeviceAccess& asked) {
  return (permitted.type == 'a' || permitted.type == asked.type) &&
         covers(permitted.major, asked.major) && covers(permitted.minor, asked.minor) &&
         asked.access.find_first_not_of(permitted.access) == std::string::npos;
}

std::string spelled(std::int64_t number) {
  return number == kAnyNumber ? "*" : std::to_string(number);
}

}  // namespace

DeviceAccess parse_device(std::string_view text, std::string_view pointer) {
  const std::size_t colon = text.find(':');
  const std::size_t space = colon == text.npos ? text.npos : text.find(' ', colon);
  if (text.size() > 2 && (text[0] == 'c' || text[0] == 'b') && text[1] == ' ' &&
      space != text.npos) {
    const auto major = number_of(text.substr(2, colon - 2));
    const auto minor = number_of(text.substr(colon + 1, space - colon - 1));
    const std::string_view access = text.substr(space + 1);
    if (major && minor && !access.empty() && access.find_first_not_of("rwm") == access.npos) {
      return {text[0], *major, *minor, std::string(access)};
    }
  }
  throw Error(ErrorKind::invalid_input, pointer,
              "expected a device such as \"c 10:229 rwm\", got " + printable(text, 60));
}

DeviceAccess device_of_rule(const Json& entry) {
  const std::string type = find_string(entry, "/type").value_or("a");
  const std::string access = find_string(entry, "/access").value_or("");
  DeviceAccess device{.type = type == "b"                  ? 'b'
                              : type == "c" || type == "u" ? 'c'
                                                           : 'a',
                      .access = access.empty() ? "rwm" : access};
  // "a" stands for every device, whatever numbers are beside it.
  if (device.type == 'a') return device;
  device.major = std::max(find_integer(entry, "/major").value_or(kAnyNumber), kAnyNumber);
  device.minor = std::max(find_integer(entry, "/minor").value_or(kAnyNumber), kAnyNumber);
  return device;
}

bool within(const DeviceAccess& asked, const std::vector<DeviceAccess>& permitted) {
  return std::any_of(permitted.begin(), permitted.end(),
                     [&](const DeviceAccess& entry) { return covers(entry, asked); });
}

std::vector<DeviceAccess> permitted_devices(const Json& settings) {
  // Documentation/admin-guide/devices.txt: memory devices, tty, console, ptmx, and the pseudo
  // terminals.
  std::vector<DeviceAccess> devices{{'c', 1, 3}, {'c', 1, 5}, {'c', 1, 7},
                                    {'c', 1, 8}, {'c', 1, 9}, {'c', 5, 0},
                                    {'c', 5, 1}, {'c', 5, 2}, {'c', 136, kAnyNumber}};
  const std::vector<std::string> allowed = find_strings(settings, "/allowed");
  for (std::size_t index = 0; index < allowed.size(); ++index) {
    devices.push_back(parse_device(allowed[index], join("/rules/devices/allowed", index)));
  }
  return devices;
}

std::string describe(const DeviceAccess& device) {
  return std::string(1, device.type) + ' ' + spelled(device.major) + ':' + spelled(device.minor) +
         ' ' + device.access;
}

}  // namespace hardened
