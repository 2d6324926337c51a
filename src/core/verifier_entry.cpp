// SPDX-License-Identifier: Apache-2.0
// exec <= container and update <= policy, stated once more.
#include <array>
#include <limits>

#include "core/verifier_conditions.hpp"
#include "hardened/core/verifier.hpp"

namespace hardened {
namespace {

using verifier::contains;
using verifier::Strings;
using verifier::text_at;
using verifier::weaker;

void capabilities(const Json& process, const Json& ceiling) {
  const Strings most = find_strings(ceiling, "/capabilities");
  const Json* given = find(process, "/capabilities");
  if (given == nullptr || !given->is_object()) {
    weaker("/capabilities", "absent: the runtime takes those that it started the container with");
  }
  // The five sets alone: whatever else stands beside them is nobody's to judge.
  for (const std::string set : {"bounding", "effective", "inheritable", "permitted", "ambient"}) {
    const bool lasting = set == "inheritable" || set == "ambient";
    const Strings own = lasting ? find_strings(ceiling, "/" + set) : most;
    for (const std::string& name : find_strings(process, join("/capabilities", set))) {
      if (!contains(own, name))
        weaker(join("/capabilities", set), name + " is above the container's own");
    }
  }
}

void no_new_privileges(const Json& process, const Json& ceiling) {
  if (find_boolean(ceiling, "/noNewPrivileges") == true &&
      find_boolean(process, "/noNewPrivileges") != true) {
    weaker("/noNewPrivileges", "the container has it");
  }
}

// An absent label is the container's own.
void labels(const Json& process, const Json& ceiling) {
  for (const char* pointer : {"/apparmorProfile", "/selinuxLabel"}) {
    const auto own = find_string(ceiling, pointer);
    const auto given = find_string(process, pointer);
    if (own && given && *own != *given) weaker(pointer, "differs from the container's");
  }
}

void rlimits(const Json& process, const Json& ceiling) {
  const Json& given = find_array(process, "/rlimits");
  const Json& own = find_array(ceiling, "/rlimits");
  for (const Json& bound : own) {
    const std::string type = text_at(bound, "/type");
    bool present = false;
    for (const Json& limit : given) {
      if (text_at(limit, "/type") != type) continue;
      present = true;
      if (verifier::unsigned_at(limit, "/hard") > verifier::unsigned_at(bound, "/hard")) {
        weaker("/rlimits", type + " is above the container's own");
      }
    }
    if (!present) weaker("/rlimits", type + " of the container is missing");
  }
}

void user_and_place(const Json& process, const Json& ceiling) {
  for (const auto& [pointer, list] :
       {std::pair{"/user/uid", "/uidMappings"}, std::pair{"/user/gid", "/gidMappings"}}) {
    const std::int64_t id = find_integer(process, pointer).value_or(0);
    const Json& mappings = find_array(ceiling, list);
    const bool has = std::ranges::any_of(mappings, [&](const Json& mapping) {
      const std::int64_t first = find_integer(mapping, "/containerID").value_or(0);
      return id >= first && id - first < find_integer(mapping, "/size").value_or(0);
    });
    if (!mappings.empty() && !has) weaker(pointer, "is outside the container's mapping");
  }
  if (text_at(ceiling, "/rootUser") == "refuse" &&
      find_integer(process, "/user/uid").value_or(0) == 0) {
    weaker("/user/uid", "is root");
  }
  for (const char* place : {"/proc", "/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr"}) {
    if (verifier::at_or_below(verifier::normal(text_at(process, "/cwd")), place)) {
      weaker("/cwd", "leads through a descriptor");
    }
  }
  const auto score = find_integer(process, "/oomScoreAdj");
  if (score && *score < find_integer(ceiling, "/oomScoreAdj").value_or(0)) {
    weaker("/oomScoreAdj", "is below the container's own");
  }
}

void priority(const Json& process, const Json& ceiling) {
  if (text_at(ceiling, "/realtime") != "refuse") return;
  for (const char* policy : {"SCHED_FIFO", "SCHED_RR", "SCHED_DEADLINE"}) {
    if (text_at(process, "/scheduler/policy") == policy) {
      weaker("/scheduler/policy", "is a real-time policy");
    }
  }
}

struct Step {
  std::string_view rule;
  void (*check)(const Json& process, const Json& ceiling);
};

constexpr std::array kExecConditions{
    Step{"capabilities", capabilities},
    Step{"no-new-privileges", no_new_privileges},
    Step{"lsm", labels},
    Step{"rlimits", rlimits},
    Step{"process", user_and_place},
    Step{"cpu", priority},
};

void below(const Json& resources, std::string_view pointer, std::int64_t most) {
  const std::int64_t value = find_integer(resources, pointer).value_or(0);
  if (value < 0 || value > most) weaker(pointer, "is above the profile's limit");
}

}  // namespace

void verify_exec(const Json& process, const Ceiling& ceiling) {
  const Strings enforced = find_strings(ceiling.json, "/enforced");
  for (const Step& step : kExecConditions) {
    if (contains(enforced, step.rule)) step.check(process, ceiling.json);
  }
}

namespace {

void disk_weights(const Json& after, std::int64_t most) {
  std::vector<std::string> places{"/blockIO"};
  const std::size_t disks = find_array(after, "/blockIO/weightDevice").size();
  for (std::size_t index = 0; index < disks; ++index) {
    places.push_back(join("/blockIO/weightDevice", index));
  }
  for (const std::string& place : places) {
    for (const char* field : {"weight", "leafWeight"}) below(after, join(place, field), most);
  }
}

}  // namespace

void verify_update(const Json& after, const Profile& profile, const HostFacts& host) {
  const auto enforced = [&](const char* rule) { return profile.mode(rule) == RuleMode::enforce; };
  if (enforced("pids-limit")) {
    const auto most = profile.settings("pids-limit").at("limit").get<std::int64_t>();
    below(after, "/pids/limit", most);
    verifier::unified(after, "/unified", "pids-limit", {{"pids.max", most}});
  }
  const auto share = verifier::memory_share(profile.settings("memory-limit"), host);
  if (enforced("memory-limit") && share && *share >= 4096) {
    for (const char* field : {"/memory/limit", "/memory/swap", "/memory/reservation"}) {
      below(after, field, *share);
    }
    verifier::unified(after, "/unified", "memory-limit", verifier::memory_bounds(*share));
  }
  if (enforced("cpu")) {
    const Json& settings = profile.settings("cpu");
    const std::int64_t cpus = std::max<std::int64_t>(1, host.cpus);
    below(after, "/cpu/shares", settings.at("shares").get<std::int64_t>() * cpus);
    if (verifier::refused(settings, "realtime")) below(after, "/cpu/realtimeRuntime", 0);
    verifier::unified(after, "/unified", "cpu", {{"cpu.weight", 100 * cpus}});
  }
  if (enforced("resources")) {
    const Json& settings = profile.settings("resources");
    disk_weights(after, settings.at("block_io_weight").get<std::int64_t>());
    verifier::unified(after, "/unified", "resources", verifier::disk_bounds(settings),
                      find_strings(settings, "/allowed_files"));
  }
  if (!enforced("devices")) return;
  const Json& rules = find_array(after, "/devices");
  for (std::size_t index = 0; index < rules.size(); ++index) {
    if (find_boolean(rules[index], "/allow").value_or(false)) {
      weaker(join("/devices", index), "opens a device");
    }
  }
}

}  // namespace hardened
