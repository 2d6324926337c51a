// SPDX-License-Identifier: Apache-2.0
// Whose namespaces the container lives in, and which ids of the host stand behind its own.
#include <algorithm>
#include <array>

#include "findings.hpp"
#include "hardened/core/id_map.hpp"

namespace hardened::property {
namespace {

constexpr std::string_view kHost = "the host's";

// "": one of its own; kHost; else the path of another's.
std::vector<std::string> whose(const Json& document, const Facts& facts, const std::string& type) {
  std::vector<std::string> found;
  for (const Json& entry : list(document, "/linux/namespaces")) {
    if (text(entry, "/type") != type) continue;
    const std::string path = text(entry, "/path");
    const auto fact = facts.namespaces.find(path);
    const bool host = !path.empty() && fact != facts.namespaces.end() && fact->second.host;
    found.push_back(host ? std::string(kHost) : path);
  }
  if (found.empty()) found.emplace_back(kHost);
  return found;
}

bool owns_one_that_is_joined(const std::string& path, const Json& document, const Facts& facts) {
  const Json& entries = list(document, "/linux/namespaces");
  return std::any_of(entries.begin(), entries.end(), [&](const Json& entry) {
    const auto fact = facts.namespaces.find(text(entry, "/path"));
    return fact != facts.namespaces.end() && fact->second.sight == Sight::seen &&
           !fact->second.host_owned && fact->second.owner_path == path;
  });
}

void compare_type(const std::string& type, const Json& before, const Json& after,
                  const Facts& facts, Findings& findings) {
  const std::vector<std::string> had = whose(before, facts, type);
  const std::vector<std::string> now = whose(after, facts, type);
  if (now.size() != had.size()) return findings.add("linux.namespaces", type + " is there twice");
  for (std::size_t index = 0; index < now.size(); ++index) {
    if (now[index].empty() || now[index] == had[index]) continue;
    if (type == "user" && owns_one_that_is_joined(now[index], before, facts)) continue;
    findings.add("linux.namespaces", type + " is " + now[index]);
  }
}

// What nobody knows about an entry is still there, and nothing of the kind is new.
void compare_unknown(const Json& before, const Json& after, Findings& findings) {
  const auto members = [](const Json& document, const std::string& type) {
    Json found = Json::array();
    for (Json entry : list(document, "/linux/namespaces")) {
      if (text(entry, "/type") != type || !entry.is_object()) continue;
      entry.erase("type");
      entry.erase("path");
      if (!entry.empty()) found.push_back(entry);
    }
    return found;
  };
  for (const Json& entry : list(after, "/linux/namespaces")) {
    const std::string type = text(entry, "/type");
    if (members(before, type) == members(after, type)) continue;
    findings.add("linux.namespaces", type + " has other members than type and path had");
  }
}

bool are_known_ids(const Json& maps, const Json& document, const Facts& facts, bool groups) {
  const IdRange& range = facts.host.id_range;
  if (range.size > 0 && maps == to_json(maps_of(range).users)) return true;
  const Json& entries = list(document, "/linux/namespaces");
  return std::any_of(entries.begin(), entries.end(), [&](const Json& entry) {
    const auto fact = facts.namespaces.find(text(entry, "/path"));
    if (fact == facts.namespaces.end() || fact->second.sight != Sight::seen) return false;
    const IdMaps& owner = fact->second.owner_maps;
    return maps == to_json(groups ? owner.groups : owner.users);
  });
}

}  // namespace

void compare_namespaces(const Json& before, const Json& after, const Facts& facts,
                        Findings& findings) {
  for (const char* type : {"mount", "pid", "network", "ipc", "uts", "cgroup", "user", "time"}) {
    compare_type(type, before, after, facts, findings);
  }
  compare_unknown(before, after, findings);
  for (const bool groups : {false, true}) {
    const char* pointer = groups ? "/linux/gidMappings" : "/linux/uidMappings";
    const Json& had = list(before, pointer);
    const Json& now = list(after, pointer);
    if (had != now && !are_known_ids(now, before, facts, groups)) {
      findings.add(pointer, "are nobody's: " + now.dump());
    }
  }
}

}  // namespace hardened::property
