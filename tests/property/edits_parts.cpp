// SPDX-License-Identifier: Apache-2.0
// Edits of process and resources documents, which stand in a config too, and entries of a filter.
#include <array>

#include "edits.hpp"
#include "words.hpp"

namespace hardened::property {
namespace {

void edit_capabilities(Json& process, Choices& choices) {
  static constexpr std::array<const char*, 5> kSets{"bounding", "permitted", "effective",
                                                    "inheritable", "ambient"};
  if (choices.one_in(8)) {
    process.erase("capabilities");
    return;
  }
  const std::string set = std::string("/capabilities/") + choices.one_of(kSets);
  edit_list(array_at(process, set), choices, [](Choices& from) { return Json(capability(from)); });
}

void edit_user(Json& process, Choices& choices) {
  Json& user = object_at(process, "/user");
  switch (choices.below(3)) {
    case 1:
      user["gid"] = number(choices);
      return;
    case 2:
      edit_list(array_at(user, "/additionalGids"), choices, number);
      return;
    default:
      user["uid"] = number(choices);
  }
}

Json rlimit(Choices& choices) {
  static constexpr std::array<const char*, 12> kTypes{
      "RLIMIT_NOFILE", "RLIMIT_CORE",    "RLIMIT_NPROC",    "RLIMIT_RTPRIO",
      "RLIMIT_NICE",   "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_SIGPENDING",
      "RLIMIT_STACK",  "RLIMIT_AS",      "rlimit_core",     "NOFILE"};
  return Json::object(
      {{"type", choices.one_of(kTypes)}, {"hard", number(choices)}, {"soft", number(choices)}});
}

void edit_rlimits(Json& process, Choices& choices) {
  edit_list(array_at(process, "/rlimits"), choices, rlimit);
}

void edit_powers(Json& process, Choices& choices) {
  switch (choices.below(4)) {
    case 1:
      process["oomScoreAdj"] = number(choices);
      return;
    case 2:
      process["cwd"] = path(choices);
      return;
    case 3:
      process["terminal"] = choices.below(2) == 1;
      return;
    default:
      process["noNewPrivileges"] = choices.below(2) == 1;
  }
}

void edit_confinement(Json& process, Choices& choices) {
  process[choices.below(2) == 0 ? "apparmorProfile" : "selinuxLabel"] = label(choices);
}

void edit_scheduling(Json& process, Choices& choices) {
  static constexpr std::array<const char*, 7> kPolicies{
      "SCHED_OTHER",    "SCHED_BATCH", "SCHED_FIFO", "SCHED_RR",
      "SCHED_DEADLINE", "SCHED_ISO",   "sched_fifo"};
  static constexpr std::array<const char*, 4> kClasses{"IOPRIO_CLASS_BE", "IOPRIO_CLASS_RT",
                                                       "IOPRIO_CLASS_IDLE", "x"};
  switch (choices.below(3)) {
    case 1:
      process["ioPriority"] =
          Json::object({{"class", choices.one_of(kClasses)}, {"priority", number(choices)}});
      return;
    case 2:
      process["execCPUAffinity"] = Json::object({{"initial", word(choices)}});
      return;
    default:
      process["scheduler"] =
          Json::object({{"policy", choices.one_of(kPolicies)}, {"nice", number(choices)}});
  }
}

void edit_program(Json& process, Choices& choices) {
  const char* list = choices.below(2) == 0 ? "/env" : "/args";
  edit_list(array_at(process, list), choices, [](Choices& from) { return Json(word(from)); });
}

void edit_process_field(Json& process, Choices& choices) {
  put_field(process, "/process", choices);
}

constexpr std::array<Edit, 11> kProcess{edit_capabilities, edit_capabilities, edit_user,
                                        edit_rlimits,      edit_rlimits,      edit_powers,
                                        edit_powers,       edit_program,      edit_process_field,
                                        edit_confinement,  edit_scheduling};

void edit_pids(Json& resources, Choices& choices) {
  object_at(resources, "/pids")["limit"] = number(choices);
}

void edit_memory(Json& resources, Choices& choices) {
  static constexpr std::array<const char*, 7> kFields{
      "limit", "swap", "reservation", "kernel", "kernelTCP", "swappiness", "limit"};
  Json& memory = object_at(resources, "/memory");
  if (choices.one_in(6)) {
    memory["disableOOMKiller"] = choices.below(2) == 0;
  } else {
    memory[choices.one_of(kFields)] = number(choices);
  }
}

void edit_cpu(Json& resources, Choices& choices) {
  static constexpr std::array<const char*, 7> kFields{
      "shares", "quota", "period", "burst", "realtimeRuntime", "realtimePeriod", "idle"};
  object_at(resources, "/cpu")[choices.one_of(kFields)] = number(choices);
}

Json weight_device(Choices& choices) {
  return Json::object({{"major", small_number(choices)},
                       {"minor", small_number(choices)},
                       {"weight", small_number(choices)},
                       {"leafWeight", small_number(choices)}});
}

void edit_block_io(Json& resources, Choices& choices) {
  Json& block = object_at(resources, "/blockIO");
  switch (choices.below(3)) {
    case 1:
      block["leafWeight"] = small_number(choices);
      return;
    case 2:
      edit_list(array_at(block, "/weightDevice"), choices, weight_device);
      return;
    default:
      block["weight"] = small_number(choices);
  }
}

void edit_unified(Json& resources, Choices& choices) {
  object_at(resources, "/unified")[unified_file(choices)] = unified_value(choices);
}

Json device_rule(Choices& choices) {
  static constexpr std::array<const char*, 5> kTypes{"c", "b", "a", "x", ""};
  static constexpr std::array<const char*, 8> kAccess{"rwm", "rw", "r", "m", "w", "wm", "", "rx"};
  Json made = Json::object({{"allow", choices.below(3) != 1}});
  if (!choices.one_in(4)) made["type"] = choices.one_of(kTypes);
  if (!choices.one_in(3)) made["major"] = choices.one_in(5) ? Json(-1) : small_number(choices);
  if (!choices.one_in(3)) made["minor"] = choices.one_in(5) ? Json(-1) : small_number(choices);
  if (!choices.one_in(4)) made["access"] = choices.one_of(kAccess);
  return made;
}

void edit_device_rules(Json& resources, Choices& choices) {
  edit_list(array_at(resources, "/devices"), choices, device_rule);
}

void edit_resources_field(Json& resources, Choices& choices) {
  put_field(resources, "/linux/resources", choices);
}

constexpr std::array<Edit, 9> kResources{edit_pids,         edit_memory,   edit_memory,
                                         edit_cpu,          edit_unified,  edit_unified,
                                         edit_device_rules, edit_block_io, edit_resources_field};

Json condition(Choices& choices) {
  static constexpr std::array<const char*, 8> kOperators{
      "SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_GT",
      "SCMP_CMP_GE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_X"};
  static const std::array<Json, 20> kValues{0,           1,          2,          10,     16,
                                            17,          31,         40,         2048,   0x5412,
                                            0x541c,      0x10000000, 131072,     131080, 2114060288,
                                            4294967295U, 4294967296, 2080505856, 6,      512};
  Json made = Json::object({{"index", choices.below(7)}, {"value", choices.one_of(kValues)}});
  if (choices.one_in(3)) made["valueTwo"] = choices.one_of(kValues);
  made["op"] = choices.one_of(kOperators);
  return made;
}

}  // namespace

Json syscall_entry(Choices& choices) {
  static constexpr std::array<const char*, 9> kActions{
      "SCMP_ACT_ALLOW",        "SCMP_ACT_ERRNO",  "SCMP_ACT_LOG",
      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP",   "SCMP_ACT_TRACE",
      "SCMP_ACT_ALLOW",        "SCMP_ACT_NOTIFY", "SCMP_ACT_X"};
  Json made = Json::object({{"names", Json::array({system_call(choices)})}});
  for (std::size_t more = choices.below(4); more > 0; --more) {
    made["names"].push_back(system_call(choices));
  }
  made["action"] = choices.one_of(kActions);
  if (choices.one_in(5)) made["errnoRet"] = small_number(choices);
  if (choices.one_in(2)) made["args"] = list_of(choices, 3, condition);
  return made;
}

std::span<const Edit> process_edits() { return kProcess; }
std::span<const Edit> resources_edits() { return kResources; }

}  // namespace hardened::property
