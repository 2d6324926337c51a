// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <limits>

#include "core/verifier_conditions.hpp"
#include "hardened/core/error.hpp"

namespace hardened::verifier {

void fail(std::string_view pointer, std::string_view what) {
  throw Error(ErrorKind::refused, pointer, "verifier: " + std::string(what));
}

void weaker(std::string_view pointer, std::string_view what) {
  fail(pointer, "the result is weaker than the document: " + std::string(what));
}

bool refused(const Json& settings, std::string_view setting) {
  return find_string(settings, join("", setting)).value_or("refuse") == "refuse";
}

std::string text_at(const Json& document, std::string_view pointer) {
  return find_string(document, pointer).value_or("");
}

std::uint64_t unsigned_at(const Json& document, std::string_view pointer) {
  const Json* value = find(document, pointer);
  if (value != nullptr && value->is_number_unsigned()) return value->get<std::uint64_t>();
  const std::int64_t number = find_integer(document, pointer).value_or(0);
  return number < 0 ? std::numeric_limits<std::uint64_t>::max()
                    : static_cast<std::uint64_t>(number);
}

std::optional<std::int64_t> cgroup_value(std::string text) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (text == "max") return kMost;
  std::int64_t unit = 1;
  const std::size_t power =
      text.empty() ? std::string::npos : std::string_view("KMGTPEkmgtpe").find(text.back());
  if (power != std::string::npos) {
    unit = std::int64_t{1} << (10 * (power % 6 + 1));
    text.pop_back();
  }
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const std::int64_t number = std::stoll(text);
  return number > kMost / unit ? kMost : number * unit;
}

std::string normal(std::string_view path) {
  std::string text = std::filesystem::path("/" + std::string(path)).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

bool at_or_below(std::string_view path, std::string_view tree) {
  return path.starts_with(tree) &&
         (path.size() == tree.size() || tree == "/" || path[tree.size()] == '/');
}

bool effective(const Strings& options, std::string_view on, std::string_view off) {
  bool holds = false;
  for (const std::string& option : options) {
    if (option == on) holds = true;
    if (option == off) holds = false;
  }
  // The recursive words are applied last, by mount_setattr.
  for (const std::string& option : options) {
    if (option == "r" + std::string(on)) holds = true;
    if (option == "r" + std::string(off)) holds = false;
  }
  return holds;
}

bool binds(const Json& mount) {
  const Strings options = find_strings(mount, "/options");
  return text_at(mount, "/type") == "bind" || contains(options, "bind") ||
         contains(options, "rbind");
}

Device device_of(const Json& entry) {
  Device device{.type = text_at(entry, "/type"),
                .major = find_integer(entry, "/major").value_or(-1),
                .minor = find_integer(entry, "/minor").value_or(-1),
                .access = text_at(entry, "/access")};
  if (device.access.empty()) device.access = "rwm";
  if (device.type == "u") device.type = "c";
  if (device.type != "b" && device.type != "c") device = {"a", -1, -1, device.access};
  return device;
}

bool default_device(const Device& device) {
  const std::int64_t minor = device.minor;
  if (device.type != "c") return false;
  return (device.major == 1 &&
          (minor == 3 || minor == 5 || minor == 7 || minor == 8 || minor == 9)) ||
         (device.major == 5 && minor >= 0 && minor <= 2) || device.major == 136;
}

bool covers(const Device& wide, const Device& narrow) {
  return (wide.type == "a" || wide.type == narrow.type) &&
         (wide.major < 0 || wide.major == narrow.major) &&
         (wide.minor < 0 || wide.minor == narrow.minor) &&
         narrow.access.find_first_not_of(wide.access) == std::string::npos;
}

Strings own_namespaces(const Subject& s) {
  Strings own;
  for (const Json& entry : find_array(s.config, "/linux/namespaces")) {
    const std::string path = text_at(entry, "/path");
    const auto fact = s.facts.namespaces.find(path);
    const bool seen = fact != s.facts.namespaces.end() && fact->second.sight == Sight::seen;
    const bool host = seen ? fact->second.host
                           : at_or_below(normal(path), "/proc/1") ||
                                 at_or_below(normal(path), "/proc/self") ||
                                 at_or_below(normal(path), "/proc/thread-self");
    if (path.empty() || !host) own.push_back(text_at(entry, "/type"));
  }
  return own;
}

}  // namespace hardened::verifier
