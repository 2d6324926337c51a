// SPDX-License-Identifier: Apache-2.0
#include "strength.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "findings.hpp"
#include "hardened/core/id_map.hpp"
#include "hardened/core/paths.hpp"

namespace hardened::property {
namespace {

constexpr std::array<const char*, 5> kSets{"bounding", "effective", "permitted", "inheritable",
                                           "ambient"};

bool is_part(const std::set<std::string>& part, const std::set<std::string>& whole) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

void compare_capabilities(const Json& before, const Json& after, Findings& findings) {
  // runc leaves all that it has itself to a process without the object.
  if (find(before, "/process/capabilities") == nullptr) return;
  if (find(after, "/process/capabilities") == nullptr) {
    return findings.add("process.capabilities", "are gone, which is all of them");
  }
  for (const char* set : kSets) {
    const std::string pointer = std::string("/process/capabilities/") + set;
    if (!is_part(names(after, pointer), names(before, pointer))) findings.add(pointer, "has more");
  }
}

// Entries of one type, of which each runtime takes another.
std::map<std::string, std::vector<std::pair<Amount, Amount>>> limits(const Json& document) {
  std::map<std::string, std::vector<std::pair<Amount, Amount>>> found;
  for (const Json& entry : list(document, "/process/rlimits")) {
    const auto bound = [&](const char* field) {
      const Amount value = amount_at(entry, field, 0);
      return value < 0 ? kUnbounded : value;
    };
    found[text(entry, "/type")].emplace_back(bound("/soft"), bound("/hard"));
  }
  return found;
}

void compare_rlimits(const Json& before, const Json& after, const Facts& facts,
                     Findings& findings) {
  const auto had = limits(before);
  auto now = limits(after);
  for (const auto& [type, bounds] : had) {
    if (now[type].size() != bounds.size()) {
      findings.add("process.rlimits", type + " has another number of entries");
      continue;
    }
    for (std::size_t index = 0; index < bounds.size(); ++index) {
      if (now[type][index].first > bounds[index].first ||
          now[type][index].second > bounds[index].second) {
        findings.add("process.rlimits", type + " was raised");
      }
    }
  }
  for (const auto& [type, bounds] : now) {
    const auto own = facts.host.resource_limits.find(type);
    if (had.contains(type) || own == facts.host.resource_limits.end()) continue;
    for (const auto& [soft, hard] : bounds) {
      if (soft > static_cast<Amount>(own->second.soft) ||
          hard > static_cast<Amount>(own->second.hard)) {
        findings.add("process.rlimits", type + " was added above what the caller has");
      }
    }
  }
}

void compare_process(const Json& before, const Json& after, const Facts& facts,
                     Findings& findings) {
  compare_capabilities(before, after, findings);
  compare_rlimits(before, after, facts, findings);
  for (const char* tight : {"/process/noNewPrivileges", "/root/readonly"}) {
    if (is_true(before, tight) && !is_true(after, tight)) findings.add(tight, "is no longer true");
  }
  const auto score = [&](const Json& document) {
    return amount_at(document, "/process/oomScoreAdj",
                     static_cast<Amount>(facts.host.oom_score_adj));
  };
  if (score(after) < score(before)) findings.add("process.oomScoreAdj", "is lower");
  const auto nice = [](const Json& document) {
    return amount_at(document, "/process/scheduler/nice", 0);
  };
  if (nice(after) < nice(before)) findings.add("process.scheduler.nice", "is lower");
  const std::string cwd = text(before, "/process/cwd");
  if (text(after, "/process/cwd") != cwd && text(after, "/process/cwd") != lexical_path(cwd)) {
    findings.add("process.cwd", "is another");
  }
  const std::string profile = text(before, "/process/apparmorProfile");
  const std::string now = text(after, "/process/apparmorProfile");
  const auto& loaded = facts.host.apparmor_profiles;
  const bool confined = !profile.empty() && profile != "unconfined";
  if (now != profile &&
      (confined || std::find(loaded.begin(), loaded.end(), now) == loaded.end())) {
    findings.add("process.apparmorProfile", "is another");
  }
}

void compare_hidden(const Json& before, const Json& after, Findings& findings) {
  for (const char* pointer : {"/linux/maskedPaths", "/linux/readonlyPaths"}) {
    if (!is_part(names(before, pointer), names(after, pointer))) findings.add(pointer, "lost one");
  }
}

// crun's, systemd's properties of a scope, CRIU's, and those of crun's handlers.
constexpr std::array kObeyed{"run.oci.", "org.systemd.property.", "org.criu.", "krun.",
                             "io.crun.", "module.wasm."};

// "0 2147483647" may come down to the groups that there are.
bool fewer_groups(const std::string& before, const std::string& after) {
  if (after == "1 0") return true;
  std::istringstream had(before);
  std::istringstream now(after);
  long long first = 0, last = 0, new_first = 0, new_last = 0;
  return had >> first >> last && now >> new_first >> new_last && new_first >= first &&
         new_last <= last;
}

bool is_obeyed(const std::string& name) {
  return name == "bundle" || std::any_of(kObeyed.begin(), kObeyed.end(), [&](const char* prefix) {
           return name.starts_with(prefix);
         });
}

// Only what a runtime obeys may go: the rest is for others to read.
void compare_annotations(const Json& before, const Json& after, Findings& findings) {
  for (const auto& [name, value] : after.items()) {
    if (!before.contains(name) || before.at(name) != value) {
      findings.add("annotations", name + " was added or changed");
    }
  }
  for (const auto& [name, value] : before.items()) {
    if (!after.contains(name) && !is_obeyed(name)) findings.add("annotations", name + " is gone");
  }
}

void compare_maps(const Json& before, const Json& after, Findings& findings) {
  const Json& had = object(before, "/linux/sysctl");
  for (const auto& [name, value] : object(after, "/linux/sysctl").items()) {
    if (!had.contains(name) || (had.at(name) != value && (name != "net.ipv4.ping_group_range" ||
                                                          !fewer_groups(had.at(name), value)))) {
      findings.add("linux.sysctl", name + " was added or changed");
    }
  }
  for (const auto& [name, value] : had.items()) {
    const bool moved = name == "kernel.domainname";
    if (!moved && !object(after, "/linux/sysctl").contains(name)) {
      findings.add("linux.sysctl", name + " is gone without a word");
    }
  }
  compare_annotations(object(before, "/annotations"), object(after, "/annotations"), findings);
  const Json* domain = find(after, "/domainname");
  if (find(before, "/domainname") == nullptr && domain != nullptr &&
      *domain != had.value("kernel.domainname", Json())) {
    findings.add("domainname", "was invented");
  }
}

constexpr const char* kPlainPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// One that is gone may have been the one that confines.
void compare_hooks(const Json& before, const Json& after, const Facts& facts, Findings& findings) {
  for (const auto& [stage, hooks] : object(before, "/hooks").items()) {
    if (hooks.is_array() && !hooks.empty() && list(object(after, "/hooks"), "/" + stage).empty()) {
      findings.add("hooks", "those of " + stage + " are gone");
    }
  }
  for (const auto& [stage, hooks] : object(after, "/hooks").items()) {
    const Json* had = find(object(before, "/hooks"), "/" + stage);
    // What is no list of hooks is nobody's hook, and stays as it is.
    if (had != nullptr && *had == hooks) continue;
    if (had == nullptr || !had->is_array() || had->size() != hooks.size()) {
      findings.add("hooks", "another number of them in " + stage);
      continue;
    }
    for (std::size_t index = 0; index < hooks.size(); ++index) {
      Json known = (*had)[index];
      const auto fact = facts.hooks.find(text(known, "/path"));
      if (fact != facts.hooks.end() && fact->second.sight == Sight::seen && hooks[index] != known) {
        known["path"] = fact->second.path;
      }
      // In place of the image's environment: a plain PATH and nothing else.
      const bool empty = list(known, "/env").empty();
      if (stage == "createContainer" && empty && hooks[index] != known)
        known["env"] = Json::array({kPlainPath});
      if (hooks[index] != known) findings.add("hooks", "one in " + stage + " is another");
    }
  }
}

void compare_device_nodes(const Json& before, const Json& after, Findings& findings) {
  const Json& had = list(before, "/linux/devices");
  auto next = had.begin();
  for (const Json& node : list(after, "/linux/devices")) {
    next = std::find(next, had.end(), node);
    if (next == had.end()) return findings.add("linux.devices", "one was added or changed");
    ++next;
  }
}

// All that was compared above; what is left must be as it was, whoever knows it.
constexpr std::array kCompared{"/process/scheduler/nice",
                               "/process/capabilities/bounding",
                               "/process/capabilities/effective",
                               "/process/capabilities/permitted",
                               "/process/capabilities/inheritable",
                               "/process/capabilities/ambient",
                               "/process/noNewPrivileges",
                               "/process/rlimits",
                               "/process/oomScoreAdj",
                               "/process/cwd",
                               "/process/apparmorProfile",
                               "/root/readonly",
                               "/mounts",
                               "/domainname",
                               "/hooks",
                               "/annotations",
                               "/linux/namespaces",
                               "/linux/uidMappings",
                               "/linux/gidMappings",
                               "/linux/sysctl",
                               "/linux/maskedPaths",
                               "/linux/readonlyPaths",
                               "/linux/seccomp",
                               "/linux/devices",
                               "/linux/resources/devices",
                               "/linux/resources/unified",
                               "/linux/resources/pids/limit",
                               "/linux/resources/memory/limit",
                               "/linux/resources/memory/swap",
                               "/linux/resources/memory/reservation",
                               "/linux/resources/memory/disableOOMKiller",
                               "/linux/resources/cpu/shares",
                               "/linux/resources/cpu/quota",
                               "/linux/resources/blockIO/weight",
                               "/linux/resources/blockIO/leafWeight"};

void erase(Json& document, const Json::json_pointer& pointer) {
  if (document.contains(pointer)) document.at(pointer.parent_pointer()).erase(pointer.back());
  for (auto above = pointer.parent_pointer(); !above.empty(); above = above.parent_pointer()) {
    if (!document.contains(above)) continue;
    if (!document.at(above).empty()) return;
    document.at(above.parent_pointer()).erase(above.back());
  }
}

Json rest_of(Json document) {
  for (const char* pointer : kCompared) erase(document, Json::json_pointer{pointer});
  const Json::json_pointer disks{"/linux/resources/blockIO/weightDevice"};
  if (document.contains(disks)) {
    for (Json& disk : document.at(disks)) {
      disk.erase("weight");
      disk.erase("leafWeight");
    }
  }
  return document;
}

void compare_rest(const Json& before, const Json& after, Findings& findings) {
  const Json had = rest_of(before);
  const Json now = rest_of(after);
  if (had == now) return;
  // An empty object around what was added is no difference, and null is as good as absent: a value
  // that became null is one that was taken away.
  const Json difference = Json::diff(had, now);
  for (const Json& step : difference) {
    const Json value = step.value("value", Json());
    const std::string op = step.at("op");
    const bool was_nothing =
        op == "add" || (op == "replace" && had.at(Json::json_pointer(step.at("path"))).is_null());
    if (was_nothing && (value.is_null() || (value.is_object() && value.empty()))) continue;
    findings.add("everything else", step.dump());
  }
}

}  // namespace

std::vector<std::string> weaker(const Json& before, const Json& after, const Facts& facts) {
  Findings findings;
  compare_process(before, after, facts, findings);
  compare_namespaces(before, after, facts, findings);
  compare_mounts(before, after, facts, findings);
  compare_hidden(before, after, findings);
  compare_maps(before, after, findings);
  compare_hooks(before, after, facts, findings);
  compare_device_nodes(before, after, findings);
  compare_devices(before, after, findings);
  compare_resources(object(before, "/linux/resources"), object(after, "/linux/resources"),
                    findings);
  findings.add_all(weaker_filter(find(before, "/linux/seccomp"), find(after, "/linux/seccomp")));
  compare_rest(before, after, findings);
  return findings.take();
}

}  // namespace hardened::property
